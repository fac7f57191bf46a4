//! The limit server: the least work that anybody has to do for the same exchange. It receives, hashes, writes and
//! `fdatasync`s what is pushed, sends what is pulled with `sendfile`, and keeps everything else in memory. It knows no
//! users, no database and no rules, so nothing that does can be as fast.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use parking_lot::{Mutex, RwLock};
use rustix::fs::sendfile;
use sha2::{Digest as _, Sha256};

use crate::client::{MANIFEST, hex};

/// How much of a body is read at a time.
const BUFFER: usize = 256 * 1024;

struct Upload {
    file: File,
    path: PathBuf,
    hasher: Sha256,
}

/// Bytes and digest.
type Kept = Arc<(Vec<u8>, String)>;

#[derive(Default)]
struct State {
    directory: PathBuf,
    next: AtomicU64,
    uploads: Mutex<HashMap<String, Upload>>,
    blobs: RwLock<HashMap<String, Arc<(File, u64)>>>,
    manifests: RwLock<HashMap<String, Kept>>,
    names: RwLock<BTreeMap<String, BTreeSet<String>>>,
}

/// Serves on a port of its own, which is printed, until standard input ends.
pub(crate) fn serve(directory: &Path) -> Result<()> {
    std::fs::create_dir_all(directory)?;
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut out = io::stdout().lock();
    writeln!(out, "{}", listener.local_addr()?.port())?;
    out.flush()?;
    drop(out);
    std::thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        std::process::exit(0);
    });
    let state = Arc::new(State { directory: directory.to_owned(), ..State::default() });
    for stream in listener.incoming() {
        let (state, stream) = (Arc::clone(&state), stream?);
        std::thread::spawn(move || {
            drop(Connection::new(stream).and_then(|mut it| it.work(&state)))
        });
    }
    Ok(())
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

/// A request's head.
#[derive(Default)]
struct Head {
    method: String,
    path: String,
    query: String,
    length: u64,
    range: Option<(u64, u64)>,
}

impl Head {
    fn parameter(&self, name: &str) -> Option<String> {
        self.query.split('&').find_map(|pair| {
            let (key, value) = pair.split_once('=')?;
            (key == name).then(|| value.replace("%3A", ":").replace("%2F", "/"))
        })
    }

    fn is(&self, method: &str) -> bool {
        self.method == method
    }
}

impl Connection {
    fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; BUFFER], start: 0, end: 0 })
    }

    fn waiting(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    fn fill(&mut self) -> io::Result<bool> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        } else if self.end == self.buffer.len() {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let count = self.stream.read(self.buffer.get_mut(self.end..).unwrap_or_default())?;
        self.end += count;
        Ok(count > 0)
    }

    fn line(&mut self) -> io::Result<Option<String>> {
        loop {
            if let Some(at) = self.waiting().iter().position(|byte| *byte == b'\n') {
                let line = self.waiting().get(..at).unwrap_or_default();
                let line = String::from_utf8_lossy(line).trim_end().to_owned();
                self.start += at + 1;
                return Ok(Some(line));
            }
            if !self.fill()? {
                return Ok(None);
            }
        }
    }

    fn head(&mut self) -> io::Result<Option<Head>> {
        let Some(line) = self.line()? else { return Ok(None) };
        let mut words = line.split(' ');
        let (method, uri) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (path, query) = uri.split_once('?').unwrap_or((uri, ""));
        let mut head = Head {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            ..Head::default()
        };
        while let Some(line) = self.line()?.filter(|line| !line.is_empty()) {
            let Some((name, value)) = line.split_once(':') else { continue };
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                head.length = value.parse().unwrap_or_default();
            } else if name.eq_ignore_ascii_case("range") {
                let ends = value.strip_prefix("bytes=").and_then(|ends| ends.split_once('-'));
                head.range = ends.map(|(first, last)| {
                    (first.parse().unwrap_or_default(), last.parse().unwrap_or(u64::MAX))
                });
            }
        }
        Ok(Some(head))
    }

    fn body(
        &mut self,
        mut left: u64,
        mut take: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        while left > 0 {
            if self.start == self.end && !self.fill()? {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let count = usize::try_from(left).unwrap_or(usize::MAX).min(self.end - self.start);
            take(self.waiting().get(..count).unwrap_or_default())?;
            self.start += count;
            left -= count as u64;
        }
        Ok(())
    }

    fn answer(&mut self, code: &str, headers: &str, body: &[u8], is_head: bool) -> io::Result<()> {
        let length = body.len();
        let mut bytes =
            format!("HTTP/1.1 {code}\r\n{headers}Content-Length: {length}\r\n\r\n").into_bytes();
        if !is_head {
            bytes.extend_from_slice(body);
        }
        self.stream.write_all(&bytes)
    }

    fn empty(&mut self, code: &str, headers: &str) -> io::Result<()> {
        self.answer(code, headers, b"", false)
    }

    fn work(&mut self, state: &State) -> io::Result<()> {
        while let Some(head) = self.head()? {
            let path = head.path.strip_prefix("/v2/").unwrap_or_default().to_owned();
            if path.is_empty() {
                self.empty("200 OK", "")?;
            } else if let Some((name, id)) = path.split_once("/blobs/uploads/") {
                match id {
                    "" => self.open(state, &head, name)?,
                    id => self.receive(state, &head, id)?,
                }
            } else if let Some((_, digest)) = path.split_once("/blobs/") {
                self.blob(state, &head, digest)?;
            } else if let Some((name, reference)) = path.split_once("/manifests/") {
                self.manifest(state, &head, name, reference)?;
            } else {
                self.list(state, &head, &path)?;
            }
        }
        Ok(())
    }

    fn open(&mut self, state: &State, head: &Head, name: &str) -> io::Result<()> {
        let mounted = head.parameter("mount").filter(|it| state.blobs.read().contains_key(it));
        if let Some(digest) = mounted {
            return self.empty("201 Created", &format!("Location: /v2/{name}/blobs/{digest}\r\n"));
        }
        let id = state.next.fetch_add(1, Ordering::Relaxed).to_string();
        let path = state.directory.join(format!("upload-{id}"));
        let file = File::create(&path)?;
        state.uploads.lock().insert(id.clone(), Upload { file, path, hasher: Sha256::new() });
        self.empty("202 Accepted", &format!("Location: /v2/{name}/blobs/uploads/{id}\r\n"))
    }

    fn receive(&mut self, state: &State, head: &Head, id: &str) -> io::Result<()> {
        let Some(mut upload) = state.uploads.lock().remove(id) else {
            return self.empty("404 Not Found", "");
        };
        self.body(head.length, |piece| {
            upload.hasher.update(piece);
            upload.file.write_all(piece)
        })?;
        if head.is("PATCH") {
            state.uploads.lock().insert(id.to_owned(), upload);
            return self.empty("202 Accepted", &format!("Location: {}\r\n", head.path));
        }
        let name = hex(&upload.hasher.finalize());
        let digest = format!("sha256:{name}");
        if head.parameter("digest").as_deref() != Some(&*digest) {
            return self.empty("400 Bad Request", "");
        }
        upload.file.sync_data()?;
        let path = state.directory.join(name);
        std::fs::rename(&upload.path, &path)?;
        let file = File::open(&path)?;
        let length = file.metadata()?.len();
        state.blobs.write().insert(digest.clone(), Arc::new((file, length)));
        self.empty("201 Created", &format!("Docker-Content-Digest: {digest}\r\n"))
    }

    fn blob(&mut self, state: &State, head: &Head, digest: &str) -> io::Result<()> {
        if head.is("DELETE") {
            state.blobs.write().remove(digest);
            let name = digest.trim_start_matches("sha256:");
            drop(std::fs::remove_file(state.directory.join(name)));
            return self.empty("202 Accepted", "");
        }
        let found = state.blobs.read().get(digest).cloned();
        let Some(found) = found else {
            return self.answer("404 Not Found", "", b"", head.is("HEAD"));
        };
        let (file, length) = &*found;
        let (code, start, end) = match head.range {
            Some((first, last)) => {
                ("206 Partial Content", first, last.saturating_add(1).min(*length))
            }
            None => ("200 OK", 0, *length),
        };
        let answer = format!(
            "HTTP/1.1 {code}\r\nContent-Type: application/octet-stream\r\nDocker-Content-Digest: {digest}\r\n\
             Content-Length: {}\r\n\r\n",
            end.saturating_sub(start)
        );
        self.stream.write_all(answer.as_bytes())?;
        if head.is("HEAD") {
            return Ok(());
        }
        let mut offset = start;
        while offset < end {
            let wanted = usize::try_from(end - offset).unwrap_or_default();
            if sendfile(&self.stream, file, Some(&mut offset), wanted)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(())
    }

    fn manifest(
        &mut self,
        state: &State,
        head: &Head,
        name: &str,
        reference: &str,
    ) -> io::Result<()> {
        let key = |reference: &str| format!("{name} {reference}");
        match head.method.as_str() {
            "PUT" => {
                let mut bytes = Vec::new();
                self.body(head.length, |piece| {
                    bytes.extend_from_slice(piece);
                    Ok(())
                })?;
                let file_name = hex(&Sha256::digest(&bytes));
                let mut file = File::create(state.directory.join(format!("manifest-{file_name}")))?;
                file.write_all(&bytes)?;
                file.sync_data()?;
                let digest = format!("sha256:{file_name}");
                let kept = Arc::new((bytes, digest.clone()));
                let mut manifests = state.manifests.write();
                manifests.insert(key(reference), Arc::clone(&kept));
                manifests.insert(key(&digest), kept);
                drop(manifests);
                if !reference.contains(':') {
                    let mut names = state.names.write();
                    names.entry(name.to_owned()).or_default().insert(reference.to_owned());
                }
                self.empty("201 Created", &format!("Docker-Content-Digest: {digest}\r\n"))
            }
            "DELETE" => {
                state.manifests.write().remove(&key(reference));
                self.empty("202 Accepted", "")
            }
            _ => {
                let found = state.manifests.read().get(&key(reference)).cloned();
                match found {
                    Some(kept) => {
                        let headers = format!(
                            "Content-Type: {MANIFEST}\r\nDocker-Content-Digest: {}\r\n",
                            kept.1
                        );
                        self.answer("200 OK", &headers, &kept.0, head.is("HEAD"))
                    }
                    None => self.answer("404 Not Found", "", b"", head.is("HEAD")),
                }
            }
        }
    }

    fn list(&mut self, state: &State, head: &Head, path: &str) -> io::Result<()> {
        let count = head.parameter("n").and_then(|text| text.parse().ok()).unwrap_or(1_000);
        let last = head.parameter("last").unwrap_or_default();
        let after = (Bound::Excluded(last), Bound::Unbounded);
        let names = state.names.read();
        let (word, page): (_, Vec<String>) = match path.strip_suffix("/tags/list") {
            Some(name) => {
                let tags = names.get(name).into_iter();
                (
                    "tags",
                    tags.flat_map(|tags| tags.range(after.clone())).take(count).cloned().collect(),
                )
            }
            None => (
                "repositories",
                names.range(after).take(count).map(|(name, _)| name.clone()).collect(),
            ),
        };
        drop(names);
        let link = match page.last() {
            Some(last) if page.len() == count => {
                format!("Link: <{}?n={count}&last={last}>; rel=\"next\"\r\n", head.path)
            }
            _ => String::new(),
        };
        let body = serde_json::json!({ word: page }).to_string();
        self.answer("200 OK", &link, body.as_bytes(), false)
    }
}
