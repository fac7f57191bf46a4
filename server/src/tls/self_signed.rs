//! A certificate of our own making (`ROADSTEAD_TLS=self-signed`): made once, kept in the data directory, and trusted by
//! clients that were told to.
//!
//! It is made again when it is missing, cannot be used, ends within a month, or lacks a name of the configuration
//! (external URL, extra hosts). Addresses that the machine gets later do not make a new one, because every client would
//! have to be told again; they are written to the log. Above its PEM text the file says which names it has and when it
//! ends, so that nothing here has to read certificates.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair};
use roadstead::Timestamp;
use time::OffsetDateTime;

use super::Files;
use crate::http::host::Own;

/// How long it is good, in seconds: ten years. Trust in it is a decision of people, not of an authority that forgets.
const LIFE: i64 = 10 * 365 * 24 * 3_600;
/// It is made again when less is left, in seconds.
const LEFT: i64 = 30 * 24 * 3_600;

/// The names that a certificate is for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// Those of the configuration, without ports: it must have them.
    pub configured: BTreeSet<String>,
    /// Those of the machine when it is made.
    pub own: BTreeSet<String>,
}

impl Names {
    /// Loopback, the machine's own, and those of hosts as the configuration writes them, with or without a port.
    #[must_use]
    pub fn new<'a>(hosts: impl IntoIterator<Item = &'a str>, own: &Own) -> Self {
        let loopback = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
        let addresses = own.addresses.iter().filter(|address| !address.is_loopback());
        let addresses = addresses.map(ToString::to_string);
        let names = own.names.iter().filter(|name| name.is_ascii() && !name.is_empty()).cloned();
        Self {
            configured: hosts.into_iter().filter_map(host_name).collect(),
            own: loopback.into_iter().chain(names).chain(addresses).collect(),
        }
    }

    fn all(&self) -> BTreeSet<String> {
        self.configured.union(&self.own).cloned().collect()
    }
}

/// A host without its port and brackets.
fn host_name(host: &str) -> Option<String> {
    let authority: http::uri::Authority = host.parse().ok()?;
    Some(authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase())
}

/// The files in `folder`, made if need be.
///
/// # Errors
/// When the folder cannot be written, or a name cannot stand in a certificate.
pub fn keep(folder: &Path, names: &Names, now: Timestamp) -> Result<Files> {
    let files = Files { certificate: folder.join("certificate.pem"), key: folder.join("key.pem") };
    match usable(&files, names, now) {
        Ok(missing) => {
            if !missing.is_empty() {
                let missing = missing.join(", ");
                let path = files.certificate.display();
                tracing::info!(
                    missing,
                    %path,
                    "the self-signed certificate is older than these names; remove it to have a new one made"
                );
            }
            return Ok(files);
        }
        Err(Unusable::Missing) => {}
        Err(reason) => {
            tracing::warn!(%reason, "a new self-signed certificate is made; clients must be told again");
        }
    }
    make(folder, &files, &names.all(), now)?;
    Ok(files)
}

/// Why there must be a new one.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("there is none yet")]
    Missing,
    #[error("{0}")]
    Broken(String),
    #[error("the old one ends soon")]
    Old,
    #[error("the old one lacks {0}")]
    Lacks(String),
}

/// Whether the kept one will do; if so, the machine's names that it lacks.
fn usable(files: &Files, names: &Names, now: Timestamp) -> Result<Vec<String>, Unusable> {
    let text = match fs::read_to_string(&files.certificate) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(Unusable::Missing);
        }
        Err(error) => return Err(Unusable::Broken(error.to_string())),
    };
    files.read().map_err(|error| Unusable::Broken(format!("{error:#}")))?;
    let line = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let ends = line("Ends:").and_then(|text| text.split_whitespace().next()?.parse::<i64>().ok());
    if ends.is_none_or(|ends| ends - now.seconds() < LEFT) {
        return Err(Unusable::Old);
    }
    let kept: BTreeSet<&str> =
        line("Names:").unwrap_or_default().split(',').map(str::trim).collect();
    let lacks = |wanted: &BTreeSet<String>| -> Vec<String> {
        wanted.iter().filter(|name| !kept.contains(name.as_str())).cloned().collect()
    };
    match lacks(&names.configured) {
        missing if missing.is_empty() => Ok(lacks(&names.own)),
        missing => Err(Unusable::Lacks(missing.join(", "))),
    }
}

fn make(folder: &Path, files: &Files, names: &BTreeSet<String>, now: Timestamp) -> Result<()> {
    let list: Vec<String> = names.iter().cloned().collect();
    let written = list.join(", ");
    let mut params = CertificateParams::new(list)
        .with_context(|| format!("a certificate cannot be made for {written}"))?;
    let date = |seconds: i64| OffsetDateTime::from_unix_timestamp(seconds).context("a date");
    // An hour of grace for clocks that go after ours.
    let (begins, ends) = (now.seconds() - 3_600, now.seconds() + LIFE);
    (params.not_before, params.not_after) = (date(begins)?, date(ends)?);
    params.distinguished_name.push(DnType::CommonName, "Roadstead self-signed");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let key = KeyPair::generate().context("cannot make a key")?;
    let certificate = params.self_signed(&key).context("cannot make a certificate")?;
    let mut text = String::new();
    let until = Timestamp::from_seconds(ends);
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "Made by Roadstead for itself. Clients that were given this file trust this server.\n\
         Names: {written}\nEnds: {ends} ({until})\n{}",
        certificate.pem()
    );
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("cannot make the directory {}", folder.display()))?;
    write(&files.key, &key.serialize_pem(), 0o600)?;
    write(&files.certificate, &text, 0o644)
}

/// Writes a file aside and moves it into place, so that nobody reads half of it.
fn write(path: &Path, text: &str, mode: u32) -> Result<()> {
    let aside = path.with_extension("new");
    let written = || -> std::io::Result<()> {
        let _ = fs::remove_file(&aside);
        let mut file =
            fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&aside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&aside, path)
    };
    written().with_context(|| format!("cannot write {}", path.display()))
}

/// What clients at `host` must be told, for people.
#[must_use]
pub fn steps(host: &str, certificate: &Path, fingerprint: &str) -> String {
    let file = certificate.display();
    format!(
        "its certificate is of its own making: {file}\n\
         SHA-256 {fingerprint}\n\
         every client must be told once to trust it; copy that file to the client, and there, for {host}:\n  \
         docker                   sudo install -D certificate.pem /etc/docker/certs.d/{host}/ca.crt\n  \
         podman, skopeo, buildah  sudo install -D certificate.pem /etc/containers/certs.d/{host}/ca.crt\n  \
         containerd, nerdctl      sudo install -D certificate.pem /etc/containerd/certs.d/{host}/ca.crt and, beside it, \
         a hosts.toml with: server = \"https://{host}\" and ca = \"/etc/containerd/certs.d/{host}/ca.crt\"\n  \
         curl                     curl --cacert certificate.pem https://{host}/v2/\n  \
         everything (Debian)      sudo install certificate.pem /usr/local/share/ca-certificates/roadstead.crt && sudo update-ca-certificates"
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn names(hosts: &[&str], address: &str) -> Names {
        let own =
            Own { names: ["box".to_owned()].into(), addresses: [address.parse().unwrap()].into() };
        Names::new(hosts.iter().copied(), &own)
    }

    #[test]
    fn it_is_made_once_and_kept_as_long_as_it_is_good() {
        let folder = tempfile::tempdir().unwrap();
        let (folder, now) = (folder.path().join("tls"), Timestamp::from_seconds(1_800_000_000));
        let read = || fs::read_to_string(folder.join("certificate.pem")).unwrap();
        let first_names = names(&["r.example:8443"], "192.0.2.7");
        let files = keep(&folder, &first_names, now).unwrap();
        let first = read();
        assert!(
            first.contains("Names: 127.0.0.1, 192.0.2.7, ::1, box, localhost, r.example\n"),
            "{first}"
        );
        assert_eq!(fs::metadata(&files.key).unwrap().permissions().mode() & 0o777, 0o600);
        super::super::Certificate::load(files.clone()).unwrap();

        // The machine moved: clients need not be told again.
        keep(&folder, &names(&["r.example:8443"], "192.0.2.8"), now).unwrap();
        assert_eq!(read(), first);
        // A name of the configuration must be in it.
        keep(&folder, &names(&["other.example", "[2001:db8::1]:5000"], "192.0.2.7"), now).unwrap();
        let second = read();
        assert!(second.contains("other.example") && second.contains("2001:db8::1,"), "{second}");
        // It ends.
        let later = now.plus_seconds(LIFE - LEFT + 1);
        keep(&folder, &names(&["other.example"], "192.0.2.7"), later).unwrap();
        let third = read();
        assert_ne!(third, second);
        // Its key is gone.
        fs::remove_file(&files.key).unwrap();
        keep(&folder, &names(&["other.example"], "192.0.2.7"), later).unwrap();
        assert_ne!(read(), third);
        super::super::Certificate::load(files).unwrap();
    }
}
