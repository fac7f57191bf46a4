//! Where the server listens and what it is called.

use std::net::{SocketAddr, ToSocketAddrs as _};

use super::{Problem, Values};

/// Where the server listens and what it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Address of everything. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// More hosts that commands and token realms may use: `host`, or `host:port` when only that port is meant. Lower case.
    pub extra_hosts: Vec<String>,
}

impl Server {
    pub(crate) fn validate(values: &Values) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let listen = values.text("listen").unwrap_or_default();
        let address = listen
            .parse()
            .ok()
            .or_else(|| listen.to_socket_addrs().ok().and_then(|mut found| found.next()));
        if address.is_none() {
            problems.push(Problem::new(
                values,
                "listen",
                format!(
                    "`{listen}` is not an address with a port, such as 127.0.0.1:5000 or [::]:5000"
                ),
            ));
        }
        let mut extra_hosts = Vec::new();
        for host in values.text("extra_hosts").unwrap_or_default().split(',') {
            let host = host.trim().to_ascii_lowercase();
            if host.is_empty() {
                continue;
            }
            if http::uri::Authority::try_from(host.as_str()).is_err() || host.contains('@') {
                problems.push(Problem::new(
                    values,
                    "extra_hosts",
                    format!("`{host}` is not a host name; write names without http:// and without a path"),
                ));
            }
            extra_hosts.push(host);
        }
        match address {
            Some(listen) if problems.is_empty() => Ok(Self { listen, extra_hosts }),
            _ => Err(problems),
        }
    }
}
