//! `/docs/api`: the document, to be read by people, in their language. HTML without any script, for everybody.

use std::fmt::Write as _;

use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, header};
use roadstead_app::api;
use roadstead_app::i18n::Locale;
use roadstead_app::viewer::{choose_language, parse_theme, theme_word};
use serde_json::Value;

use super::argument::{Kind, Param};
use super::openapi::{document, refusals};
use super::operation::{ALL, Group, Operation, Shape};
use crate::http::{Doors, asset, csrf};

/// Nothing but our own styles and pictures.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

/// The page.
pub(crate) async fn page(State(doors): State<Doors>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let settings = doors.service().settings_cell().current();
    let site = settings.language.value.map(|language| language.as_str()).unwrap_or_default();
    let asked = parts.uri.query().and_then(|query| query.strip_prefix("lang="));
    let language = choose_language(
        asked.or_else(|| csrf::cookie(&parts.headers, "rs_lang")),
        "",
        text_of(&parts.headers, &header::ACCEPT_LANGUAGE),
        site,
    );
    let theme = csrf::cookie(&parts.headers, "rs_theme").and_then(parse_theme).unwrap_or_default();
    let origin = doors.address(&parts).origin();
    let document = serde_json::to_value(document()).unwrap_or_default();
    let locale = if language == "en" { Locale::en } else { Locale::zh_CN };
    let schemas = document.pointer("/components/schemas").unwrap_or(&Value::Null);
    let page = Page { locale, schemas, html: String::new() };
    let html = page.write(language, theme_word(theme), &origin);
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::VARY, HeaderValue::from_static("accept-language, cookie")),
    ];
    (headers, html).into_response()
}

fn text_of<'a>(headers: &'a HeaderMap, name: &header::HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The page while it is written. Whatever is not ours is escaped.
struct Page<'a> {
    locale: Locale,
    schemas: &'a Value,
    html: String,
}

macro_rules! put {
    ($page:expr, $($text:tt)*) => {
        // Writing into a string does not fail.
        write!($page.html, $($text)*).unwrap_or_default()
    };
}

impl Page<'_> {
    fn write(mut self, language: &str, theme: &str, origin: &str) -> String {
        let locale = self.locale;
        let assets = asset::assets();
        let (name, style) = (api::name(locale), escaped(&assets.style));
        put!(
            self,
            "<!DOCTYPE html><html lang=\"{language}\" dir=\"ltr\" data-theme=\"{theme}\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
             <meta name=\"color-scheme\" content=\"light dark\"><title>{name}</title>\
             <link rel=\"icon\" href=\"/favicon.svg\" type=\"image/svg+xml\"><link rel=\"stylesheet\" href=\"{style}\">\
             </head><body><main class=\"apidoc\"><header class=\"apidoc__head\"><h1>{name}</h1>\
             <ul class=\"apidoc__links\" aria-label=\"{}\"><li><a href=\"?lang=en\" lang=\"en\" hreflang=\"en\">English</a></li>\
             <li><a href=\"?lang=zh-CN\" lang=\"zh-CN\" hreflang=\"zh-CN\">简体中文</a></li>\
             <li><a href=\"/openapi.json\">{}</a></li><li><a href=\"/overview\">{}</a></li></ul></header><p>{}</p>",
            api::language(locale),
            api::document(locale),
            api::console(locale),
            api::about(locale),
        );
        self.hint(api::address(locale), api::address_hint(locale), Some(&escaped(origin)));
        self.hint(api::signing(locale), api::signing_hint(locale), None);
        self.hint(api::names(locale), api::names_hint(locale), None);
        self.hint(api::paging(locale), api::paging_hint(locale), None);
        put!(self, "<nav><h2>{}</h2><ul class=\"apidoc__contents\">", api::contents(locale));
        for operation in ALL {
            let title = api::title(locale, operation.name).unwrap_or_default();
            put!(self, "<li><a href=\"#{}\">{title}</a></li>", operation.name);
        }
        put!(self, "</ul></nav>");
        for group in Group::ALL {
            let title = api::group(locale, group.as_str()).unwrap_or_default();
            put!(self, "<section><h2>{title}</h2>");
            for operation in ALL.iter().filter(|operation| operation.group == group) {
                self.operation(operation);
            }
            put!(self, "</section>");
        }
        put!(self, "</main></body></html>\n");
        self.html
    }

    fn hint(&mut self, title: &str, text: &str, code: Option<&str>) {
        put!(self, "<section><h2>{title}</h2>");
        if let Some(code) = code {
            put!(self, "<p><code>{code}</code></p>");
        }
        put!(self, "<p>{text}</p></section>");
    }

    fn operation(&mut self, operation: &Operation) {
        let locale = self.locale;
        let (name, path) = (operation.name, operation.path);
        let title = api::title(locale, name).unwrap_or_default();
        put!(
            self,
            "<article class=\"apidoc__op\" id=\"{name}\"><h3>{title}</h3><p class=\"apidoc__line\">\
             <span class=\"apidoc__verb\">{}</span> <code>{path}</code></p><p class=\"apidoc__muted\"><code>{name}</code>",
            operation.verb.method(),
        );
        if !operation.is_signed {
            put!(self, " · {}", api::unsigned(locale));
        }
        put!(self, "</p>");
        self.parameters(operation);
        if let Some(body) = &operation.body {
            self.shape(api::body(locale), body, true);
        }
        match &operation.answer {
            Some(answer) => {
                self.shape(&format!("{} {}", api::answer(locale), operation.status), answer, false);
            }
            None => put!(
                self,
                "<h4>{} {}</h4><p>{}</p>",
                api::answer(locale),
                operation.status,
                api::empty(locale)
            ),
        }
        if !operation.headers.is_empty() {
            let names: Vec<String> =
                operation.headers.iter().map(|name| format!("<code>{name}</code>")).collect();
            put!(self, "<h4>{}</h4><p>{}</p>", api::headers(locale), names.join(" "));
        }
        let statuses: Vec<String> = refusals(operation).iter().map(u16::to_string).collect();
        put!(self, "<h4>{}</h4><p>{}</p></article>", api::refusals(locale), statuses.join(" · "));
    }

    fn parameters(&mut self, operation: &Operation) {
        let locale = self.locale;
        if operation.parameters().next().is_none() && operation.query.is_empty() {
            return;
        }
        put!(self, "<h4>{}</h4>", api::parameters(locale));
        self.table([
            api::parameter(locale),
            api::place(locale),
            api::kind(locale),
            api::required(locale),
        ]);
        for name in operation.parameters() {
            let (place, text, yes) = (api::in_path(locale), api::text(locale), api::yes(locale));
            put!(
                self,
                "<tr><td><code>{name}</code></td><td>{place}</td><td>{text}</td><td>{yes}</td></tr>"
            );
        }
        for param in operation.query {
            let (place, kind) = (api::in_query(locale), self.kind(param));
            let word = if param.is_required { api::yes(locale) } else { api::no(locale) };
            put!(
                self,
                "<tr><td><code>{}</code></td><td>{place}</td><td>{kind}</td><td>{word}</td></tr>",
                param.name
            );
        }
        put!(self, "</tbody></table></div>");
    }

    fn table<const N: usize>(&mut self, heads: [&str; N]) {
        put!(self, "<div class=\"apidoc__scroll\" tabindex=\"0\"><table><thead><tr>");
        for head in heads {
            put!(self, "<th scope=\"col\">{head}</th>");
        }
        put!(self, "</tr></thead><tbody>");
    }

    fn kind(&self, param: &Param) -> String {
        let locale = self.locale;
        match param.kind {
            Kind::Text(most) => api::text_of(locale, most),
            Kind::Integer(least, most) if most <= u64::from(u32::MAX) => {
                api::between(locale, least, most)
            }
            Kind::Integer(..) => api::number(locale).to_owned(),
            Kind::Flag => api::flag(locale).to_owned(),
            Kind::Word(words) => self.words(words.iter().copied()),
            Kind::Filter => "<code>key::value|…</code>".to_owned(),
        }
    }

    fn words<'a>(&self, words: impl Iterator<Item = &'a str>) -> String {
        let words: Vec<String> =
            words.map(|word| format!("<code>{}</code>", escaped(word))).collect();
        format!("{} {}", api::words(self.locale), words.join(", "))
    }

    /// The fields of a body.
    fn shape(&mut self, title: &str, shape: &Shape, is_given: bool) {
        let locale = self.locale;
        put!(self, "<h4>{title}</h4>");
        if shape.is_list {
            let of = if shape.is_text { api::text(locale) } else { "" };
            put!(self, "<p>{} {of}</p>", api::list_of(locale));
        }
        if shape.is_text {
            return;
        }
        let schema = self.schemas[(shape.name)().as_ref()].clone();
        let mut heads = vec![api::field(locale), api::kind(locale)];
        if is_given {
            heads.push(api::required(locale));
        }
        put!(self, "<div class=\"apidoc__scroll\" tabindex=\"0\"><table><thead><tr>");
        for head in heads {
            put!(self, "<th scope=\"col\">{head}</th>");
        }
        put!(self, "</tr></thead><tbody>");
        self.fields(&schema, "", is_given);
        put!(self, "</tbody></table></div>");
    }

    fn fields(&mut self, schema: &Value, within: &str, is_given: bool) {
        for part in schema["allOf"].as_array().into_iter().flatten() {
            let part = self.resolved(part);
            self.fields(&part, within, is_given);
        }
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            let path = if within.is_empty() { name.clone() } else { format!("{within}.{name}") };
            let field = self.resolved(field);
            let items = self.resolved(field.get("items").unwrap_or(&Value::Null));
            let kind = self.kind_of(&field);
            put!(self, "<tr><td><code>{}</code></td><td>{kind}</td>", escaped(&path));
            if is_given {
                let is_required = required.contains(&name.as_str());
                let word = if is_required { api::yes(self.locale) } else { api::no(self.locale) };
                put!(self, "<td>{word}</td>");
            }
            put!(self, "</tr>");
            self.fields(&field, &path, is_given);
            self.fields(&items, &format!("{path}[]"), is_given);
        }
    }

    fn resolved(&self, schema: &Value) -> Value {
        match schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
            Some(name) => self.schemas[name].clone(),
            None => schema.clone(),
        }
    }

    fn kind_of(&self, schema: &Value) -> String {
        let locale = self.locale;
        if let Some(words) = schema["enum"].as_array() {
            let words: Vec<String> = words
                .iter()
                .map(|word| word.as_str().map_or_else(|| word.to_string(), str::to_owned))
                .collect();
            return self.words(words.iter().map(String::as_str));
        }
        let kind = schema["type"].as_str().or_else(|| schema["type"].get(0)?.as_str());
        match kind {
            Some("string") => {
                match schema["maxLength"].as_u64().and_then(|most| usize::try_from(most).ok()) {
                    Some(most) => api::text_of(locale, most),
                    None => api::text(locale).to_owned(),
                }
            }
            Some("integer" | "number") => api::number(locale).to_owned(),
            Some("boolean") => api::flag(locale).to_owned(),
            Some("array") => api::list_of(locale).to_owned(),
            _ => "{ … }".to_owned(),
        }
    }
}

/// Text inside of HTML.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            _ => escaped.push(letter),
        }
    }
    escaped
}
