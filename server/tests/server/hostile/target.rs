//! The real binary, to write bytes to.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::app::PASSWORD;
use crate::support::process::{Http, Roadstead, roadstead, run_well};
use crate::support::remains::files;

/// What the server may ever hold, in bytes; the test binary has no optimisations.
const MEMORY: u64 = 160 << 20;
/// Seconds after which the server under test gives up on a client that sends nothing.
const SILENCE: &str = "3";

/// The real binary on a folder of its own, with the organization `docks`.
pub struct Target {
    pub server: Roadstead,
    pub http: Http,
    folder: tempfile::TempDir,
    authorization: String,
}

impl Target {
    pub fn new() -> Self {
        use base64::Engine as _;
        let folder = tempfile::tempdir().unwrap();
        drop(Roadstead::start(folder.path()));
        run_well(folder.path(), &["organization", "create", "docks", "--account", "acme"], "");
        let mut command = roadstead(folder.path());
        command.env("ROADSTEAD_HTTP_IDLE_TIMEOUT", SILENCE);
        command.env("ROADSTEAD_HTTP_HEADER_TIMEOUT", SILENCE);
        let server = Roadstead::spawn(command);
        let http = Http::new(&server);
        let credential = format!("acme:{PASSWORD}");
        let authorization = base64::engine::general_purpose::STANDARD.encode(credential);
        Self {
            server,
            http,
            folder,
            authorization: format!("Authorization: Basic {authorization}"),
        }
    }

    /// Writes bytes as they are, `@` at the beginning of a line standing for a credential, and reads until the server
    /// closes.
    pub async fn exchange(&self, request: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect().await;
        let bytes = self.filled(request.as_ref());
        // The server may answer and close before it has read everything.
        let _ = stream.write_all(&bytes).await;
        read_all(&mut stream).await
    }

    pub async fn connect(&self) -> TcpStream {
        TcpStream::connect(&self.server.address).await.unwrap()
    }

    /// The bytes of a request with the credential filled in.
    pub fn filled(&self, request: &[u8]) -> Vec<u8> {
        let mark = b"\r\n@\r\n";
        match request.windows(mark.len()).position(|window| window == mark) {
            Some(place) => {
                let (before, after) = (&request[..place + 2], &request[place + 3..]);
                [before, self.authorization.as_bytes(), after].concat()
            }
            None => request.to_vec(),
        }
    }

    /// It works, has not grown, and keeps `files` objects.
    pub async fn is_well(&self, expected: usize) {
        let answer = self.http.request("GET", "/v2/").send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(
            files(&self.folder.path().join("objects")),
            expected,
            "something was left behind"
        );
        let peak = self.server.memory_peak();
        assert!(peak < MEMORY, "{} MiB", peak >> 20);
    }
}

/// What comes until the server closes.
pub async fn read_all(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let reading = stream.read_to_end(&mut answer);
    // A reset after the answer is as good as an end.
    let ended = tokio::time::timeout(Duration::from_secs(30), reading).await;
    let text = String::from_utf8_lossy(&answer).into_owned();
    assert!(ended.is_ok(), "the connection stays open: {text}");
    text
}

/// The statuses of the answers that came, in their order.
pub fn statuses(answer: &str) -> Vec<u16> {
    answer
        .match_indices("HTTP/1.")
        .filter(|(at, _)| *at == 0 || answer[..*at].ends_with('\n') || answer[..*at].ends_with('}'))
        .map(|(at, _)| answer[at + 9..at + 12].parse().unwrap())
        .collect()
}
