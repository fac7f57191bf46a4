//! Addresses of pages: list state is the query string, a `/` in a repository name is written `$`. Pure.

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use roadstead::ImageName;

/// What stays as it is in a query value.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~')
    .remove(b'/')
    .remove(b':')
    .remove(b'$');

/// Percent-encodes a query value.
#[must_use]
pub fn encode(value: &str) -> String {
    utf8_percent_encode(value, VALUE).to_string()
}

/// `path?a=b&c=d`; pairs with an empty value are left out, so default values never show.
#[must_use]
pub fn with_query<'a>(path: &str, pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut out = path.to_owned();
    let mut separator = '?';
    for (name, value) in pairs {
        if !value.is_empty() {
            let _ = write!(out, "{separator}{}={}", encode(name), encode(value));
            separator = '&';
        }
    }
    out
}

/// The same address with some query values changed (`None` or empty removes one). Changing anything but the page
/// returns to the first page; the marks of a refused form are dropped.
#[must_use]
pub fn change_query(
    path: &str,
    current: &[(String, String)],
    changes: &[(&str, Option<&str>)],
) -> String {
    let resets_page = changes
        .iter()
        .any(|(name, _)| !matches!(*name, "page" | "dialog" | "item" | "client" | "who" | "right"));
    let kept = current.iter().filter(|(name, _)| {
        let is_mark = matches!(name.as_str(), "__path" | "__err");
        let is_changed = changes.iter().any(|(changed, _)| changed == name);
        let is_old_page = resets_page && name == "page";
        !(is_mark || is_changed || is_old_page)
    });
    let mut pairs: Vec<(&str, &str)> =
        kept.map(|(name, value)| (name.as_str(), value.as_str())).collect();
    pairs.extend(changes.iter().map(|(name, value)| (*name, value.unwrap_or_default())));
    with_query(path, pairs)
}

/// `/images/{organization}/{repository}`, the repository's `/` written `$`.
#[must_use]
pub fn image(name: &ImageName) -> String {
    let text = name.to_string();
    let (organization, repository) = text.split_once('/').unwrap_or((text.as_str(), ""));
    format!("/images/{organization}/{}", repository.replace('/', "$"))
}

/// A path to come back to after signing in: begins with a single `/`, is not a sign-in itself; else the overview.
#[must_use]
pub fn safe_next(next: Option<&str>) -> String {
    match next {
        Some(path)
            if path.starts_with('/')
                && !path.starts_with("//")
                && !path.starts_with("/\\")
                && !path.starts_with("/signin")
                && path.chars().all(|c| !c.is_control()) =>
        {
            path.to_owned()
        }
        _ => "/overview".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(items: &[(&str, &str)]) -> Vec<(String, String)> {
        items.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn query_changes_keep_the_rest_and_reset_the_page() {
        let current = pairs(&[("q", "ngi nx"), ("page", "3"), ("__err", "abc"), ("__path", "/x")]);
        assert_eq!(
            change_query("/images", &current, &[("page", Some("4"))]),
            "/images?q=ngi%20nx&page=4"
        );
        assert_eq!(
            change_query("/images", &current, &[("sort", Some("name"))]),
            "/images?q=ngi%20nx&sort=name"
        );
        assert_eq!(change_query("/images", &current, &[("q", None)]), "/images");
        assert_eq!(
            change_query("/images", &current, &[("dialog", Some("upload"))]),
            "/images?q=ngi%20nx&page=3&dialog=upload"
        );
    }

    #[test]
    fn values_are_encoded() {
        assert_eq!(with_query("/a", [("q", "a&b=c#d+中")]), "/a?q=a%26b%3Dc%23d%2B%E4%B8%AD");
        assert_eq!(with_query("/a", [("q", "")]), "/a");
    }

    #[test]
    fn slashes_of_repositories_become_dollars() -> Result<(), roadstead::Error> {
        assert_eq!(image(&"group/team/web/nginx".parse()?), "/images/group/team$web$nginx");
        Ok(())
    }

    #[test]
    fn only_own_paths_are_safe_to_return_to() {
        assert_eq!(safe_next(Some("/images?q=a")), "/images?q=a");
        for bad in
            ["//evil.example", "https://evil.example", "/\\evil", "", "/signin?next=/a", "/a\r\nb"]
        {
            assert_eq!(safe_next(Some(bad)), "/overview", "{bad}");
        }
        assert_eq!(safe_next(None), "/overview");
    }
}
