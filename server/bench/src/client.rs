//! A registry client that does what clients do and nothing more: one connection, Basic or Bearer as the challenge says.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use bytes::Bytes;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use sha2::Digest as _;
use tokio::net::TcpStream;

/// Media type of the manifests that are pushed.
pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// What clients say they take.
const ACCEPT: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
     application/vnd.docker.distribution.manifest.v2+json, \
     application/vnd.docker.distribution.manifest.list.v2+json";

/// Bytes to push: a unique beginning and a part of the run's random bytes, so that no two are alike and none is copied.
#[derive(Debug, Clone)]
pub(crate) struct Blob {
    pub(crate) head: Bytes,
    pub(crate) tail: Bytes,
    pub(crate) digest: String,
}

impl Blob {
    pub(crate) fn new(head: Bytes, tail: Bytes) -> Self {
        let mut hasher = sha2::Sha256::new();
        hasher.update(&head);
        hasher.update(&tail);
        let digest = format!("sha256:{}", hex(&hasher.finalize()));
        Self { head, tail, digest }
    }

    pub(crate) const fn len(&self) -> usize {
        self.head.len() + self.tail.len()
    }

    /// The bytes from `start` to `end`, without copying them.
    pub(crate) fn part(&self, start: usize, end: usize) -> Body {
        let middle = self.head.len();
        let head = self.head.slice(start.min(middle)..end.min(middle));
        let tail = self.tail.slice(start.saturating_sub(middle)..end.saturating_sub(middle));
        Body(vec![head, tail])
    }

    pub(crate) fn whole(&self) -> Body {
        self.part(0, self.len())
    }
}

/// What `sha256:` is followed by.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A request's body, in pieces.
#[derive(Debug, Clone, Default)]
pub(crate) struct Body(pub(crate) Vec<Bytes>);

type Stream = StreamBody<
    futures::stream::Iter<std::vec::IntoIter<Result<Frame<Bytes>, std::convert::Infallible>>>,
>;

impl Body {
    fn len(&self) -> usize {
        self.0.iter().map(Bytes::len).sum()
    }

    fn stream(&self) -> Stream {
        let frames: Vec<_> = self
            .0
            .iter()
            .filter(|piece| !piece.is_empty())
            .map(|piece| Ok(Frame::data(piece.clone())))
            .collect();
        StreamBody::new(futures::stream::iter(frames))
    }
}

#[derive(Debug, Clone)]
enum Scheme {
    Unknown,
    Basic,
    Bearer { realm: String, service: String },
}

/// A server that is measured.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) authority: String,
    /// Its process.
    pub(crate) pid: i32,
    basic: Option<String>,
    scheme: Mutex<Scheme>,
    tokens: Mutex<HashMap<String, String>>,
}

impl Target {
    pub(crate) fn new(
        name: &'static str,
        authority: String,
        pid: i32,
        login: Option<(&str, &str)>,
    ) -> Arc<Self> {
        let basic = login.map(|(user, password)| {
            let text =
                base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
            format!("Basic {text}")
        });
        let (scheme, tokens) = (Mutex::new(Scheme::Unknown), Mutex::default());
        Arc::new(Self { name, authority, pid, basic, scheme, tokens })
    }
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// How many bytes came.
    pub(crate) length: u64,
    /// They themselves, when they were asked for.
    pub(crate) bytes: Bytes,
}

/// One connection.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) target: Arc<Target>,
    sender: Option<SendRequest<Stream>>,
}

/// A request without its scopes.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    method: Method,
    path: String,
    headers: Vec<(HeaderName, String)>,
    body: Body,
    keeps: bool,
}

impl Ask {
    pub(crate) fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), headers: Vec::new(), body: Body::default(), keeps: false }
    }

    pub(crate) fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// Keep the answer's bytes.
    pub(crate) const fn keep(mut self) -> Self {
        self.keeps = true;
        self
    }
}

impl Client {
    pub(crate) fn new(target: &Arc<Target>) -> Self {
        Self { target: Arc::clone(target), sender: None }
    }

    /// Sends a request with the authorization that its scopes need, which is fetched when it is missing.
    pub(crate) async fn ask(&mut self, ask: Ask, scopes: &[String]) -> Result<Answer> {
        for _ in 0..2 {
            let scheme = self.target.scheme.lock().clone();
            let authorization = match &scheme {
                Scheme::Unknown => None,
                Scheme::Basic => self.target.basic.clone(),
                Scheme::Bearer { realm, service } => {
                    Some(self.token(realm, service, scopes).await?)
                }
            };
            let response = self.send(&ask, authorization.as_deref()).await?;
            if response.status() != 401 {
                return read(response, ask.keeps).await;
            }
            let challenges: Vec<String> = response
                .headers()
                .get_all(header::WWW_AUTHENTICATE)
                .iter()
                .filter_map(|value| value.to_str().ok().map(str::to_owned))
                .collect();
            read(response, false).await?;
            self.target.tokens.lock().remove(&scopes.join(" "));
            let bearer = challenges.iter().find(|text| text.starts_with("Bearer "));
            *self.target.scheme.lock() = match bearer {
                Some(text) => Scheme::Bearer {
                    realm: parameter(text, "realm").context("a challenge without a realm")?,
                    service: parameter(text, "service").unwrap_or_default(),
                },
                None => Scheme::Basic,
            };
        }
        bail!("{}: {} {} is refused", self.target.name, ask.method, ask.path)
    }

    async fn token(&self, realm: &str, service: &str, scopes: &[String]) -> Result<String> {
        let key = scopes.join(" ");
        if let Some(known) = self.target.tokens.lock().get(&key) {
            return Ok(known.clone());
        }
        let rest = realm.strip_prefix("http://").context("a realm that is not http")?;
        let path = rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/");
        let mut query = format!("service={service}");
        for scope in scopes {
            query.push_str("&scope=");
            query.push_str(scope);
        }
        let ask = Ask::new(Method::GET, format!("{path}?{query}"));
        // As clients do: the token service is another server for all they know.
        let mut fresh = Self::new(&self.target);
        let response = fresh.send(&ask, self.target.basic.as_deref()).await?;
        let answer = read(response, true).await?;
        let body: serde_json::Value = serde_json::from_slice(&answer.bytes)?;
        let token = body.get("token").and_then(|token| token.as_str()).context("no token")?;
        let token = format!("Bearer {token}");
        self.target.tokens.lock().insert(key, token.clone());
        Ok(token)
    }

    async fn send(&mut self, ask: &Ask, authorization: Option<&str>) -> Result<Response<Incoming>> {
        for attempt in 0..2 {
            let mut sender = match self.sender.take() {
                Some(sender) if attempt == 0 && !sender.is_closed() => sender,
                _ => connect(&self.target.authority).await?,
            };
            sender.ready().await?;
            let mut request = Request::builder()
                .method(ask.method.clone())
                .uri(&ask.path)
                .header(header::HOST, &self.target.authority)
                .header(header::CONTENT_LENGTH, ask.body.len());
            for (name, value) in &ask.headers {
                request = request.header(name, HeaderValue::from_str(value)?);
            }
            if let Some(value) = authorization {
                request = request.header(header::AUTHORIZATION, value);
            }
            match sender.send_request(request.body(ask.body.stream())?).await {
                Ok(response) => {
                    self.sender = Some(sender);
                    return Ok(response);
                }
                // The server may end an idle connection while it is used again.
                Err(error) if attempt == 0 && (error.is_canceled() || error.is_closed()) => {}
                Err(error) => return Err(error.into()),
            }
        }
        bail!("{} ends connections", self.target.name)
    }

    /// One request; its status must be one of `wanted`.
    pub(crate) async fn expect(
        &mut self,
        ask: Ask,
        scopes: &[String],
        wanted: &[u16],
    ) -> Result<Answer> {
        let what = format!("{} {}", ask.method, ask.path);
        let answer = self.ask(ask, scopes).await?;
        if !wanted.contains(&answer.status) {
            bail!("{}: {what}: {}", self.target.name, answer.status);
        }
        Ok(answer)
    }

    pub(crate) async fn has_blob(
        &mut self,
        repository: &str,
        digest: &str,
        scopes: &[String],
    ) -> Result<bool> {
        let ask = Ask::new(Method::HEAD, format!("/v2/{repository}/blobs/{digest}"));
        Ok(self.expect(ask, scopes, &[200, 404]).await?.status == 200)
    }

    /// Opens an upload; answers where to go on.
    pub(crate) async fn start(&mut self, repository: &str, scopes: &[String]) -> Result<String> {
        let ask = Ask::new(Method::POST, format!("/v2/{repository}/blobs/uploads/"));
        location(&self.expect(ask, scopes, &[202]).await?)
    }

    pub(crate) async fn finish(
        &mut self,
        place: &str,
        digest: &str,
        body: Body,
        scopes: &[String],
    ) -> Result<()> {
        let mark = if place.contains('?') { '&' } else { '?' };
        let ask = Ask::new(Method::PUT, format!("{place}{mark}digest={digest}")).body(body);
        self.expect(ask, scopes, &[201]).await.map(drop)
    }

    /// Pushes a blob in chunks of `chunk` bytes, or in one.
    pub(crate) async fn push(
        &mut self,
        repository: &str,
        blob: &Blob,
        chunk: Option<usize>,
        scopes: &[String],
    ) -> Result<()> {
        let mut place = self.start(repository, scopes).await?;
        let step = chunk.unwrap_or(blob.len()).max(1);
        let mut start = 0;
        while start < blob.len() {
            let end = (start + step).min(blob.len());
            let mut ask = Ask::new(Method::PATCH, place).body(blob.part(start, end));
            if chunk.is_some() {
                ask = ask.header(header::CONTENT_RANGE, format!("{start}-{}", end - 1));
            }
            place = location(&self.expect(ask, scopes, &[202]).await?)?;
            start = end;
        }
        self.finish(&place, &blob.digest, Body::default(), scopes).await
    }

    pub(crate) async fn put_manifest(
        &mut self,
        repository: &str,
        reference: &str,
        manifest: &Bytes,
        scopes: &[String],
    ) -> Result<()> {
        let ask = Ask::new(Method::PUT, format!("/v2/{repository}/manifests/{reference}"))
            .header(header::CONTENT_TYPE, MANIFEST)
            .body(Body(vec![manifest.clone()]));
        self.expect(ask, scopes, &[201]).await.map(drop)
    }

    /// A manifest, with `GET` or `HEAD`.
    pub(crate) fn manifest(method: Method, repository: &str, reference: &str) -> Ask {
        Ask::new(method, format!("/v2/{repository}/manifests/{reference}"))
            .header(header::ACCEPT, ACCEPT)
    }
}

async fn connect(authority: &str) -> Result<SendRequest<Stream>> {
    let stream = TcpStream::connect(authority).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) =
        Builder::new().max_buf_size(512 * 1024).handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender)
}

async fn read(response: Response<Incoming>, keeps: bool) -> Result<Answer> {
    let (parts, mut body) = response.into_parts();
    let mut answer = Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        length: 0,
        bytes: Bytes::new(),
    };
    if keeps {
        answer.bytes = body.collect().await?.to_bytes();
        answer.length = answer.bytes.len() as u64;
        return Ok(answer);
    }
    while let Some(frame) = body.frame().await {
        if let Some(piece) = frame?.data_ref() {
            answer.length += piece.len() as u64;
        }
    }
    Ok(answer)
}

/// The path of a `Location`, whether it is absolute or not.
fn location(answer: &Answer) -> Result<String> {
    let text = answer.headers.get(header::LOCATION).context("no Location")?.to_str()?;
    Ok(path_of(text).to_owned())
}

/// The path and query of an address.
pub(crate) fn path_of(address: &str) -> &str {
    match address.split_once("://") {
        Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"),
        None => address,
    }
}

fn parameter(challenge: &str, name: &str) -> Option<String> {
    let (_, rest) = challenge.split_once(&format!("{name}=\""))?;
    rest.split('"').next().map(str::to_owned)
}
