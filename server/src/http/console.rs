//! The console's door: pages, and the server functions that pages call.
//!
//! Per request a [`Backend`] is made — session, actor, profile, address — and given to the app as [`ConsolePort`], both
//! while a page renders and when the browser calls afterwards.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures::StreamExt as _;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use http_body_util::{BodyExt as _, Collected, Limited};
use leptos::prelude::provide_context;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use roadstead::access::{Actor, UserActor};
use roadstead::error::Subject;
use roadstead::manage::overview::NavCounts;
use roadstead::manage::profile::Profile;
use roadstead::manage::setting::AnnouncementLevel;
use roadstead::{Error, ErrorKind, Result, Timestamp};
use roadstead_app::port::{ConsoleBackend, ConsolePort};
use roadstead_app::viewer::{Announcement, SessionSpan, Site, choose_language};
use roadstead_app::{ConsoleError, markdown, shell};
use roadstead_service::{Context, Service};
use tower_sessions::Session;

use super::session::{self, SignedIn};
use super::{Doors, asset, csrf, request};

/// Address of server functions; the app's `#[server(prefix = …)]` says the same.
pub const CALL: &str = "/console/call/{*name}";

/// Where a live page hears what changes.
pub const EVENTS: &str = "/console/events";

/// A call that no person caused: it does not count as activity of the session.
pub const BACKGROUND: HeaderName = HeaderName::from_static("x-background");

/// A stream ends after this long; the browser opens it again, with its cookie looked at anew.
const STREAM: Duration = Duration::from_secs(300);

/// Where a password is changed.
const PASSWORD_PAGE: &str = "/account/password";

/// Sessions around the console's routes, and `Secure` on their cookies when they came by TLS.
pub fn surround(router: Router, doors: &Doors) -> Router {
    let sessions =
        session::layer(doors.store().clone(), Arc::clone(&doors.service().ports().clock));
    router.layer(sessions).layer(from_fn_with_state(doors.clone(), secure_cookies))
}

async fn secure_cookies(State(doors): State<Doors>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let is_https = doors.address(&parts).is_https;
    let mut response = next.run(Request::from_parts(parts, body)).await;
    if is_https && response.headers().contains_key(header::SET_COOKIE) {
        let cookies: Vec<_> =
            response.headers().get_all(header::SET_COOKIE).iter().cloned().collect();
        response.headers_mut().remove(header::SET_COOKIE);
        for cookie in cookies {
            let text = cookie.to_str().unwrap_or_default();
            let secured = if text.contains("; Secure") {
                cookie
            } else {
                HeaderValue::from_str(&format!("{text}; Secure")).unwrap_or(cookie)
            };
            response.headers_mut().append(header::SET_COOKIE, secured);
        }
    }
    response
}

/// A redirect after which the browser asks with GET.
pub(crate) fn to(path: &str) -> Response {
    (StatusCode::FOUND, [(header::LOCATION, path)]).into_response()
}

/// A page, or the redirect to where this visitor must go first.
pub(crate) async fn page(doors: Doors, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let backend = match Backend::build(&doors, &parts).await {
        Ok(backend) => backend,
        Err(error) => return broken(&parts, &error),
    };
    if let Some(response) = backend.detour(&parts) {
        return response;
    }
    let is_head = parts.method == Method::HEAD;
    let cookie = backend.token.is_new.then(|| backend.csrf_cookie());
    let port = ConsolePort(Arc::new(backend));
    let render = leptos_axum::render_app_async_with_context(
        move || provide_context(port.clone()),
        || shell(asset::assets()),
    );
    let mut response = render(Request::from_parts(parts, body)).await;
    if let Some(cookie) = cookie.and_then(|cookie| HeaderValue::from_str(&cookie).ok()) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    if is_head {
        *response.body_mut() = Body::empty();
    }
    response
}

/// A server function.
pub(crate) async fn call(State(doors): State<Doors>, request: Request) -> Response {
    let known =
        server_fn::axum::get_server_fn_service(request.uri().path(), request.method().clone());
    if known.is_none() {
        return StatusCode::NOT_FOUND.into_response();
    }
    let (parts, body) = request.into_parts();
    let address = doors.address(&parts);
    let request = match csrf::check(Request::from_parts(parts, body), &address).await {
        Ok(request) => request,
        Err((parts, error)) => return refused(&parts, error),
    };
    let (parts, body) = request.into_parts();
    let backend = match Backend::build(&doors, &parts).await {
        Ok(backend) => backend,
        Err(error) => return refused(&parts, error),
    };
    if backend.must_change_password() && !is_open_before_password(parts.uri.path()) {
        return if wants_html(&parts) { to(PASSWORD_PAGE) } else { password_first(&parts) };
    }
    let port = ConsolePort(Arc::new(backend));
    let request = Request::from_parts(parts, body);
    let answer =
        leptos_axum::handle_server_fns_with_context(move || provide_context(port.clone()), request);
    let mut response = with_status(answer.await.into_response()).await;
    response
        .headers_mut()
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    response
}

/// What changes, of what this visitor sees, as server-sent events of [`News`](roadstead::manage::news::News); begins after
/// `last-event-id` or `?after=`.
pub(crate) async fn events(State(doors): State<Doors>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    parts.headers.insert(BACKGROUND, HeaderValue::from_static("1"));
    let backend = match Backend::build(&doors, &parts).await {
        Ok(backend) => backend,
        Err(error) => return refused(&parts, error),
    };
    if backend.must_change_password() {
        return password_first(&parts);
    }
    let asked = parts.uri.query().and_then(|query| {
        query.split('&').find_map(|pair| pair.strip_prefix("after=")).map(str::to_owned)
    });
    let last = parts.headers.get("last-event-id").and_then(|value| value.to_str().ok());
    let after = last.map(str::to_owned).or(asked);
    let followed = doors.service().news().follow(&backend.context, after.as_deref(), STREAM).await;
    let stream = match followed {
        Ok(stream) => stream.map(|news| {
            let event = Event::default().id(news.cursor.clone()).json_data(&news);
            Ok::<_, Infallible>(event.unwrap_or_default())
        }),
        Err(error) => return refused(&parts, error),
    };
    let mut response = Sse::new(stream)
        .keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
        .into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Proxies that buffer would keep events to themselves.
    headers.insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

/// Who visits, for what the console gives beside pages and calls.
pub(super) struct Visit {
    /// Who asks, from where.
    pub(super) context: Context,
    /// In which language: `en` or `zh-CN`.
    pub(super) language: &'static str,
}

/// Looks the visitor up, as for a call.
///
/// # Errors
/// The answer, when they must choose a password first or could not be looked up.
pub(super) async fn visit(doors: &Doors, parts: &Parts) -> std::result::Result<Visit, Response> {
    let backend = Backend::build(doors, parts).await.map_err(|error| refused(parts, error))?;
    if backend.must_change_password() {
        return Err(password_first(parts));
    }
    let preference = backend.profile.as_ref().and_then(|profile| profile.preferences.language);
    let accepted = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    let language = choose_language(
        csrf::cookie(&parts.headers, "rs_lang"),
        preference.map_or("", |language| language.as_str()),
        accepted,
        &backend.site.default_language,
    );
    Ok(Visit { context: backend.context, language })
}

fn password_first(parts: &Parts) -> Response {
    let message = "choose a password of your own first, on the page of your account";
    refused(parts, Error::new(ErrorKind::Denied, Subject::Password, message))
}

/// What may be called while a password that somebody else chose must be changed: changing it, going away, and reading the
/// page in one's own language.
fn is_open_before_password(path: &str) -> bool {
    matches!(path.rsplit('/').next(), Some("password" | "signout" | "appearance"))
}

/// An input that cannot be read is refused by the framework, as 500: gives such an error the status of its kind.
async fn with_status(response: Response) -> Response {
    if response.status() != StatusCode::INTERNAL_SERVER_ERROR {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let body =
        Limited::new(body, 64 << 10).collect().await.map(Collected::to_bytes).unwrap_or_default();
    if let Ok(error) = serde_json::from_slice::<ConsoleError>(&body)
        && let Ok(status) = StatusCode::from_u16(error.status())
    {
        parts.status = status;
    }
    Response::from_parts(parts, Body::from(body))
}

/// A call that is refused before it reaches its function: data for WASM, a sentence for plain forms.
pub(super) fn refused(parts: &Parts, error: Error) -> Response {
    let id = request::id(&parts.extensions).to_owned();
    log(&id, &error);
    let error = ConsoleError { request_id: Some(id), ..ConsoleError::from(error) };
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if wants_html(parts) {
        return (status, format!("{error}\n")).into_response();
    }
    let mut response = (status, axum::Json(&error)).into_response();
    // By this header the client knows that the body is an error of ours.
    if let Ok(path) = HeaderValue::from_str(parts.uri.path()) {
        response.headers_mut().insert(HeaderName::from_static("serverfnerror"), path);
    }
    response
}

/// The page when even the visitor could not be looked up: mostly a database that does not answer.
fn broken(parts: &Parts, error: &Error) -> Response {
    let id = request::id(&parts.extensions);
    log(id, error);
    let text =
        format!("The console cannot reach its database. Try again in a moment.\nRequest {id}\n");
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "5")], text).into_response()
}

fn log(id: &str, error: &Error) {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    tracing::warn!(request_id = id, kind = ?error.kind(), cause, "console: {error}");
}

fn wants_html(parts: &Parts) -> bool {
    parts
        .headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|accept| accept.contains("text/html"))
}

/// One console request.
struct Backend {
    doors: Doors,
    session: Session,
    context: Context,
    profile: Option<Profile>,
    counts: NavCounts,
    site: Site,
    token: csrf::Token,
    agent: String,
    span: Option<SessionSpan>,
}

impl Backend {
    async fn build(doors: &Doors, parts: &Parts) -> Result<Self> {
        let service = doors.service();
        let session = parts.extensions.get::<Session>().cloned().ok_or_else(|| {
            Error::new(ErrorKind::Internal, Subject::Session, "the session layer is missing")
        })?;
        let now = service.ports().now();
        let is_background = parts.headers.contains_key(BACKGROUND);
        let mut span = None;
        let actor = match session::read(&session, now, !is_background).await? {
            Some(signed_in) => {
                span = Some(signed_in.span(now));
                match service.sessions().actor_of(signed_in.user).await? {
                    Some(user) => Actor::User(user),
                    // Disabled or deleted since: the session is good for nothing.
                    None => {
                        session::end(&session).await?;
                        span = None;
                        Actor::Anonymous
                    }
                }
            }
            None => Actor::Anonymous,
        };
        let mut context = doors.context(parts, actor, None);
        context.session = session.id().map(|id| session::digest(&id));
        let profile = match context.actor.user() {
            Some(_) => Some(service.sessions().profile(&context).await?),
            None => None,
        };
        // A call changes something or asks one thing: only pages have a navigation.
        let counts = match context.actor.user() {
            Some(_) if !parts.uri.path().starts_with("/console/") => {
                service.overview().nav_counts(&context).await?
            }
            _ => NavCounts::default(),
        };
        let site = site(service, &context).await?;
        let agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        Ok(Self {
            doors: doors.clone(),
            session,
            context,
            profile,
            counts,
            site,
            token: csrf::Token::of(&parts.headers, service.ports()),
            agent: agent.unwrap_or_default().chars().take(256).collect(),
            span,
        })
    }

    /// Where this visitor must go before the page they asked for.
    fn detour(&self, parts: &Parts) -> Option<Response> {
        let path = parts.uri.path();
        if self.site.needs_setup {
            return (path != "/setup").then(|| to("/setup"));
        }
        let Some(profile) = &self.profile else {
            let is_open = matches!(path, "/signin" | "/setup");
            return (!is_open).then(|| to(&sign_in_address(parts)));
        };
        if profile.must_change_password && path != PASSWORD_PAGE {
            return Some(to(PASSWORD_PAGE));
        }
        (path == "/signin").then(|| to("/overview"))
    }

    fn must_change_password(&self) -> bool {
        self.profile.as_ref().is_some_and(|profile| profile.must_change_password)
    }

    fn csrf_cookie(&self) -> String {
        format!("{}={}; Path=/; HttpOnly; SameSite=Lax", csrf::COOKIE, self.token.value)
    }
}

/// `/signin`, with the way back.
fn sign_in_address(parts: &Parts) -> String {
    /// As much as keeps the address readable.
    const KEPT: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    let next = parts.uri.path_and_query().map_or("/", |all| all.as_str());
    if next.starts_with("//") || next == "/overview" {
        return "/signin".to_owned();
    }
    format!("/signin?next={}", utf8_percent_encode(next, KEPT))
}

/// Facts of the registry for this request.
async fn site(service: &Service, context: &Context) -> Result<Site> {
    let settings = service.settings_cell().current();
    let is_signed_in = context.actor.user().is_some();
    // Who is signed in has an account: set-up is over, and the sign-in form is not shown.
    let needs_setup = !is_signed_in && service.setup().is_needed().await?;
    let only_account =
        if is_signed_in || needs_setup { None } else { service.sessions().only_account().await? };
    Ok(Site {
        name: settings.site_name.value.clone(),
        host: context.address.host.clone(),
        plain_http: !context.address.is_https,
        region: settings.region.value.clone(),
        region_name: settings.region_name.value.clone(),
        regions: 1,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        max_layer_bytes: settings.max_layer_bytes.value,
        max_concurrent_layers: settings.max_concurrent_layers.value,
        internal: settings.internal_address.value.as_ref().map(ToString::to_string),
        announcement: settings.announcement_at(context.now()).map(|(level, text)| Announcement {
            is_warning: level == AnnouncementLevel::Warning,
            html: markdown::to_html(text),
        }),
        needs_setup,
        only_account: only_account.map(|name| name.to_string()),
        default_language: settings
            .language
            .value
            .map(|language| language.as_str())
            .unwrap_or_default()
            .to_owned(),
        is_secure: context.address.is_https,
    })
}

#[async_trait]
impl ConsoleBackend for Backend {
    fn context(&self) -> Context {
        self.context.clone()
    }

    fn service(&self) -> Service {
        self.doors.service().clone()
    }

    fn site(&self) -> Site {
        self.site.clone()
    }

    fn profile(&self) -> Option<Profile> {
        self.profile.clone()
    }

    fn counts(&self) -> NavCounts {
        self.counts
    }

    fn session(&self) -> Option<SessionSpan> {
        self.span
    }

    fn csrf_token(&self) -> String {
        self.token.value.clone()
    }

    async fn start_session(&self, user: &UserActor, keep: bool) -> Result<()> {
        let now: Timestamp = self.context.now();
        let signed_in = SignedIn {
            user: user.user,
            account: user.account,
            since: now,
            seen: now,
            is_kept: keep,
            address: self.context.client_text(),
            agent: self.agent.clone(),
        };
        session::begin(&self.session, &signed_in).await
    }

    async fn end_session(&self) -> Result<()> {
        self.doors.service().sessions().sign_out(&self.context).await?;
        session::end(&self.session).await
    }
}
