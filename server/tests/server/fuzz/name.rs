//! Names and references, alone and in the address of a request.

use std::sync::LazyLock;

use http::{Method, Uri};
use percent_encoding::percent_decode_str;
use proptest::prelude::*;
use regex::Regex;
use roadstead::{Digest, ImageName, OrganizationName, Reference, RepositoryName, TagName};
use roadstead_server::http::registry::route;

use super::{ALL, HALF, pieces, run};

/// The distribution specification's `<name>`, as it is printed there.
static NAME: LazyLock<Regex> = LazyLock::new(|| {
    let component = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*";
    Regex::new(&format!("^{component}(/{component})*$")).unwrap()
});
static TAG: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$").unwrap());
static DIGEST: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("^(sha256:[a-f0-9]{64}|sha512:[a-f0-9]{128})$").unwrap());

const NAMES: &[&str] = &[
    "group",
    "app",
    "a",
    "0",
    "/",
    "/",
    "/",
    "-",
    "--",
    ".",
    "..",
    "_",
    "__",
    "___",
    "A",
    "%2F",
    "%2e",
    "%",
    "\0",
    ":",
    "@",
    "$",
    "library",
    "manage",
    "v2",
    "blobs",
    "uploads",
    "manifests",
    "tags",
    "list",
    "referrers",
    "é",
    "\u{2044}",
    " ",
    "\n",
];

const REFERENCES: &[&str] = &[
    "v1",
    "latest",
    "sha256",
    "sha512",
    ":",
    "-",
    ".",
    "_",
    "md5",
    "+",
    "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8",
    "44136FA355B3678A1146AD16F7E8649E94FB4FC21FE77E8310C060F61CAAFF8A",
    "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    "sha512:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    "/",
    "..",
    "\0",
    "G",
    "é",
    " ",
];

#[test]
fn names() {
    run(HALF, pieces(NAMES, 9), |text| {
        let image = text.parse::<ImageName>();
        if let Ok(image) = &image {
            prop_assert!(NAME.is_match(&text), "accepted, but no name of the specification");
            prop_assert!(text.len() <= 64 + 1 + 128);
            prop_assert_eq!(image.to_string(), text.clone());
            let back = ImageName::from_console_path(&image.console_path()).ok();
            prop_assert_eq!(back.as_ref(), Some(image));
        }
        let repository = text.parse::<RepositoryName>().is_ok();
        prop_assert_eq!(repository, NAME.is_match(&text) && text.len() <= 128, "repository");
        let organization = text.parse::<OrganizationName>().is_ok();
        let is_component = NAME.is_match(&text) && !text.contains('/');
        prop_assert!(!organization || is_component && text.len() <= 64, "organization");
        prop_assert!(!organization || !["library", "manage", "v2"].contains(&text.as_str()));
        if let Some((first, rest)) = text.split_once('/') {
            let parts =
                first.parse::<OrganizationName>().is_ok() && rest.parse::<RepositoryName>().is_ok();
            prop_assert_eq!(image.is_ok(), parts);
        }
        Ok(())
    });
}

#[test]
fn references() {
    run(ALL, pieces(REFERENCES, 4), |text| {
        let reference = text.parse::<Reference>();
        prop_assert_eq!(text.parse::<TagName>().is_ok(), TAG.is_match(&text), "tag");
        prop_assert_eq!(text.parse::<Digest>().is_ok(), DIGEST.is_match(&text), "digest");
        prop_assert_eq!(reference.is_ok(), TAG.is_match(&text) || DIGEST.is_match(&text));
        if let Ok(reference) = reference {
            prop_assert_eq!(matches!(reference, Reference::Digest(_)), text.contains(':'));
            prop_assert_eq!(reference.to_string(), text);
        }
        Ok(())
    });
}

/// Whatever stands in a request line is an operation on a name of the specification, or refused.
#[test]
fn addresses() {
    let end = proptest::sample::select(
        &["tags/list", "manifests/", "blobs/", "blobs/uploads/", "blobs/uploads", "referrers/", ""]
            [..],
    );
    let methods =
        [Method::GET, Method::HEAD, Method::PUT, Method::POST, Method::PATCH, Method::DELETE];
    let method = proptest::sample::select(methods.to_vec());
    let query = pieces(
        &["?", "&", "=", "n", "last", "digest", "mount", "from", "tag", "%3A", "a/b", "1"],
        6,
    );
    let target = (pieces(NAMES, 7), end, pieces(REFERENCES, 3), query, method);
    run(HALF, target, |(name, end, reference, query, method)| {
        let path = format!("/v2/{name}/{end}{reference}{query}");
        let Ok(uri) = path.parse::<Uri>() else { return Ok(()) };
        let Ok(operation) = route::parse(&method, &uri) else { return Ok(()) };
        if let Some(image) = operation.image() {
            let image = image.to_string();
            prop_assert!(NAME.is_match(&image));
            let decoded = percent_decode_str(uri.path()).decode_utf8_lossy().into_owned();
            prop_assert!(decoded.starts_with(&format!("/v2/{image}/")), "{} in {}", image, decoded);
            // A slash of a name was a slash in the address.
            let slashes = image.matches('/').count();
            prop_assert!(uri.path().matches('/').count() > slashes + 2);
        }
        if let Some(scopes) = operation.scopes() {
            prop_assert!(!scopes.contains(['"', '\\', '\r', '\n', '%']), "{}", scopes);
        }
        Ok(())
    });
}
