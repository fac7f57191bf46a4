//! Where requests come from: an address, or a network in CIDR notation.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Subject};

/// An address (`192.0.2.7`) or a network (`10.0.0.0/8`, `2001:db8::/32`). Bits below the prefix are ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AddressRange {
    address: IpAddr,
    prefix: u8,
}

/// Bits of an IPv4 address within the IPv6 addresses that stand for them.
const MAPPED: u8 = 96;

impl AddressRange {
    /// One address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        let address = address.to_canonical();
        Self { address, prefix: if address.is_ipv4() { 32 } else { 128 } }
    }

    /// Text whose byte order is the order of addresses: the 32 hexadecimal digits of the IPv6 address, or of that which
    /// stands for the IPv4 address.
    #[must_use]
    pub fn key(address: IpAddr) -> String {
        format!("{:032x}", bits(address))
    }

    /// How many bits all its addresses have in common, of the 128 of [`AddressRange::key`].
    #[must_use]
    pub const fn common_bits(self) -> u8 {
        match self.address {
            IpAddr::V4(_) => MAPPED + self.prefix,
            IpAddr::V6(_) => self.prefix,
        }
    }

    /// The [`AddressRange::key`] of its first address.
    #[must_use]
    pub fn first_key(self) -> String {
        format!("{:032x}", bits(self.address) & self.mask())
    }

    /// The [`AddressRange::key`] of its last address.
    #[must_use]
    pub fn last_key(self) -> String {
        format!("{:032x}", bits(self.address) | !self.mask())
    }

    fn mask(self) -> u128 {
        u128::MAX.checked_shl(u32::from(128 - self.common_bits())).unwrap_or(0)
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

impl FromStr for AddressRange {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || {
            Error::invalid(
                Subject::Page,
                "write an address like 192.0.2.7, or a network like 10.0.0.0/8",
            )
        };
        let Some((address, prefix)) = text.split_once('/') else {
            return text.parse().map(Self::of).map_err(|_| wrong());
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let is_number = !prefix.is_empty() && prefix.bytes().all(|b| b.is_ascii_digit());
        let prefix = prefix.parse::<u8>().ok().filter(|prefix| is_number && *prefix <= most);
        let range = Self { address, prefix: prefix.ok_or_else(wrong)? };
        let first = Ipv6Addr::from_bits(bits(address) & range.mask());
        let address = match address {
            IpAddr::V4(_) => first.to_ipv4_mapped().map_or(address, IpAddr::V4),
            IpAddr::V6(_) => IpAddr::V6(first),
        };
        Ok(Self { address, ..range })
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = if self.address.is_ipv4() { 32 } else { 128 };
        if self.prefix == most {
            write!(f, "{}", self.address)
        } else {
            write!(f, "{}/{}", self.address, self.prefix)
        }
    }
}

impl TryFrom<String> for AddressRange {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<AddressRange> for String {
    fn from(range: AddressRange) -> Self {
        range.to_string()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    fn holds(range: &str, address: &str) -> bool {
        let range: AddressRange = range.parse().unwrap();
        let key = AddressRange::key(address.parse().unwrap());
        range.first_key() <= key && key <= range.last_key()
    }

    #[test]
    fn networks_hold_their_addresses_and_no_others() {
        for (range, address, is_in) in [
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false),
            ("10.1.32.0/19", "10.1.63.255", true),
            ("10.1.32.0/19", "10.1.64.0", false),
            ("10.1.40.9/19", "10.1.32.0", true),
            ("0.0.0.0/0", "255.255.255.255", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "192.0.2.7", true),
            ("::ffff:192.0.2.7", "192.0.2.7", true),
        ] {
            assert_eq!(holds(range, address), is_in, "{range} {address}");
        }
        assert_eq!("10.1.40.9/19".parse::<AddressRange>().unwrap().to_string(), "10.1.32.0/19");
        for bad in ["", "1.2.3", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "::/129", "x/8"] {
            assert!(bad.parse::<AddressRange>().is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_prints_parses(bits: u128, v4: u32, prefix in 0u8..=128) {
            let texts = [
                format!("{}/{prefix}", Ipv6Addr::from_bits(bits)),
                format!("{}/{}", std::net::Ipv4Addr::from_bits(v4), prefix / 4),
            ];
            for text in texts {
                let range: AddressRange = text.parse().unwrap();
                prop_assert_eq!(range.to_string().parse::<AddressRange>().unwrap(), range);
            }
        }
    }
}
