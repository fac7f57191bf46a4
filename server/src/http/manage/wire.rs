//! What several resources write alike.

use roadstead::access::Permission;
use roadstead::manage::image::Category;
use roadstead::page::Page;
use roadstead::{Error, ErrorKind, ImageName, Result};
use utoipa::openapi::schema::{ObjectBuilder, Type};

use super::{Answer, Call, named};

/// The right as SWR's `auth`; 0 where only single images inside are the caller's to see.
pub(super) fn auth(permission: Option<Permission>) -> u8 {
    permission.map_or(0, Permission::bits)
}

/// `host/organization/repository`, as it is pulled.
pub(super) fn path(call: &Call, image: &ImageName) -> String {
    format!("{}/{image}", call.context.address.host)
}

/// The same in the private network, where there is one.
pub(super) fn internal_path(call: &Call, image: &ImageName) -> String {
    let settings = call.service().settings_cell().current();
    match &settings.internal_address.value {
        Some(address) => format!("{address}/{image}"),
        None => path(call, image),
    }
}

/// `Content-Range: {offset}-{count of this page}/{total}` (`swr-api.md` 6): the middle number is a count.
pub(super) fn with_range<T>(answer: Answer, page: &Page<T>) -> Answer {
    let range = format!("{}-{}/{}", page.window.offset, page.items.len(), page.total);
    answer.with(http::header::CONTENT_RANGE, range)
}

/// The field that was too long, named.
pub(super) fn limited<T>(field: &str, outcome: Result<T>) -> Result<T> {
    outcome.or_else(|error| match error.kind() {
        ErrorKind::TooLarge => named(field, Err(error)),
        _ => Err(error),
    })
}

/// A text as a database keeps it.
pub(super) fn kept(field: &str, text: Option<String>) -> Result<Option<String>> {
    match text {
        Some(text) if text.contains('\0') => {
            Err(super::argument::invalid(field, "it has a NUL in it"))
        }
        text => Ok(text),
    }
}

/// A list that must not be without end.
pub(super) fn counted<T>(field: &str, items: Vec<T>, most: usize) -> Result<Vec<T>> {
    if items.is_empty() || items.len() > most {
        let rule = format!("between 1 and {most} items");
        return Err(super::argument::invalid(field, &rule));
    }
    Ok(items)
}

/// A number as JSON's: what is larger than any disk is the largest.
pub(super) fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The schema of SWR's categories.
pub(super) fn category() -> ObjectBuilder {
    let words = Category::ALL.map(Category::as_str);
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words))
}

/// The schema of `auth` in what is given.
pub(super) fn given_auth() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Integer).enum_values(Some([1, 3, 7]))
}

/// What is not to be found by this name.
pub(super) fn not_found(subject: roadstead::error::Subject, message: &str) -> Error {
    Error::not_found(subject, message)
}
