//! Where the server listens, what it is called, and whom it believes.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use super::{Problem, Values};

/// Where the server listens, what it is called, and whom it believes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Address of everything. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// Address of `/metrics` alone; without one it is served beside everything else.
    pub metrics_listen: Option<SocketAddr>,
    /// More hosts that commands and token realms may use: `host`, or `host:port` when only that port is meant. Lower case.
    pub extra_hosts: Vec<String>,
    /// Whether and with what it speaks TLS.
    pub tls: Tls,
    /// Peers whose `X-Forwarded-*` and `Forwarded` headers are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// What connections may cost.
    pub limits: Limits,
}

/// Whether and with what the server speaks TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// Plain HTTP.
    Off,
    /// With a certificate of its own making, kept in the data directory.
    SelfSigned,
    /// With these PEM files, which are read again when they change.
    Files {
        /// The certificate and those that lead to its authority.
        certificate: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
}

/// What connections may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at a time; more wait to be accepted.
    pub max_connections: usize,
    /// A request's headers (and before them the TLS handshake) must have come after this long; a connection without
    /// requests ends then too.
    pub header_timeout: Duration,
    /// A body of which nothing moves for this long is cut, in both directions. Nothing limits a whole transfer.
    pub idle_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 8_192,
            header_timeout: Duration::from_secs(75),
            idle_timeout: Duration::from_secs(120),
        }
    }
}

impl Server {
    pub(crate) fn validate(values: &Values) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let listen = address(values, "listen", &mut problems);
        let metrics_listen = address(values, "metrics_listen", &mut problems);
        let extra_hosts = extra_hosts(values, &mut problems);
        let tls = tls(values, &mut problems);
        let trusted_proxies = trusted_proxies(values, &mut problems);
        let mut number = |path: &str, range: std::ops::RangeInclusive<u64>| {
            let text = values.text(path).unwrap_or_default();
            let number = text.parse().ok().filter(|number| range.contains(number));
            if number.is_none() {
                let rule =
                    format!("write a whole number from {} to {}", range.start(), range.end());
                problems.push(Problem::new(values, path, format!("`{text}`: {rule}")));
            }
            number.unwrap_or_default()
        };
        let limits = Limits {
            max_connections: usize::try_from(number("http.max_connections", 16..=1_000_000))
                .unwrap_or(usize::MAX),
            header_timeout: Duration::from_secs(number("http.header_timeout", 1..=3_600)),
            idle_timeout: Duration::from_secs(number("http.idle_timeout", 1..=86_400)),
        };
        match listen {
            Some(listen) if problems.is_empty() => {
                Ok(Self { listen, metrics_listen, extra_hosts, tls, trusted_proxies, limits })
            }
            _ => Err(problems),
        }
    }
}

/// `None` when nothing is said, or nothing that can be used.
fn address(values: &Values, path: &str, problems: &mut Vec<Problem>) -> Option<SocketAddr> {
    let text = values.text(path)?;
    let address = text
        .parse()
        .ok()
        .or_else(|| text.to_socket_addrs().ok().and_then(|mut found| found.next()));
    if address.is_none() {
        let message =
            format!("`{text}` is not an address with a port, such as 127.0.0.1:5000 or [::]:5000");
        problems.push(Problem::new(values, path, message));
    }
    address
}

fn extra_hosts(values: &Values, problems: &mut Vec<Problem>) -> Vec<String> {
    let mut hosts = Vec::new();
    for host in list(values, "extra_hosts") {
        let host = host.to_ascii_lowercase();
        if http::uri::Authority::try_from(host.as_str()).is_err() || host.contains('@') {
            let message = format!(
                "`{host}` is not a host name; write names without http:// and without a path"
            );
            problems.push(Problem::new(values, "extra_hosts", message));
        }
        hosts.push(host);
    }
    hosts
}

fn tls(values: &Values, problems: &mut Vec<Problem>) -> Tls {
    let (certificate, key) = (values.text("tls_cert"), values.text("tls_key"));
    let is_self_signed = match values.text("tls") {
        None => false,
        Some("self-signed") => true,
        Some(other) => {
            let message = format!(
                "`{other}`: write self-signed, or leave it out and give tls_cert and tls_key"
            );
            problems.push(Problem::new(values, "tls", message));
            false
        }
    };
    match (certificate, key) {
        (None, None) if is_self_signed => Tls::SelfSigned,
        (None, None) => Tls::Off,
        (Some(certificate), Some(key)) if !is_self_signed => {
            Tls::Files { certificate: certificate.into(), key: key.into() }
        }
        (Some(_), Some(_)) => {
            let message = "there are certificate files too; give either them or self-signed";
            problems.push(Problem::new(values, "tls", message));
            Tls::Off
        }
        (Some(_), None) => {
            let message = "a certificate is given without its key; give both or none";
            problems.push(Problem::new(values, "tls_key", message));
            Tls::Off
        }
        (None, Some(_)) => {
            let message = "a key is given without its certificate; give both or none";
            problems.push(Problem::new(values, "tls_cert", message));
            Tls::Off
        }
    }
}

fn trusted_proxies(values: &Values, problems: &mut Vec<Problem>) -> Vec<IpNet> {
    let mut proxies = Vec::new();
    for text in list(values, "trusted_proxies") {
        match text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)) {
            Ok(network) => proxies.push(network),
            Err(_) => problems.push(Problem::new(
                values,
                "trusted_proxies",
                format!("`{text}` is neither an address nor a network, such as 10.0.0.0/8 or ::1"),
            )),
        }
    }
    proxies
}

/// The parts of a text that are divided by commas.
fn list<'a>(values: &'a Values, path: &str) -> impl Iterator<Item = &'a str> {
    let text = values.text(path).unwrap_or_default();
    text.split(',').map(str::trim).filter(|part| !part.is_empty())
}
