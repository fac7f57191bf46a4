//! Somebody who asks the management API: every request signed with an access key, as SWR's SDK does it.

use http::{Method, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use roadstead::Timestamp;
use roadstead::access::{SecretKey, sign};
use roadstead::manage::credential::NewAccessKey;
use roadstead::{AccountName, UserName};
use roadstead_service::access::Holder;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::app::{LISTEN, TestApp};
use super::client::{Client, Reply};

const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

#[derive(Clone)]
pub struct Signed {
    client: Client,
    pub access_key: String,
    pub secret_key: SecretKey,
    pub now: Timestamp,
    pub project: Option<String>,
}

impl TestApp {
    /// Somebody with a new access key; `name` is `acme` or `acme/reader`.
    pub async fn signed(&self, name: &str) -> Signed {
        let (account, user) = match name.split_once('/') {
            Some((account, user)) => (account, Some(user.parse::<UserName>().unwrap())),
            None => (name, None),
        };
        let account: AccountName = account.parse().unwrap();
        let whose = Holder::Of(&account, user.as_ref());
        let context = self.house.command_line();
        let credentials = self.house.service.credentials();
        let new = NewAccessKey::default();
        let key = credentials.create_access_key(&context, whose, new, None).await.unwrap();
        Signed {
            client: self.anonymous(),
            access_key: key.id.to_string(),
            secret_key: key.secret_key.reveal().parse().unwrap(),
            now: self.house.ports.now(),
            project: None,
        }
    }
}

fn escaped(bytes: &[u8]) -> String {
    percent_encode(bytes, PLAIN).to_string()
}

impl Signed {
    /// The value of `Authorization` and the headers beside it.
    pub fn headers(&self, method: &str, target: &str, body: &[u8]) -> Vec<(String, String)> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let decoded: Vec<u8> = percent_decode_str(path).collect();
        let parts: Vec<String> = decoded.split(|byte| *byte == b'/').map(escaped).collect();
        let mut path = parts.join("/");
        if !path.ends_with('/') {
            path.push('/');
        }
        let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .map(|(name, value)| {
                (percent_decode_str(name).collect(), percent_decode_str(value).collect())
            })
            .collect();
        pairs.sort();
        let query: Vec<String> = pairs
            .iter()
            .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)))
            .collect();
        let (year, month, day, hour, minute, second) = self.now.civil(0);
        let date = format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z");
        let mut headers = vec![
            ("content-type".to_owned(), "application/json".to_owned()),
            ("host".to_owned(), LISTEN.to_owned()),
            ("user-agent".to_owned(), "test".to_owned()),
        ];
        headers.extend(self.project.iter().map(|id| ("x-project-id".to_owned(), id.clone())));
        headers.push(("x-sdk-date".to_owned(), date.clone()));
        let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
        let names = names.join(";");
        let lines: String =
            headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let hash = hex::encode(Sha256::digest(body));
        let canonical = format!("{method}\n{path}\n{}\n{lines}\n{names}\n{hash}", query.join("&"));
        let hash = hex::encode(Sha256::digest(canonical));
        let signature = sign(&self.secret_key, &format!("SDK-HMAC-SHA256\n{date}\n{hash}"));
        headers.retain(|(name, _)| name != "host");
        headers.push((
            header::AUTHORIZATION.to_string(),
            format!(
                "SDK-HMAC-SHA256 Access={}, SignedHeaders={names}, Signature={}",
                self.access_key,
                hex::encode(signature)
            ),
        ));
        headers
    }

    /// Sends a request as it is signed, with changes on the way.
    pub async fn raw(
        &self,
        method: &str,
        target: &str,
        headers: &[(String, String)],
        body: &str,
    ) -> Reply {
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let method: Method = method.parse().unwrap();
        self.client.send(method, target, &headers, body.to_owned()).await
    }

    pub async fn text(&self, method: &str, target: &str, body: &str) -> Reply {
        let headers = self.headers(method, target, body.as_bytes());
        self.raw(method, target, &headers, body).await
    }

    pub async fn get(&self, target: &str) -> Reply {
        self.text("GET", target, "").await
    }

    pub async fn send(&self, method: &str, target: &str, body: Value) -> Reply {
        self.text(method, target, &body.to_string()).await
    }

    pub async fn post(&self, target: &str, body: Value) -> Reply {
        self.send("POST", target, body).await
    }

    pub async fn patch(&self, target: &str, body: Value) -> Reply {
        self.send("PATCH", target, body).await
    }

    pub async fn delete(&self, target: &str) -> Reply {
        self.text("DELETE", target, "").await
    }
}
