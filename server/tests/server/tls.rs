//! HTTPS by the real binary: with files that change while it runs, and with a certificate of its own making.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Empty;
use hyper_util::rt::{TokioExecutor, TokioIo};
use nix::sys::signal::Signal;
use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::support::app::PASSWORD;
use crate::support::process::{Roadstead, roadstead};

/// A new pair in the folder; returns the certificate, which is its own authority.
fn write_pair(folder: &Path) -> String {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    // Not in one moment, as it is in life: the first look may find halves that do not belong together.
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    std::fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
    made.cert.pem()
}

fn start(data: &Path, settings: &[(&str, &str)]) -> Roadstead {
    let mut command = roadstead(data);
    command.env("ROADSTEAD_SETUP_ACCOUNT", "acme").env("ROADSTEAD_SETUP_PASSWORD", PASSWORD);
    command.envs(settings.iter().copied());
    Roadstead::spawn(command)
}

/// A handshake as a client that trusts `authority` and nothing else.
async fn connect(
    address: &str,
    name: &str,
    authority: &str,
    protocol: &[u8],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![protocol.to_vec()];
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from(name.to_owned()).unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await
}

/// Tries until a client that trusts `authority` is let in.
async fn comes_to_show(address: &str, authority: &str) {
    let shown = tokio::time::timeout(Duration::from_secs(30), async {
        while connect(address, "localhost", authority, b"http/1.1").await.is_err() {
            tokio::task::yield_now().await;
        }
    });
    shown.await.unwrap();
}

#[tokio::test]
async fn a_new_certificate_is_shown_without_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let first = write_pair(folder.path());
    let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
    let server = start(
        folder.path(),
        &[
            ("ROADSTEAD_TLS_CERT", certificate.to_str().unwrap()),
            ("ROADSTEAD_TLS_KEY", key.to_str().unwrap()),
        ],
    );
    assert!(server.greeting.contains("ready on https://127.0.0.1:"), "{}", server.greeting);
    let kept = connect(&server.address, "localhost", &first, b"http/1.1").await.unwrap();
    // By itself, as certbot leaves it; and at once, when it is told.
    let second = write_pair(folder.path());
    comes_to_show(&server.address, &second).await;
    let third = write_pair(folder.path());
    server.signal(Signal::SIGHUP);
    comes_to_show(&server.address, &third).await;
    assert!(connect(&server.address, "localhost", &first, b"http/1.1").await.is_err());
    drop(kept);
    assert!(server.stop().success());
}

#[tokio::test]
async fn http_2_is_spoken_to_who_asks_for_it_and_a_stop_is_graceful() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path(), &[("ROADSTEAD_TLS", "self-signed")]);
    let authority = std::fs::read_to_string(folder.path().join("tls/certificate.pem")).unwrap();
    let stream = connect(&server.address, "localhost", &authority, b"h2").await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"h2".as_slice()));
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    let connection = tokio::spawn(connection);
    let uri = format!("https://{}/v2/", server.address);
    let request = http::Request::get(uri).body(Empty::<bytes::Bytes>::new()).unwrap();
    let answer = sender.send_request(request).await.unwrap();
    assert_eq!(answer.version(), http::Version::HTTP_2);
    assert_eq!(answer.status(), 401);
    let challenge = answer.headers()["www-authenticate"].to_str().unwrap().to_owned();
    assert!(challenge.contains(&format!("https://{}/token", server.address)), "{challenge}");
    // The connection is idle, so it is given leave at once.
    let stopped = tokio::task::spawn_blocking(move || server.stop());
    connection.await.unwrap().unwrap();
    assert!(stopped.await.unwrap().success());
}

#[tokio::test]
async fn a_certificate_of_its_own_is_kept_and_explained() {
    let folder = tempfile::tempdir().unwrap();
    let settings =
        [("ROADSTEAD_TLS", "self-signed"), ("ROADSTEAD_EXTRA_HOSTS", "registry.lan:5000")];
    let server = start(folder.path(), &settings);
    let fingerprint = server.says("SHA-256");
    for step in ["/etc/docker/certs.d/", "/etc/containers/certs.d/", "containerd", "curl --cacert"]
    {
        server.says(step);
    }
    let path = folder.path().join("tls/certificate.pem");
    let authority = std::fs::read_to_string(&path).unwrap();
    for name in ["localhost", "127.0.0.1", "registry.lan"] {
        connect(&server.address, name, &authority, b"http/1.1").await.unwrap();
    }
    assert!(server.stop().success());
    let server = start(folder.path(), &settings);
    assert_eq!(server.says("SHA-256"), fingerprint);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), authority);
}

#[tokio::test]
async fn who_does_not_come_to_a_handshake_is_cut() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [("ROADSTEAD_TLS", "self-signed"), ("ROADSTEAD_HTTP_HEADER_TIMEOUT", "1")];
    let server = start(folder.path(), &settings);
    // Nothing, half a greeting, and plain HTTP.
    for said in [b"".as_slice(), &[22, 3, 1, 2, 0, 1], b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"] {
        let mut stream = TcpStream::connect(&server.address).await.unwrap();
        stream.write_all(said).await.unwrap();
        let mut answer = Vec::new();
        let ended = stream.read_to_end(&mut answer);
        let _ = tokio::time::timeout(Duration::from_secs(60), ended).await.unwrap();
        assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    }
    let authority = std::fs::read_to_string(folder.path().join("tls/certificate.pem")).unwrap();
    connect(&server.address, "localhost", &authority, b"http/1.1").await.unwrap();
}

#[test]
fn a_certificate_that_cannot_be_used_stops_the_start_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let output = roadstead(folder.path())
        .arg("serve")
        .env("ROADSTEAD_TLS_CERT", "/nowhere/cert.pem")
        .env("ROADSTEAD_TLS_KEY", "/nowhere/key.pem")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(said.contains("cannot read the certificate in /nowhere/cert.pem"), "{said}");
}

#[tokio::test]
async fn without_tls_a_hangup_does_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path(), &[]);
    server.signal(Signal::SIGHUP);
    assert_eq!(reqwest::get(server.url("/healthz")).await.unwrap().status(), 200);
    assert!(server.stop().success());
}
