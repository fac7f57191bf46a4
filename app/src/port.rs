//! What only the server's door can do for the console, and what it tells about the request.
//!
//! The server implements [`ConsoleBackend`] per request and provides [`ConsolePort`] as Leptos context in *both*
//! `leptos_routes_with_context` and `handle_server_fns_with_context`, beside the `http::request::Parts` and
//! `ResponseOptions` that `leptos_axum` provides. Everything else — cookies of appearance, notices, kept form fields,
//! statuses, redirects — is done here with those two.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::StatusCode;
use http::header::{
    ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, COOKIE, HeaderName, HeaderValue, SET_COOKIE,
};
use http::request::Parts;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use roadstead::access::UserActor;
use roadstead::manage::overview::NavCounts;
use roadstead::manage::profile::{Preferences, Profile};
use roadstead::{ErrorKind, Subject};
use roadstead_service::Service;
use roadstead_service::context::Context;
use serde::{Deserialize, Serialize};

use crate::error::ConsoleError;
use crate::notice::{Done, Notice};
use crate::viewer::{SessionSpan, Site, Viewer, choose_language, parse_theme, theme_word};

/// The server's side of one console request. One implementation in the server, one in tests.
#[async_trait::async_trait]
pub trait ConsoleBackend: Send + Sync {
    /// Who asks, from where, under which request id.
    fn context(&self) -> Context;
    /// The use cases.
    fn service(&self) -> Service;
    /// Facts of the registry for this request: host of commands, region, whether set-up is needed.
    fn site(&self) -> Site;
    /// Profile of the signed-in user, loaded with the session; `None` when nobody is signed in.
    fn profile(&self) -> Option<Profile>;
    /// Numbers beside the entries of the navigation, loaded with the session.
    fn counts(&self) -> NavCounts;
    /// How long this session lasts, after what this request counted as activity; `None` when nobody is signed in.
    fn session(&self) -> Option<SessionSpan>;
    /// The token that this browser's forms (`_csrf`) and calls (`x-csrf-token`) must carry. Stable while the page lives.
    fn csrf_token(&self) -> String;
    /// Starts a session for `user` under a new session id. `keep` makes it outlive the browser.
    ///
    /// # Errors
    /// When the session cannot be stored.
    async fn start_session(&self, user: &UserActor, keep: bool) -> roadstead::Result<()>;
    /// Ends this session.
    ///
    /// # Errors
    /// When the session cannot be removed.
    async fn end_session(&self) -> roadstead::Result<()>;
}

/// The backend in Leptos context.
#[derive(Clone)]
pub struct ConsolePort(pub Arc<dyn ConsoleBackend>);

/// The port of this request.
///
/// # Errors
/// Internal, when the server did not provide it.
pub fn port() -> Result<ConsolePort, ConsoleError> {
    use_context::<ConsolePort>().ok_or_else(|| {
        ConsoleError::new(
            ErrorKind::Internal,
            Subject::Request,
            "the console is not connected to the server",
        )
    })
}

impl ConsolePort {
    /// The use cases.
    #[must_use]
    pub fn service(&self) -> Service {
        self.0.service()
    }

    /// Who asks, from where.
    #[must_use]
    pub fn context(&self) -> Context {
        self.0.context()
    }

    /// Translates a domain error, adds the request id, logs causes once, and gives calls from WASM their status.
    /// Plain forms keep their redirect; pages get their status from [`set_page_status`].
    #[must_use]
    pub fn error(&self, error: roadstead::Error) -> ConsoleError {
        let context = self.0.context();
        if matches!(
            error.kind(),
            ErrorKind::Internal
                | ErrorKind::Corrupt
                | ErrorKind::Unavailable
                | ErrorKind::StorageFull
        ) {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(request_id = %context.request_id, kind = ?error.kind(), cause, "console: {error}");
        }
        let error =
            ConsoleError { request_id: Some(context.request_id), ..ConsoleError::from(error) };
        if is_call() && !is_plain_form() {
            set_status(error.status());
        }
        error
    }

    /// Ends a mutating call well. A plain form is redirected with the notice in a cookie; WASM gets both as data.
    ///
    /// # Errors
    /// Never; the type fits the end of a server function.
    pub fn done(&self, to: Option<String>, notice: Option<Notice>) -> Result<Done, ConsoleError> {
        if is_plain_form() {
            self.leave(&Left { notice: notice.clone(), kept: BTreeMap::new() });
            leptos_axum::redirect(to.as_deref().unwrap_or(&referrer_path()));
        }
        Ok(Done { to, notice })
    }

    /// Keeps what was typed into a plain form that is about to be refused. Never give it a secret.
    pub fn keep(&self, fields: &[(&str, &str)]) {
        if is_plain_form() {
            let kept = fields
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
            self.leave(&Left { notice: None, kept });
        }
    }

    /// Writes a cookie for the whole site. `seconds` of `None` lasts as long as the browser, zero removes it.
    pub fn set_cookie(
        &self,
        name: &str,
        value: &str,
        seconds: Option<u32>,
        is_script_readable: bool,
    ) {
        let age = seconds.map(|seconds| format!("; Max-Age={seconds}")).unwrap_or_default();
        let http_only = if is_script_readable { "" } else { "; HttpOnly" };
        let secure = if self.0.site().is_secure { "; Secure" } else { "" };
        let cookie = format!(
            "{name}={}; Path=/; SameSite=Lax{age}{http_only}{secure}",
            crate::link::encode(value)
        );
        if let (Some(options), Ok(value)) =
            (use_context::<ResponseOptions>(), HeaderValue::from_str(&cookie))
        {
            options.append_header(SET_COOKIE, value);
        }
    }

    fn leave(&self, left: &Left) {
        // A browser holds about 4 KB per cookie; what is longer is not kept rather than cut.
        if let Ok(text) = serde_json::to_string(left)
            && crate::link::encode(&text).len() < 3_800
        {
            self.set_cookie(LEFT_COOKIE, &text, Some(60), false);
        }
    }

    /// Decides how this request is to be shown.
    #[must_use]
    pub fn viewer(&self) -> Viewer {
        let site = self.0.site();
        let profile = self.0.profile();
        let preferences =
            profile.as_ref().map(|profile| profile.preferences.clone()).unwrap_or_default();
        let header = |name: HeaderName| {
            use_context::<Parts>().and_then(|parts| {
                parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
            })
        };
        let language = choose_language(
            cookie("rs_lang").as_deref(),
            preferences.language.map_or("", |language| language.as_str()),
            header(ACCEPT_LANGUAGE).as_deref(),
            &site.default_language,
        );
        let left: Left = cookie(LEFT_COOKIE)
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default();
        if cookie(LEFT_COOKIE).is_some() && !is_call() {
            self.set_cookie(LEFT_COOKIE, "", Some(0), false);
        }
        Viewer {
            language: language.to_owned(),
            theme: cookie("rs_theme")
                .and_then(|word| parse_theme(&word))
                .unwrap_or(preferences.theme),
            offset_minutes: preferences
                .time_zone_minutes
                .or_else(|| cookie("rs_tz").and_then(|text| text.parse().ok()))
                .filter(|minutes| (-1_440..=1_440).contains(minutes))
                .unwrap_or_default(),
            now: self.0.context().now(),
            is_collapsed: cookie("rs_nav").as_deref() == Some("collapsed"),
            preferences,
            counts: self.0.counts(),
            session: profile.as_ref().and_then(|_| self.0.session()),
            news: self.service().news().cursor(),
            profile,
            csrf: self.0.csrf_token(),
            site,
            notice: left.notice,
            kept: left.kept,
        }
    }

    /// Makes the cookies of appearance say what was saved as a preference.
    pub fn follow(&self, preferences: &Preferences) {
        match preferences.language {
            Some(language) => self.set_cookie("rs_lang", language.as_str(), Some(YEAR), true),
            None => self.set_cookie("rs_lang", "", Some(0), true),
        }
        self.set_cookie("rs_theme", theme_word(preferences.theme), Some(YEAR), true);
    }
}

/// A year in seconds.
pub const YEAR: u32 = 31_536_000;

const LEFT_COOKIE: &str = "rs_left";

/// What a plain form leaves for the page after its redirect.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Left {
    notice: Option<Notice>,
    #[serde(default)]
    kept: BTreeMap<String, String>,
}

/// A cookie of this request, decoded.
#[must_use]
pub fn cookie(name: &str) -> Option<String> {
    let parts = use_context::<Parts>()?;
    parts
        .headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .and_then(|(_, value)| percent_encoding::percent_decode_str(value).decode_utf8().ok())
        .map(|value| value.into_owned())
}

/// The request is a call of a server function, not a page.
fn is_call() -> bool {
    use_context::<Parts>().is_some_and(|parts| parts.uri.path().starts_with("/console/call"))
}

/// The call came from a plain HTML form, which must be answered with a redirect.
fn is_plain_form() -> bool {
    is_call()
        && use_context::<Parts>().is_some_and(|parts| {
            parts
                .headers
                .get(ACCEPT)
                .and_then(|value| value.to_str().ok())
                .is_some_and(|v| v.contains("text/html"))
        })
}

/// Path and query of the page that the form was on, without the marks of an earlier refusal.
fn referrer_path() -> String {
    let referrer = use_context::<Parts>()
        .and_then(|parts| {
            parts
                .headers
                .get(http::header::REFERER)
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned)
        })
        .unwrap_or_default();
    let path = referrer
        .split_once("://")
        .and_then(|(_, rest)| rest.find('/').and_then(|start| rest.get(start..)))
        .unwrap_or("/overview");
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| {
            !pair.is_empty() && !pair.starts_with("__err=") && !pair.starts_with("__path=")
        })
        .collect();
    if kept.is_empty() { path.to_owned() } else { format!("{path}?{}", kept.join("&")) }
}

fn set_status(status: u16) {
    if let (Some(options), Ok(status)) =
        (use_context::<ResponseOptions>(), StatusCode::from_u16(status))
    {
        options.set_status(status);
    }
}

/// Gives the page that is being rendered the status of the error it ends with.
pub fn set_page_status(status: u16) {
    if !is_call() {
        set_status(status);
    }
}

/// Headers of a rendered page: the content security policy with this page's nonce (`console.md` A.0.11).
pub fn set_page_headers() {
    let Some(options) = use_context::<ResponseOptions>() else { return };
    let nonce = use_nonce().map(|nonce| format!(" 'nonce-{nonce}'")).unwrap_or_default();
    let policy = format!(
        "default-src 'self'; script-src 'self'{nonce} 'wasm-unsafe-eval'; style-src 'self'{nonce}; \
         img-src 'self' https: data:; connect-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; \
         frame-ancestors 'none'"
    );
    if let Ok(value) = HeaderValue::from_str(&policy) {
        options.insert_header(http::header::CONTENT_SECURITY_POLICY, value);
    }
    options.insert_header(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    // Pages carry the viewer's data: no cache may keep them.
    options.insert_header(http::header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}
