//! Addresses of machines, as `docker login` and image names write them.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::name;
use crate::error::Subject;

name!(
    /// A host with or without a port: `registry.lan`, `192.0.2.7:5000`, `[2001:db8::7]:5000`. Lower case, and never an
    /// address that means "any".
    HostPort,
    Subject::Url,
    is_host_port,
    "write HOST or HOST:PORT in lower case, without https:// and without a path; 0.0.0.0 is no address that others can reach"
);

fn is_host_port(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => {
            let is_address = host.parse::<Ipv6Addr>().is_ok_and(|ip| !ip.is_unspecified());
            match (is_address, rest) {
                (false, _) => return false,
                (true, "") => return true,
                (true, rest) => match rest.strip_prefix(':') {
                    Some(port) => return is_port(port),
                    None => return false,
                },
            }
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    port.is_none_or(is_port) && (is_ipv4(host) || is_domain(host))
}

fn is_port(text: &str) -> bool {
    !text.starts_with('0')
        && text.bytes().all(|b| b.is_ascii_digit())
        && text.parse::<u16>().is_ok_and(|port| port > 0)
}

fn is_ipv4(text: &str) -> bool {
    text.parse::<Ipv4Addr>().is_ok_and(|ip| !ip.is_unspecified())
}

/// Labels of letters, digits and hyphens; the last one is no number, so that a broken IPv4 address is no name.
fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        let alnum = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        (1..=63).contains(&label.len())
            && label.starts_with(alnum)
            && label.ends_with(alnum)
            && label.chars().all(|c| alnum(c) || c == '-')
    };
    text.len() <= 253
        && text.split('.').all(is_label)
        && text.rsplit('.').next().is_some_and(|last| !last.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_names_and_addresses_with_or_without_a_port() {
        for good in [
            "registry",
            "registry.lan",
            "registry.lan:5000",
            "192.0.2.7",
            "192.0.2.7:65535",
            "[2001:db8::7]",
            "[2001:db8::7]:5000",
            "a-b.c1",
        ] {
            assert!(good.parse::<HostPort>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "https://registry.lan",
            "registry.lan/",
            "registry.lan:",
            "registry.lan:0",
            "registry.lan:05",
            "registry.lan:65536",
            "Registry.lan",
            "0.0.0.0:5000",
            "[::]:5000",
            "300.1.1.1",
            "1.2.3",
            "a..b",
            "-a",
            "a_b",
            "user@host",
            "2001:db8::7",
            "[2001:db8::7]5000",
            "[registry]",
        ] {
            assert!(bad.parse::<HostPort>().is_err(), "{bad}");
        }
    }
}
