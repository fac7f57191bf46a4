//! What the console gives as a file.

use axum::Form;
use axum::body::Body;
use axum::extract::{FromRequest as _, Query, Request, State};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::StreamExt as _;
use http::{HeaderValue, StatusCode, header};
use roadstead::access::AccessKeyId;
use roadstead::error::Subject;
use roadstead::manage::audit::{AuditEvent, AuditFilter};
use roadstead::{Error, ErrorKind, UserName};
use roadstead_app::audit::{csv_columns, csv_cut, resource_type, sentence, source};
use roadstead_app::i18n::Locale;
use roadstead_app::link;
use roadstead_service::access::Holder;
use roadstead_service::audit::Exported;
use serde::Deserialize;

use super::console::{self, Visit};
use super::{Doors, csrf, csv};

/// The audit log as CSV; the filter is the address's query, as [`AuditFilter`] is written.
pub const AUDIT: &str = "/console/audit.csv";

/// The file of a new access key, which is given once.
pub const CREDENTIALS: &str = roadstead_app::page::credentials::new_key::FILE;

/// The events that match, the last recorded first, as they are read.
pub(crate) async fn audit(State(doors): State<Doors>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let visit = match console::visit(&doors, &parts).await {
        Ok(visit) => visit,
        Err(response) => return response,
    };
    let Visit { context, language } = visit;
    let locale = if language == "zh-CN" { Locale::zh_CN } else { Locale::en };
    let Ok(Query(filter)) = Query::<AuditFilter>::try_from_uri(&parts.uri) else {
        let error =
            Error::invalid(Subject::Page, "the address asks for something that events do not have");
        return console::refused(&parts, error);
    };
    let exported = match doors.service().audit_log().export(&context, filter).await {
        Ok(exported) => exported,
        Err(error) => return console::refused(&parts, error),
    };
    let mut head = csv::BYTE_ORDER_MARK.to_owned();
    csv::push_line(&mut head, csv_columns(locale));
    let head = futures::stream::once(async move { Ok(Bytes::from(head)) });
    let lines = exported.map(move |part| {
        let mut text = String::new();
        match part.inspect_err(|error| tracing::error!(%error, "an export broke off"))? {
            Exported::Events(events) => {
                for event in &events {
                    push_event(&mut text, locale, event);
                }
            }
            Exported::Cut => csv::push_line(&mut text, [csv_cut(locale)]),
        }
        Ok::<_, Error>(Bytes::from(text))
    });
    let now = context.now();
    let (year, month, day, hour, minute, _) = now.civil(0);
    let name = format!(
        "attachment; filename=\"audit-{year:04}{month:02}{day:02}-{hour:02}{minute:02}.csv\""
    );
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("attachment")),
        ),
    ];
    (headers, Body::from_stream(head.chain(lines))).into_response()
}

fn push_event(text: &mut String, locale: Locale, event: &AuditEvent) {
    let record = event.record();
    // Words of another version of the program stay as they are.
    let what = event.name.parse().map_or("", |name| sentence(locale, name));
    let kind = event
        .resource_type
        .parse()
        .map_or(event.resource_type.as_str(), |kind| resource_type(locale, kind));
    let place = event.source.parse().map_or(event.source.as_str(), |place| source(locale, place));
    csv::push_line(
        text,
        [
            record.time.as_str(),
            &record.trace_name,
            what,
            kind,
            place,
            &record.resource_id,
            &record.resource_name,
            &record.trace_rating,
            &event.operator,
            &record.source_ip,
            &record.code,
            &record.trace_id,
            &record.request,
        ],
    );
}

/// Which access key, as its dialog's form says.
#[derive(Deserialize)]
struct KeyForm {
    #[serde(default)]
    user: String,
    id: AccessKeyId,
    #[serde(default)]
    page: String,
}

/// `credentials.csv` of a key that this session has just made. Asked for twice, or too late, it leads back to the dialog,
/// which says so.
pub(crate) async fn credentials(State(doors): State<Doors>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let address = doors.address(&parts);
    let request = match csrf::check(Request::from_parts(parts, body), &address).await {
        Ok(request) => request,
        Err((parts, error)) => return console::refused(&parts, error),
    };
    let (parts, body) = request.into_parts();
    let visit = match console::visit(&doors, &parts).await {
        Ok(visit) => visit,
        Err(response) => return response,
    };
    let request = Request::from_parts(parts.clone(), body);
    let Ok(Form(form)) = Form::<KeyForm>::from_request(request, &()).await else {
        let error = Error::invalid(Subject::Credential, "the form names no access key");
        return console::refused(&parts, error);
    };
    let user = Some(form.user.trim()).filter(|user| !user.is_empty()).map(str::parse::<UserName>);
    let user = match user.transpose() {
        Ok(user) => user,
        Err(error) => return console::refused(&parts, error),
    };
    let whose = user.as_ref().map_or(Holder::Me, Holder::User);
    let given =
        doors.service().credentials().access_key_file(&visit.context, whose, &form.id).await;
    match given.and_then(|key| key.file()) {
        Ok(file) => {
            let headers = [
                (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
                (header::CACHE_CONTROL, "no-store"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"credentials.csv\""),
            ];
            (headers, file).into_response()
        }
        Err(error) if matches!(error.kind(), ErrorKind::Conflict | ErrorKind::NotFound) => {
            let page = link::safe_next(Some(&form.page));
            let query = [("dialog", "new-key"), ("item", form.id.as_str())];
            let to = link::with_query(&page, query);
            (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
        }
        Err(error) => console::refused(&parts, error),
    }
}
