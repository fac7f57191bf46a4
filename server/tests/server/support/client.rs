//! Somebody who asks: the real router by `oneshot`, with a credential or a cookie jar.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use base64::Engine as _;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use http_body_util::BodyExt as _;
use roadstead_server::http::forwarded::Peer;
use serde_json::Value;
use tower::ServiceExt as _;

#[derive(Clone)]
pub struct Client {
    router: Router,
    authorization: Option<String>,
    host: String,
    peer: Option<Peer>,
    headers: Vec<(String, String)>,
    cookies: BTreeMap<String, String>,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Reply {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    /// The body, if it is JSON.
    pub fn json_if(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The code of the first OCI error.
    pub fn code(&self) -> String {
        self.json()["errors"][0]["code"].as_str().unwrap_or_default().to_owned()
    }

    /// Status and, for errors of the registry, the code.
    pub fn word(&self) -> String {
        match self.status.as_u16() {
            status @ ..400 => status.to_string(),
            status if self.body.is_empty() => status.to_string(),
            status => match serde_json::from_slice::<Value>(&self.body) {
                Ok(body) if body["errors"][0]["code"].is_string() => {
                    format!("{status} {}", self.code())
                }
                Ok(body) if body["kind"].is_string() => {
                    format!("{status} {}", body["kind"].as_str().unwrap())
                }
                _ => status.to_string(),
            },
        }
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{:?}\n{}", self.headers, self.text());
        self
    }
}

impl Client {
    pub fn new(router: Router) -> Self {
        Self {
            router,
            authorization: None,
            host: super::app::LISTEN.to_owned(),
            peer: None,
            headers: Vec::new(),
            cookies: BTreeMap::new(),
        }
    }

    pub fn basic(mut self, name: &str, password: &str) -> Self {
        let encoded =
            base64::engine::general_purpose::STANDARD.encode(format!("{name}:{password}"));
        self.authorization = Some(format!("Basic {encoded}"));
        self
    }

    pub fn bearer(mut self, token: &str) -> Self {
        self.authorization = Some(format!("Bearer {token}"));
        self
    }

    pub fn host(mut self, host: &str) -> Self {
        self.host = host.to_owned();
        self
    }

    /// As the listener would say where the request comes from.
    pub fn from(mut self, address: &str, is_tls: bool) -> Self {
        let address = std::net::SocketAddr::new(address.parse().unwrap(), 4711);
        self.peer = Some(Peer { address, is_tls });
        self
    }

    /// A header on every request.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    pub fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, &[], Body::empty()).await
    }

    pub async fn head(&self, path: &str) -> Reply {
        self.send(Method::HEAD, path, &[], Body::empty()).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, &[], Body::empty()).await
    }

    pub async fn post(&self, path: &str, body: impl Into<Body>) -> Reply {
        self.send(Method::POST, path, &[], body).await
    }

    pub async fn put(&self, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Reply {
        self.send(Method::PUT, path, headers, body).await
    }

    /// Sends a request. Paths may be whole addresses, as `Location` has them.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Reply {
        let path =
            path.split_once("://").map_or(path, |(_, rest)| &rest[rest.find('/').unwrap()..]);
        let mut request =
            http::Request::builder().method(method).uri(path).header(header::HOST, &self.host);
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        if !self.cookies.is_empty() {
            let cookies: Vec<_> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        let own = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in headers.iter().copied().chain(own) {
            request = request.header(name, value);
        }
        if let Some(peer) = self.peer {
            request = request.extension(peer);
        }
        let request = request.body(body.into()).unwrap();
        let response = Box::pin(self.router.clone().oneshot(request)).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Reply { status: parts.status, headers: parts.headers, body }
    }

    /// As a browser: keeps the cookies of the answer.
    pub async fn visit(&mut self, path: &str) -> Reply {
        let reply = self.send(Method::GET, path, &[("accept", "text/html")], Body::empty()).await;
        self.keep(&reply);
        reply
    }

    /// As a browser without WASM: posts a form with the token of the page before.
    pub async fn submit(&mut self, call: &str, fields: &[(&str, &str)]) -> Reply {
        self.submit_from("/signin", call, fields).await
    }

    /// The same from the page at `page`, to which a refused form leads back.
    pub async fn submit_from(&mut self, page: &str, call: &str, fields: &[(&str, &str)]) -> Reply {
        let page = format!("http://127.0.0.1:5000{page}");
        let token = self.cookie("rs_csrf").unwrap_or_default().to_owned();
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.append_pair("_csrf", &token);
        for (name, value) in fields {
            form.append_pair(name, value);
        }
        let headers = [
            ("accept", "text/html"),
            ("content-type", "application/x-www-form-urlencoded"),
            ("referer", page.as_str()),
            ("sec-fetch-site", "same-origin"),
        ];
        let reply = self
            .send(Method::POST, &format!("/console/call/{call}"), &headers, form.finish())
            .await;
        self.keep(&reply);
        reply
    }

    /// Signs in to the console as a plain form does it; `name` is `ACCOUNT` or `ACCOUNT/USER`.
    pub async fn sign_in(&mut self, name: &str, password: &str) -> Reply {
        self.visit("/signin").await.expect(200);
        let (account, user) = name.split_once('/').unwrap_or((name, ""));
        self.submit("signin", &[("account", account), ("user", user), ("password", password)]).await
    }

    fn keep(&mut self, reply: &Reply) {
        for cookie in reply.headers.get_all(header::SET_COOKIE) {
            let text = cookie.to_str().unwrap();
            let (pair, attributes) = text.split_once(';').unwrap_or((text, ""));
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") || value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}
