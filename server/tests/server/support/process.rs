//! The real binary, on a folder of its own and a free port.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use super::app::PASSWORD;

/// Our binary, with nothing of the environment that could change what it does.
pub fn roadstead(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_roadstead"));
    clean(&mut command, data);
    command
}

/// Gives a command the environment of a server whose first account is `acme`.
pub fn clean(command: &mut Command, data: &Path) {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ROADSTEAD_") {
            command.env_remove(name);
        }
    }
    command
        .current_dir(data)
        .env("ROADSTEAD_DATA_DIR", data)
        .env("ROADSTEAD_LISTEN", "127.0.0.1:0")
        .env("ROADSTEAD_LOG", "warn");
}

/// Runs a call of the command line to its end; `input` goes to standard input.
pub fn run(data: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = roadstead(data)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A call that refuses its arguments may be gone before it reads.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// As [`run`], for calls that must work.
#[track_caller]
pub fn run_well(data: &Path, arguments: &[&str], input: &str) -> String {
    let output = run(data, arguments, input);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A running server. Killed when dropped.
pub struct Roadstead {
    child: Child,
    /// What it printed until it was ready, and the line after.
    pub greeting: String,
    /// `127.0.0.1:PORT`.
    pub address: String,
    lines: std::sync::Mutex<std::sync::mpsc::Receiver<String>>,
}

impl Roadstead {
    /// A server whose first account `acme` is made at the first start.
    pub fn start(data: &Path) -> Self {
        let mut command = roadstead(data);
        command.env("ROADSTEAD_SETUP_ACCOUNT", "acme").env("ROADSTEAD_SETUP_PASSWORD", PASSWORD);
        Self::spawn(command)
    }

    /// Starts a command whose last arguments are made by the caller, up to `serve`.
    pub fn spawn(mut command: Command) -> Self {
        let mut child = command.arg("serve").stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut greeting = String::new();
        let address = loop {
            let mut line = String::new();
            let read = output.read_line(&mut line).unwrap();
            assert!(read > 0, "the server ended before it was ready: {greeting}");
            greeting.push_str(&line);
            if let Some(url) = line.trim().strip_prefix("roadstead is ready on ") {
                break url.split_once("://").unwrap().1.to_owned();
            }
        };
        // Who prints must never wait for somebody who reads.
        let (tell, lines) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                let _ = tell.send(line);
            }
        });
        Self { child, greeting, address, lines: std::sync::Mutex::new(lines) }
    }

    /// The next line on standard output that has `text` in it.
    pub fn says(&self, text: &str) -> String {
        let lines = self.lines.lock().unwrap();
        loop {
            let line = lines.recv_timeout(std::time::Duration::from_secs(30)).unwrap();
            if line.contains(text) {
                return line;
            }
        }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// At once, as power loss does it to a process.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// As `systemctl stop` does it. Returns the exit status.
    pub fn stop(self) -> std::process::ExitStatus {
        self.signal(nix::sys::signal::Signal::SIGTERM);
        self.wait()
    }

    /// The exit status, when it ends by itself.
    pub fn wait(mut self) -> std::process::ExitStatus {
        self.child.wait().unwrap()
    }

    /// As [`Roadstead::stop`], when the command that was spawned runs the server as its child.
    pub fn stop_child(mut self) -> std::process::ExitStatus {
        let id = self.child.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
        let child = nix::unistd::Pid::from_raw(
            children.split_whitespace().next().unwrap().parse().unwrap(),
        );
        nix::sys::signal::kill(child, nix::sys::signal::Signal::SIGTERM).unwrap();
        self.child.wait().unwrap()
    }

    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        let id = nix::unistd::Pid::from_raw(i32::try_from(self.child.id()).unwrap());
        nix::sys::signal::kill(id, signal).unwrap();
    }

    /// Most memory that it ever held, in bytes.
    pub fn memory_peak(&self) -> u64 {
        peak(self.id())
    }
}

/// `VmHWM` of a process, in bytes.
pub fn peak(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

impl Drop for Roadstead {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client of the real server: as `acme` with Basic.
pub struct Http {
    client: reqwest::Client,
    base: String,
}

impl Http {
    pub fn new(server: &Roadstead) -> Self {
        let client =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { client, base: format!("http://{}", server.address) }
    }

    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().unwrap();
        self.client
            .request(method, format!("{}{path}", self.base))
            .basic_auth("acme", Some(PASSWORD))
    }

    /// `POST`, then `PUT` with everything. The status of the `PUT`, or nothing when the connection broke.
    pub async fn push_blob(&self, image: &str, blob: Vec<u8>) -> Option<u16> {
        let start =
            self.request("POST", &format!("/v2/{image}/blobs/uploads/")).send().await.ok()?;
        let location = start.headers().get("location")?.to_str().unwrap().to_owned();
        let path = super::image::with_digest(&location, &blob);
        Some(self.request("PUT", &path).body(blob).send().await.ok()?.status().as_u16())
    }
}
