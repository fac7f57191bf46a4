//! The document of the management API (OpenAPI 3.1), written from `operation::ALL` and the types of
//! bodies: what is served and what is documented cannot differ. A snapshot of it is checked in.

use roadstead_app::api;
use roadstead_app::i18n::Locale;
use utoipa::PartialSchema as _;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ComponentsBuilder, HttpMethod, InfoBuilder, OpenApi, OpenApiBuilder, PathItem, PathsBuilder,
    Ref, RefOr, Required, Response, ResponseBuilder, ResponsesBuilder, Schema,
};

use super::argument::{Kind, Param};
use super::operation::{ALL, Group, Operation, Shape, Verb};

const JSON: &str = "application/json";
/// The scheme that signed operations name.
const SIGNED: &str = "signature";
/// The schema of refusals.
const REFUSAL: &str = "Refusal";

/// What every refusal says; SWR's clients read one or another of its members.
#[derive(utoipa::ToSchema)]
#[allow(dead_code, reason = "only its schema is used")]
struct Refusal {
    errors: Vec<RefusalEntry>,
    #[schema(rename = "errorCode")]
    error_code_camel: String,
    #[schema(rename = "errorMessage")]
    error_message_camel: String,
    /// `SVCSTG.SWR.` with status and number, or `APIGW.` with a number.
    error_code: String,
    /// A sentence for people.
    error_msg: String,
    /// Under which the server's log tells more.
    request_id: String,
}

/// One of the members of a refusal.
#[derive(utoipa::ToSchema)]
#[allow(dead_code, reason = "only its schema is used")]
struct RefusalEntry {
    #[schema(rename = "errorCode")]
    error_code: String,
    #[schema(rename = "errorMessage")]
    error_message: String,
    /// The field that is wrong, or a word for the cause; may be empty.
    detail: String,
}

/// The document as text, with a line end.
///
/// # Errors
/// None that could happen: the document is JSON.
pub fn text() -> roadstead::Result<String> {
    let mut text = serde_json::to_string_pretty(&document()).map_err(roadstead::Error::internal)?;
    text.push('\n');
    Ok(text)
}

/// The document.
pub(super) fn document() -> OpenApi {
    let mut paths = PathsBuilder::new();
    let mut schemas: Vec<(String, RefOr<Schema>)> = Vec::new();
    add(&mut schemas, REFUSAL, Refusal::schema());
    add(&mut schemas, "RefusalEntry", RefusalEntry::schema());
    for operation in ALL {
        for shape in operation.body.iter().chain(&operation.answer).filter(|shape| !shape.is_text) {
            add(&mut schemas, &(shape.name)(), (shape.schema)());
            let mut nested = Vec::new();
            (shape.nested)(&mut nested);
            nested.into_iter().for_each(|(name, schema)| add(&mut schemas, &name, schema));
        }
        let method = match operation.verb {
            Verb::Get => HttpMethod::Get,
            Verb::Post => HttpMethod::Post,
            Verb::Patch => HttpMethod::Patch,
            Verb::Delete => HttpMethod::Delete,
        };
        paths = paths.path(operation.path, PathItem::new(method, described(operation)));
    }
    schemas.sort_by(|one, other| one.0.cmp(&other.0));
    let mut components = ComponentsBuilder::new();
    for (name, schema) in schemas {
        components = components.schema(name, schema);
    }
    let about = "`SDK-HMAC-SHA256 Access=…, SignedHeaders=…, Signature=…`: signed with an access key, as the SDKs of \
                 Huawei Cloud do it.";
    let key = ApiKey::Header(ApiKeyValue::with_description("Authorization", about));
    let group = |group: &Group| {
        let title = api::group(Locale::en, group.as_str()).unwrap_or_default();
        TagBuilder::new().name(group.as_str()).description(Some(title)).build()
    };
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title(api::name(Locale::en))
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(api::about(Locale::en)))
                .build(),
        )
        .paths(paths)
        .components(Some(components.security_scheme(SIGNED, SecurityScheme::ApiKey(key)).build()))
        .tags(Some(Group::ALL.iter().map(group)))
        .build()
}

fn add(schemas: &mut Vec<(String, RefOr<Schema>)>, name: &str, schema: RefOr<Schema>) {
    if !schemas.iter().any(|(known, _)| known == name) {
        schemas.push((name.to_owned(), schema));
    }
}

fn described(operation: &Operation) -> utoipa::openapi::path::Operation {
    let mut built = OperationBuilder::new()
        .operation_id(Some(operation.name))
        .summary(Some(api::title(Locale::en, operation.name).unwrap_or_default()))
        .tag(operation.group.as_str())
        .responses(responses(operation));
    for name in operation.parameters() {
        built = built.parameter(in_path(name));
    }
    for param in operation.query {
        built = built.parameter(in_query(param));
    }
    if let Some(body) = operation.body {
        let content = ContentBuilder::new().schema(Some(shaped(&body, true))).build();
        let body = RequestBodyBuilder::new().content(JSON, content).required(Some(Required::True));
        built = built.request_body(Some(body.build()));
    }
    if operation.is_signed {
        let nothing: [&str; 0] = [];
        built = built.security(SecurityRequirement::new(SIGNED, nothing));
    }
    built.build()
}

/// The schema of a body by its name.
fn shaped(shape: &Shape, is_given: bool) -> RefOr<Schema> {
    let one = if shape.is_text {
        RefOr::T(Schema::Object(ObjectBuilder::new().schema_type(Type::String).build()))
    } else {
        RefOr::Ref(Ref::from_schema_name((shape.name)()))
    };
    if !shape.is_list {
        return one;
    }
    let mut list = ArrayBuilder::new().items(one);
    if is_given {
        list = list.min_items(Some(1)).max_items(Some(100));
    }
    RefOr::T(Schema::Array(list.build()))
}

fn in_path(name: &str) -> utoipa::openapi::path::Parameter {
    let text = |most: usize| ObjectBuilder::new().schema_type(Type::String).max_length(Some(most));
    let like = |most: usize, pattern: &str| text(most).pattern(Some(pattern));
    let words = |words: &[&str]| {
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words.to_vec()))
    };
    let (about, schema, example) = match name {
        "namespace" => {
            let schema = like(64, r"^[a-z][a-z0-9]*((\.|_|__|-+)[a-z0-9]+)*$");
            ("The organization.", schema, "demo")
        }
        "repository" => {
            let schema = like(128, r"^[a-z0-9]+((\.|_|__|-+|\$)[a-z0-9]+)*$");
            ("The image, with `$` for each `/` of its name.", schema, "team$web")
        }
        "tag" => ("The tag.", like(128, "^[A-Za-z0-9_][A-Za-z0-9._-]*$"), "v1"),
        "access_domain" => {
            let schema = like(32, "^[A-Za-z]").min_length(Some(3));
            ("Name of the account that it is shared with.", schema, "island")
        }
        "project_id" => ("Id of a project of one's own.", text(64), "{project_id}"),
        "api_version" => ("The version.", words(&["v2", "v3"]), "v2"),
        "resource_type" => (
            "`store`: bytes stored; `downflow`: bytes pulled.",
            words(&["store", "downflow"]),
            "store",
        ),
        _ => ("By day or by month.", words(&["daily", "monthly"]), "daily"),
    };
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(about))
        .schema(Some(schema))
        .example(Some(example.into()))
        .build()
}

fn in_query(param: &Param) -> utoipa::openapi::path::Parameter {
    #[allow(clippy::cast_precision_loss, reason = "bounds are small, or no bounds at all")]
    let number = |value: u64| value as f64;
    let schema = match param.kind {
        Kind::Text(most) => ObjectBuilder::new().schema_type(Type::String).max_length(Some(most)),
        Kind::Integer(least, most) => ObjectBuilder::new()
            .schema_type(Type::Integer)
            .minimum(Some(number(least)))
            .maximum((most <= u64::from(u32::MAX)).then(|| number(most))),
        Kind::Flag => ObjectBuilder::new().schema_type(Type::Boolean),
        Kind::Word(words) => {
            ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words.to_vec()))
        }
        Kind::Filter => ObjectBuilder::new().schema_type(Type::String),
    };
    let required = if param.is_required { Required::True } else { Required::False };
    ParameterBuilder::new()
        .name(param.name)
        .parameter_in(ParameterIn::Query)
        .required(required)
        .description(Some(param.about))
        .schema(Some(schema))
        .build()
}

/// Statuses of refusals, in order.
pub(super) fn refusals(operation: &Operation) -> Vec<u16> {
    let mut all = vec![405];
    all.extend(operation.refusals);
    if operation.parameters().next().is_some() {
        all.push(404);
    }
    if operation.is_signed {
        all.extend([400, 401, 403, 413, 429, 500, 503, 507]);
    }
    all.sort_unstable();
    all.dedup();
    all
}

/// What a status means here, in a few words.
pub(super) const fn meaning(status: u16) -> &'static str {
    match status {
        200 => "Done; the body answers",
        201 => "Made or changed",
        204 => "Done",
        400 => "A field, parameter or quota; the message names it",
        401 => "Not signed, or not with a key that is in use",
        403 => "You may see it, but not do this",
        404 => "Not there, or not yours to see",
        405 => "Not with this method",
        406 => "Images are left in the organization",
        409 => "It is there already, or changed meanwhile",
        413 => "The body is larger than 1 MiB",
        429 => "Too many requests",
        503 => "Busy; try again",
        507 => "The registry's disk is full",
        _ => "A fault of the server; the log tells more under the request's id",
    }
}

fn responses(operation: &Operation) -> utoipa::openapi::Responses {
    let mut success = ResponseBuilder::new().description(meaning(operation.status));
    if let Some(answer) = operation.answer {
        let content = ContentBuilder::new().schema(Some(shaped(&answer, false))).build();
        success = success.content(JSON, content);
    }
    for name in operation.headers {
        let text = ObjectBuilder::new().schema_type(Type::String);
        success = success.header(*name, HeaderBuilder::new().schema(text).build());
    }
    let mut all = ResponsesBuilder::new().response(operation.status.to_string(), success.build());
    for status in refusals(operation) {
        all = all.response(status.to_string(), refusal(status));
    }
    all.build()
}

fn refusal(status: u16) -> Response {
    let schema = RefOr::Ref(Ref::from_schema_name(REFUSAL));
    ResponseBuilder::new()
        .description(meaning(status))
        .content(JSON, ContentBuilder::new().schema(Some(schema)).build())
        .build()
}
