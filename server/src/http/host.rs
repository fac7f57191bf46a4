//! By which name clients reach this registry (`contract.md`, Environment; issue of the spine, item 6).
//!
//! Token realms and every command that a person copies carry an address. A stranger must not be able to choose it by a
//! forged `Host`, or tokens could be phished; yet a fresh machine must work by whatever name its owner uses. So the
//! request's Host is used if it is the external URL's, an extra host, loopback, or one of the machine's own names and
//! addresses; else the external URL. Never an unspecified address.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http::uri::Authority;
use http::{HeaderMap, Uri, header};
use parking_lot::RwLock;
use roadstead_service::context::Address;
use roadstead_service::port::Clock;
use url::Url;

use super::forwarded::Origin;

/// How old the list of the machine's own addresses may be before an unknown Host has it read again.
const FRESH: Duration = Duration::from_secs(10);

/// Decides the address of a request.
#[derive(Clone)]
pub struct Hosts(Arc<Inner>);

struct Inner {
    listen: SocketAddr,
    is_tls: bool,
    extra: Vec<String>,
    own: RwLock<(Option<Duration>, Own)>,
    find: fn() -> Own,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Hosts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hosts").field("listen", &self.0.listen).finish_non_exhaustive()
    }
}

/// The machine's own names and addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Own {
    /// Host names, lower case.
    pub names: BTreeSet<String>,
    /// Addresses of its interfaces.
    pub addresses: BTreeSet<IpAddr>,
}

impl Own {
    /// Asks the operating system.
    #[must_use]
    pub fn find() -> Self {
        let mut own = Self::default();
        if let Some(name) = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok())
        {
            let name = name.to_ascii_lowercase();
            if let Some((short, _)) = name.split_once('.') {
                own.names.insert(short.to_owned());
            }
            own.names.insert(name);
        }
        for interface in nix::ifaddrs::getifaddrs().into_iter().flatten() {
            let Some(address) = interface.address else { continue };
            if let Some(v4) = address.as_sockaddr_in() {
                own.addresses.insert(IpAddr::V4(v4.ip()));
            } else if let Some(v6) = address.as_sockaddr_in6() {
                own.addresses.insert(IpAddr::V6(v6.ip()));
            }
        }
        own
    }
}

impl Hosts {
    /// For a server that listens on `listen`, with TLS or without. `find` tells the machine's own names: [`Own::find`], or a fixed answer in tests.
    #[must_use]
    pub fn new(
        listen: SocketAddr,
        is_tls: bool,
        extra: Vec<String>,
        find: fn() -> Own,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self(Arc::new(Inner { listen, is_tls, extra, own: RwLock::default(), find, clock }))
    }

    /// The address for a request, by the host that a trusted proxy was asked for, else by its Host (or the `:authority` of
    /// HTTP/2). `external` is the external URL, or empty; `internal` the address in the private network: whoever logs in
    /// with it must be sent for a token where they can reach.
    #[must_use]
    pub fn decide(
        &self,
        origin: &Origin,
        uri: &Uri,
        headers: &HeaderMap,
        external: &str,
        internal: Option<&str>,
    ) -> Address {
        let external = external_address(external);
        if let Some(host) = origin.host.clone().or_else(|| asked(uri, headers)) {
            if let Some(external) = &external
                && same_host(&host, external, origin.is_https)
            {
                let is_https = external.is_https || origin.is_https;
                return Address { host: external.host.clone(), is_https };
            }
            if self.is_ours(&host)
                || internal.is_some_and(|it| host.as_str().eq_ignore_ascii_case(it))
            {
                let host = host.as_str().to_ascii_lowercase();
                return Address { host, is_https: origin.is_https };
            }
        }
        external.unwrap_or_else(|| Address {
            host: self.listening().to_string(),
            is_https: self.0.is_tls,
        })
    }

    /// An address that others may reach: what it listens on, or an address of an interface when that is unspecified.
    fn listening(&self) -> SocketAddr {
        let mut address = self.0.listen;
        if address.ip().is_unspecified() {
            self.refresh();
            let own = self.0.own.read();
            let other = own.1.addresses.iter().find(|ip| ip.is_ipv4() && !ip.is_loopback());
            address.set_ip(other.copied().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        }
        address
    }

    fn is_ours(&self, host: &Authority) -> bool {
        let written = host.as_str().to_ascii_lowercase();
        let name = host.host().to_ascii_lowercase();
        if self.0.extra.iter().any(|extra| *extra == written || *extra == name) {
            return true;
        }
        if name == "localhost" || name.ends_with(".localhost") {
            return true;
        }
        match name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            Ok(ip) if ip.is_unspecified() => false,
            Ok(ip) if ip.is_loopback() => true,
            Ok(ip) => self.is_own(|own| own.addresses.contains(&ip)),
            Err(_) => self.is_own(|own| {
                own.names.iter().any(|own| {
                    // `machine`, `machine.lan`, `machine.local`: the first label is what it calls itself.
                    *own == name || name.strip_prefix(own.as_str()) == Some(".local")
                })
            }),
        }
    }

    fn is_own(&self, test: impl Fn(&Own) -> bool) -> bool {
        if test(&self.0.own.read().1) {
            return true;
        }
        // A machine can get an address while the server runs.
        self.refresh() && test(&self.0.own.read().1)
    }

    /// Reads the machine's names again unless that was done a moment ago.
    fn refresh(&self) -> bool {
        let now = self.0.clock.monotonic();
        let is_fresh =
            |read: Option<Duration>| read.is_some_and(|at| now.saturating_sub(at) < FRESH);
        if is_fresh(self.0.own.read().0) {
            return false;
        }
        let found = (self.0.find)();
        *self.0.own.write() = (Some(now), found);
        true
    }
}

/// The name that the client used.
fn asked(uri: &Uri, headers: &HeaderMap) -> Option<Authority> {
    let host = headers.get(header::HOST).and_then(|host| Authority::try_from(host.as_bytes()).ok());
    host.or_else(|| uri.authority().cloned()).filter(is_plain)
}

/// Whether a host is a name or an address with at most a port: a URL's authority may hold more than may be echoed.
pub(crate) fn is_plain(host: &Authority) -> bool {
    let Some(port) = host.as_str().strip_prefix(host.host()) else { return false };
    let is_port = port.is_empty() || host.port_u16().is_some();
    let is_name = |letter: char| letter.is_ascii_alphanumeric() || ".-_:[]".contains(letter);
    is_port && host.host().chars().all(is_name)
}

/// The external URL as an address; `None` when there is none.
fn external_address(text: &str) -> Option<Address> {
    let url = Url::parse(text).ok()?;
    let host = url.host_str()?;
    let host = match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    };
    Some(Address { host, is_https: url.scheme() == "https" })
}

/// Whether a Host names the external address; a scheme's own port may be left out or written. `is_https` is how the
/// request came, which an external URL with `http://` need not know.
fn same_host(host: &Authority, external: &Address, is_https: bool) -> bool {
    let with_port = |text: &str, default: u16| -> Option<(String, u16)> {
        let authority: Authority = text.parse().ok()?;
        Some((authority.host().to_ascii_lowercase(), authority.port_u16().unwrap_or(default)))
    };
    let default = |is_https: bool| if is_https { 443 } else { 80 };
    let declared = default(external.is_https);
    let wanted = with_port(&external.host, declared);
    with_port(host.as_str(), declared) == wanted
        || (is_https && with_port(host.as_str(), 443) == with_port(&external.host, 443))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::port::SystemClock;

    fn machine() -> Own {
        Own {
            names: ["box".to_owned(), "box.example.org".to_owned()].into(),
            addresses: ["192.0.2.7".parse().unwrap(), "2001:db8::7".parse().unwrap()].into(),
        }
    }

    fn decide(listen: &str, host: &str, external: &str) -> (String, bool) {
        let hosts = Hosts::new(
            listen.parse().unwrap(),
            false,
            vec!["registry.lan".into(), "other.lan:8443".into()],
            machine,
            Arc::new(SystemClock),
        );
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        let (uri, origin) = (Uri::from_static("/v2/"), Origin::default());
        let address = hosts.decide(&origin, &uri, &headers, external, Some("inner.lan:5000"));
        (address.host, address.is_https)
    }

    #[test]
    fn names_of_ours_have_the_scheme_they_were_asked_with() {
        let own = SocketAddr::from(([127, 0, 0, 1], 5000));
        let hosts = Hosts::new(own, true, Vec::new(), machine, Arc::new(SystemClock));
        let decide = |is_https: bool, forwarded: Option<&str>, external: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, "127.0.0.1:5000".parse().unwrap());
            let host = forwarded.map(|host| host.parse().unwrap());
            let origin = Origin { client: None, is_https, host };
            hosts.decide(&origin, &Uri::from_static("/"), &headers, external, None).origin()
        };
        assert_eq!(decide(true, None, ""), "https://127.0.0.1:5000");
        assert_eq!(decide(false, None, ""), "http://127.0.0.1:5000");
        // A trusted proxy names the host it was asked for; what is not ours is not used all the same.
        assert_eq!(decide(true, Some("box:8443"), ""), "https://box:8443");
        assert_eq!(decide(true, Some("evil.example"), ""), "https://127.0.0.1:5000");
        assert_eq!(decide(true, Some("r.example"), "https://r.example"), "https://r.example");
        assert_eq!(decide(true, Some("r.example"), "http://r.example"), "https://r.example");
        assert_eq!(decide(true, Some("evil.example"), "https://r.example"), "https://r.example");
    }

    #[test]
    fn names_of_ours_are_used_as_they_were_asked() {
        for host in [
            "127.0.0.1:5000",
            "127.9.9.9",
            "localhost:8080",
            "[::1]:5000",
            "box:5000",
            "box.local",
            "box.example.org",
            "192.0.2.7:5000",
            "[2001:db8::7]:5000",
            "registry.lan:1234",
            "other.lan:8443",
            "inner.lan:5000",
        ] {
            assert_eq!(
                decide("0.0.0.0:5000", host, "https://r.example"),
                (host.to_owned(), false),
                "{host}"
            );
        }
    }

    #[test]
    fn strangers_get_the_external_url() {
        for host in [
            "evil.example",
            "other.lan",
            "inner.lan",
            "0.0.0.0:5000",
            "[::]:5000",
            "198.51.100.1",
            "boxx",
            "x@127.0.0.1",
            "127.0.0.1:1,2",
            "127.0.0.1:99999",
        ] {
            assert_eq!(
                decide("0.0.0.0:5000", host, "https://r.example"),
                ("r.example".into(), true),
                "{host}"
            );
        }
    }

    #[test]
    fn the_external_host_brings_its_scheme() {
        assert_eq!(
            decide("0.0.0.0:5000", "R.example:443", "https://r.example"),
            ("r.example".into(), true)
        );
        assert_eq!(decide("0.0.0.0:5000", "r.example:80", "https://r.example").0, "r.example");
        assert_eq!(
            decide("0.0.0.0:5000", "r.example:8443", "https://r.example:8443"),
            ("r.example:8443".into(), true)
        );
    }

    #[test]
    fn without_an_external_url_strangers_get_an_address_that_is_never_unspecified() {
        assert_eq!(decide("0.0.0.0:5000", "evil.example", "").0, "192.0.2.7:5000");
        assert_eq!(decide("127.0.0.1:5000", "evil.example", "").0, "127.0.0.1:5000");
    }
}
