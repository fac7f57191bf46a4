//! Who really asked, and how, when a proxy stands before us (`contract.md`, `ROADSTEAD_TRUSTED_PROXIES`).
//!
//! # Invariants
//! - What a peer says of others is believed only when its own address is a trusted proxy's: anybody can write a header.
//! - Addresses are read from the right, the side that our own proxies wrote, up to the first that is not trusted. What
//!   stands left of that was written by a stranger.
//! - What cannot be read ends the walk: the last address that is known to be true is the client's.
//! - `X-Forwarded-For` ranks over `Forwarded`: common proxies write the first and pass the other through untouched.
//! - A forwarded host is a host as any other: [`super::host::Hosts`] decides whether it is one of ours.
//!
//! Decided once per request by [`super::request::observe`], and carried in the request's extensions.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use http::header::FORWARDED;
use http::uri::Authority;
use http::{Extensions, HeaderMap, HeaderName};
use ipnet::IpNet;

const FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const HOST: HeaderName = HeaderName::from_static("x-forwarded-host");

/// Most addresses that are looked at; no honest chain is longer.
const LONGEST: usize = 32;

/// The other end of the connection, as the listener saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Its address.
    pub address: SocketAddr,
    /// Whether it speaks TLS with us.
    pub is_tls: bool,
}

/// Who asked, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The client's address; unknown only inside tests.
    pub client: Option<IpAddr>,
    /// Whether the client speaks TLS, be it with us or with a trusted proxy.
    pub is_https: bool,
    /// The host that the client asked a trusted proxy for.
    pub host: Option<Authority>,
}

impl Origin {
    /// The origin of the request with these extensions.
    #[must_use]
    pub fn of(extensions: &Extensions) -> Self {
        extensions.get::<Self>().cloned().unwrap_or_default()
    }
}

/// The peers whose words are believed.
#[derive(Debug, Clone, Default)]
pub struct Proxies(Arc<[IpNet]>);

impl Proxies {
    /// Trusts these networks.
    #[must_use]
    pub fn new(networks: &[IpNet]) -> Self {
        Self(networks.into())
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Who asked, and how, as far as it is known to be true.
    #[must_use]
    pub fn origin(&self, peer: Option<Peer>, headers: &HeaderMap) -> Origin {
        let Some(peer) = peer else { return Origin::default() };
        let address = peer.address.ip().to_canonical();
        let seen = Origin { client: Some(address), is_https: peer.is_tls, host: None };
        if !self.trusts(address) {
            return seen;
        }
        // One of the two forms is the proxy's own; what the other says may be the client's.
        let is_de_facto = headers.contains_key(FOR);
        let elements = if is_de_facto { Vec::new() } else { forwarded(headers) };
        let written: Vec<Option<IpAddr>> = if is_de_facto {
            items(headers, &FOR).map(node).collect()
        } else {
            elements.iter().map(|element| element.node.as_deref().and_then(node)).collect()
        };
        // A header of the nearest proxy that says something else than both schemes says nothing.
        let scheme = last(headers, &PROTO)
            .or_else(|| elements.last().and_then(|element| element.proto.clone()))
            .map(|word| word.to_ascii_lowercase());
        let host = last(headers, &HOST)
            .or_else(|| elements.last().and_then(|element| element.host.clone()))
            .and_then(|text| Authority::try_from(text).ok())
            .filter(super::host::is_plain);
        Origin {
            client: Some(self.client(address, &written)),
            is_https: match scheme.as_deref() {
                Some("https" | "wss") => true,
                Some("http" | "ws") => false,
                _ => peer.is_tls,
            },
            host,
        }
    }

    /// Walks from the peer to the left, as long as whoever wrote an address is trusted.
    fn client(&self, peer: IpAddr, written: &[Option<IpAddr>]) -> IpAddr {
        let mut known = peer;
        for address in written.iter().rev().take(LONGEST) {
            let Some(address) = address else { break };
            known = *address;
            if !self.trusts(known) {
                break;
            }
        }
        known
    }
}

/// The items of a header that may be repeated and whose items are divided by commas.
fn items<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    headers
        .get_all(name)
        .iter()
        // Bytes that are no text are an item that cannot be read, so that what stands before it is not believed.
        .flat_map(|value| value.to_str().unwrap_or("?").split(','))
        .map(str::trim)
}

fn last(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    items(headers, name).last().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// `192.0.2.1`, `192.0.2.1:1234`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:1234`.
fn node(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse::<IpAddr>()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
        .map(|address| address.to_canonical())
}

/// One element of `Forwarded` (RFC 7239): what one proxy wrote.
#[derive(Debug, Default)]
struct Element {
    node: Option<String>,
    proto: Option<String>,
    host: Option<String>,
}

/// The elements of all `Forwarded` headers, in order. Commas and semicolons inside quotes divide nothing.
fn forwarded(headers: &HeaderMap) -> Vec<Element> {
    let mut elements = Vec::new();
    for value in headers.get_all(FORWARDED) {
        // A quote that a client left open would swallow what a proxy wrote behind it: then nothing of it can be read.
        let is_whole = |text: &&str| text.matches('"').count().is_multiple_of(2);
        let text = value.to_str().ok().filter(is_whole).unwrap_or("?");
        for element in split(text, ',') {
            let mut read = Element::default();
            for pair in split(element, ';') {
                let Some((name, value)) = pair.split_once('=') else { continue };
                let value = value.trim();
                let value = value
                    .strip_prefix('"')
                    .and_then(|value| value.strip_suffix('"'))
                    .unwrap_or(value)
                    .to_owned();
                match name.trim().to_ascii_lowercase().as_str() {
                    "for" => read.node = Some(value),
                    "proto" => read.proto = Some(value),
                    "host" => read.host = Some(value),
                    _ => {}
                }
            }
            elements.push(read);
        }
    }
    elements
}

/// Divides a text where `divider` stands outside of quotes.
fn split(text: &str, divider: char) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    text.split(move |letter| {
        if letter == '"' {
            is_quoted = !is_quoted;
        }
        letter == divider && !is_quoted
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn origin(
        peer: &str,
        is_tls: bool,
        headers: &[(&'static str, &str)],
    ) -> (String, bool, String) {
        let networks: Vec<IpNet> = ["10.0.0.0/8", "127.0.0.0/8", "2001:db8:1::/48"]
            .map(|text| text.parse().unwrap())
            .into();
        let proxies = Proxies::new(&networks);
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), value.parse().unwrap());
        }
        let peer = Peer { address: SocketAddr::new(peer.parse().unwrap(), 1234), is_tls };
        let origin = proxies.origin(Some(peer), &map);
        let host = origin.host.map(|host| host.to_string()).unwrap_or_default();
        (origin.client.unwrap().to_string(), origin.is_https, host)
    }

    fn client(peer: &str, header: &str) -> String {
        origin(peer, false, &[("x-forwarded-for", header)]).0
    }

    #[test]
    fn strangers_are_not_believed() {
        let all = [
            ("x-forwarded-for", "192.0.2.1"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "evil.example"),
            ("forwarded", "for=192.0.2.1;proto=https;host=evil.example"),
        ];
        assert_eq!(
            origin("198.51.100.9", false, &all),
            ("198.51.100.9".into(), false, String::new())
        );
        assert!(origin("198.51.100.9", true, &all[1..2]).1);
    }

    #[test]
    fn a_trusted_proxy_says_who_asked_and_how() {
        let all = [
            ("x-forwarded-for", "192.0.2.1"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-host", "registry.example:8443"),
        ];
        assert_eq!(
            origin("10.1.2.3", false, &all),
            ("192.0.2.1".into(), true, "registry.example:8443".into())
        );
        // An IPv4 address that came by an IPv6 socket is the same proxy.
        assert_eq!(origin("::ffff:10.1.2.3", false, &all).0, "192.0.2.1");
        assert!(!origin("10.1.2.3", true, &[("x-forwarded-proto", "http")]).1);
        assert!(origin("10.1.2.3", true, &[]).1);
    }

    #[test]
    fn a_chain_is_read_from_the_right_up_to_the_first_stranger() {
        for (header, wanted) in [
            ("192.0.2.1, 10.0.0.7", "192.0.2.1"),
            // The client wrote the first one itself.
            ("203.0.113.5, 192.0.2.1, 10.0.0.7, 127.0.0.1", "192.0.2.1"),
            ("10.0.0.9, 192.0.2.1", "192.0.2.1"),
            // Nobody but proxies: the farthest of them.
            ("10.0.0.9, 10.0.0.8", "10.0.0.9"),
            ("192.0.2.1:4711", "192.0.2.1"),
            ("[2001:db8::7]:4711", "2001:db8::7"),
            ("[2001:db8::7]", "2001:db8::7"),
            ("2001:db8::7, 2001:db8:1::1", "2001:db8::7"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
        ] {
            assert_eq!(client("10.1.2.3", header), wanted, "{header}");
        }
        let repeated =
            [("x-forwarded-for", "203.0.113.5"), ("x-forwarded-for", "192.0.2.1, 10.0.0.7")];
        assert_eq!(origin("10.1.2.3", false, &repeated).0, "192.0.2.1");
    }

    #[test]
    fn garbage_ends_the_walk_where_the_truth_ends() {
        for (header, wanted) in [
            ("", "10.1.2.3"),
            ("unknown", "10.1.2.3"),
            ("192.0.2.1, garbage, 10.0.0.7", "10.0.0.7"),
            ("192.0.2.1,, 10.0.0.7", "10.0.0.7"),
            ("192.0.2.1; 10.0.0.7", "10.1.2.3"),
            ("192.0.2.1/24", "10.1.2.3"),
            ("999.1.1.1", "10.1.2.3"),
            ("192.0.2.1 , <script>", "10.1.2.3"),
        ] {
            assert_eq!(client("10.1.2.3", header), wanted, "{header}");
        }
        let long = "10.0.0.1, ".repeat(10_000) + "10.0.0.2";
        assert_eq!(client("10.1.2.3", &format!("192.0.2.1, {long}")), "10.0.0.1");
        for word in ["ftp", "https, gopher", ""] {
            assert!(!origin("10.1.2.3", false, &[("x-forwarded-proto", word)]).1, "{word}");
        }
        for host in ["a b", "user@evil.example", "http://x/", ""] {
            assert_eq!(origin("10.1.2.3", false, &[("x-forwarded-host", host)]).2, "", "{host}");
        }
        let mut map = HeaderMap::new();
        map.insert(FOR, http::HeaderValue::from_bytes(b"192.0.2.1, \xff").unwrap());
        let peer = Peer { address: "10.1.2.3:1".parse().unwrap(), is_tls: false };
        let proxies = Proxies::new(&["10.0.0.0/8".parse().unwrap()]);
        assert_eq!(proxies.origin(Some(peer), &map).client.unwrap().to_string(), "10.1.2.3");
    }

    #[test]
    fn the_standard_header_counts_where_the_common_one_is_missing() {
        let standard = r#"for="[2001:db8::7]:4711";proto=http, For=192.0.2.1; Proto="https" ;host="r.example:1,2""#;
        // A comma in quotes divides nothing, and what has one is no host.
        assert_eq!(
            origin("10.1.2.3", false, &[("forwarded", standard)]),
            ("192.0.2.1".into(), true, String::new())
        );
        let standard = r#"for=192.0.2.1;host=r.example;proto=https"#;
        assert_eq!(
            origin("10.1.2.3", false, &[("forwarded", standard)]),
            ("192.0.2.1".into(), true, "r.example".into())
        );
        // What a client wrote and the proxy passed on does not rank over what the proxy wrote.
        let both = [
            ("forwarded", "for=203.0.113.5;proto=https"),
            ("x-forwarded-for", "192.0.2.1"),
            ("x-forwarded-proto", "http"),
        ];
        assert_eq!(origin("10.1.2.3", false, &both), ("192.0.2.1".into(), false, String::new()));
        let open = r#"for=203.0.113.5;x=", for=192.0.2.1"#;
        for garbage in ["for=_hidden", "for=unknown", "for=\"", "=;=,=", "for", open] {
            assert_eq!(
                origin("10.1.2.3", false, &[("forwarded", garbage)]).0,
                "10.1.2.3",
                "{garbage}"
            );
        }
    }
}
