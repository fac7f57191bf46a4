//! TLS: which certificate is shown, and how it changes without a restart.
//!
//! # Invariants
//! - A pair that cannot be used never replaces one that can: it is logged, and the old one stays until the files change
//!   again. Two files are rarely replaced in one moment, so one look at a half-changed pair is no disaster.
//! - The certificate of our own making ([`self_signed`]) is kept as long as it is good: clients were told to trust it.
//! - One provider does all cryptography: aws-lc-rs, installed by [`install`] before anything needs it.

pub mod self_signed;

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use parking_lot::{Mutex, RwLock};
use roadstead::{Algorithm, Digest};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::sync::Notify;
use tokio::time::MissedTickBehavior;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// Makes aws-lc-rs the provider of every TLS connection of the process: of our listener, and of the clients of database
/// and storage. A second call changes nothing.
pub fn install() {
    let _ = aws_lc_rs::default_provider().install_default();
}

/// The certificate that is shown, and the files it comes from.
pub struct Certificate {
    files: Files,
    current: RwLock<Arc<CertifiedKey>>,
    /// What the files looked like when they were last read, well or not.
    seen: Mutex<Option<[Stamp; 2]>>,
}

/// The PEM files of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    /// The certificate and those that lead to its authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// What tells one state of a file from another: modification in seconds and nanoseconds, size, inode.
type Stamp = (i64, i64, u64, u64);

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate").field("files", &self.files).finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current.read()))
    }
}

impl Certificate {
    /// Reads the files.
    ///
    /// # Errors
    /// When they cannot be read or do not belong together, with a sentence.
    pub fn load(files: Files) -> Result<Arc<Self>> {
        let seen = files.stamps();
        let current = RwLock::new(Arc::new(files.read()?));
        Ok(Arc::new(Self { files, current, seen: Mutex::new(seen) }))
    }

    /// What accepts connections with it, in HTTP/2 for whoever can.
    ///
    /// # Errors
    /// When the provider cannot do TLS.
    pub fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(self) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Reads the files again when they look different, or always with `is_asked`.
    fn look(&self, is_asked: bool) {
        let stamps = self.files.stamps();
        {
            let mut seen = self.seen.lock();
            if *seen == stamps && !is_asked {
                return;
            }
            *seen = stamps;
        }
        match self.files.read() {
            Ok(read) => {
                let fingerprint = fingerprint(&read);
                *self.current.write() = Arc::new(read);
                tracing::info!(fingerprint, "the certificate was read again");
            }
            Err(error) => {
                let error = format!("{error:#}");
                tracing::error!(error, "the new certificate cannot be used; the old one stays");
            }
        }
    }

    /// Looks at the files every second, and whenever `asked` says so, until `stop`.
    pub async fn follow(self: Arc<Self>, asked: Arc<Notify>, stop: CancellationToken) {
        let mut turns = tokio::time::interval(LOOK);
        turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let is_asked = tokio::select! {
                _ = turns.tick() => false,
                () = asked.notified() => true,
                () = stop.cancelled() => return,
            };
            let this = Arc::clone(&self);
            let looked = tokio::task::spawn_blocking(move || this.look(is_asked)).await;
            if let Err(error) = looked {
                tracing::error!(%error, "the certificate could not be looked at");
            }
        }
    }

    /// The file of the certificate.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.files.certificate
    }

    /// The SHA-256 of the certificate, as people compare it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.current.read())
    }
}

impl Files {
    /// `None` when one of them is not there.
    fn stamps(&self) -> Option<[Stamp; 2]> {
        let stamp = |path: &Path| -> Option<Stamp> {
            let meta = fs::metadata(path).ok()?;
            Some((meta.mtime(), meta.mtime_nsec(), meta.size(), meta.ino()))
        };
        Some([stamp(&self.certificate)?, stamp(&self.key)?])
    }

    fn read(&self) -> Result<CertifiedKey> {
        let text = |path: &Path, what: &str| {
            fs::read(path).with_context(|| format!("cannot read the {what} in {}", path.display()))
        };
        let certificate = text(&self.certificate, "certificate")?;
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&certificate)
            .collect::<Result<_, _>>()
            .with_context(|| format!("{} is no PEM file", self.certificate.display()))?;
        if chain.is_empty() {
            bail!("{} has no certificate in it", self.certificate.display());
        }
        let key = PrivateKeyDer::from_pem_slice(&text(&self.key, "key")?)
            .with_context(|| format!("{} has no private key in it", self.key.display()))?;
        let provider = aws_lc_rs::default_provider();
        CertifiedKey::from_der(chain, key, &provider).with_context(|| {
            format!(
                "the certificate in {} and the key in {} cannot be used together",
                self.certificate.display(),
                self.key.display()
            )
        })
    }
}

fn fingerprint(key: &CertifiedKey) -> String {
    let first = key.cert.first().map(AsRef::as_ref).unwrap_or_default();
    Digest::of(Algorithm::Sha256, first).hex().to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn write(folder: &Path, name: &str) -> (String, String) {
        let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).unwrap();
        let pair = (made.cert.pem(), made.signing_key.serialize_pem());
        fs::write(folder.join("cert.pem"), &pair.0).unwrap();
        fs::write(folder.join("key.pem"), &pair.1).unwrap();
        pair
    }

    fn files(folder: &Path) -> Files {
        Files { certificate: folder.join("cert.pem"), key: folder.join("key.pem") }
    }

    #[test]
    fn a_changed_pair_is_taken_and_a_broken_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "one.example");
        let certificate = Certificate::load(files(folder.path())).unwrap();
        let first = certificate.fingerprint();
        certificate.look(false);
        assert_eq!(certificate.fingerprint(), first);

        let (_, other_key) = write(folder.path(), "two.example");
        certificate.look(false);
        let second = certificate.fingerprint();
        assert_ne!(second, first);

        // A new certificate whose key has not come yet, no certificate, none at all: the old one stays.
        write(folder.path(), "three.example");
        fs::write(folder.path().join("key.pem"), other_key).unwrap();
        certificate.look(true);
        assert_eq!(certificate.fingerprint(), second);
        fs::write(folder.path().join("cert.pem"), "nothing").unwrap();
        certificate.look(false);
        fs::remove_file(folder.path().join("cert.pem")).unwrap();
        certificate.look(false);
        assert_eq!(certificate.fingerprint(), second);

        write(folder.path(), "four.example");
        certificate.look(false);
        assert_ne!(certificate.fingerprint(), second);
    }

    #[test]
    fn what_is_wrong_at_the_start_is_told_in_a_sentence() {
        let folder = tempfile::tempdir().unwrap();
        let said = || format!("{:#}", Certificate::load(files(folder.path())).unwrap_err());
        assert!(said().contains("cannot read the certificate in"), "{}", said());
        write(folder.path(), "one.example");
        fs::write(folder.path().join("key.pem"), "").unwrap();
        assert!(said().contains("has no private key in it"), "{}", said());
        fs::write(folder.path().join("cert.pem"), "").unwrap();
        assert!(said().contains("has no certificate in it"), "{}", said());
    }
}
