//! From method and raw path to an [`Operation`]: pure, and read from the right.
//!
//! Repository names contain slashes and may contain the protocol's own words (`org/tags/list/manifests`), so the last
//! keyword wins. The path is taken as it was sent: a router's decoded path would turn `a%2Fb` into `a/b`.
//!
//! To add an operation: a variant, its line in [`Place::operations`], its scope in [`Operation::scopes`], and its handler.

use http::{Method, Uri};
use percent_encoding::percent_decode_str;
use roadstead::error::Subject;
use roadstead::page::Cursor;
use roadstead::{Algorithm, Digest, Error, ErrorKind, ImageName, Reference, TagName};
use uuid::Uuid;

/// Most names in one page of a list; more are asked for with `last`.
pub const MAX_PAGE: u64 = 1000;
/// Most `tag` parameters of one manifest push (`protocol.md` 1.4, end-7b).
const MAX_TAGS: usize = 64;

/// What a request of the registry protocol asks for, with its parameters as types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// end-1.
    Ping,
    /// `GET /v2/_catalog`.
    Catalog(Cursor),
    /// end-8.
    TagNames(ImageName, Cursor),
    /// end-12; the artifact type to filter by, and the referrer after which the page begins.
    Referrers(ImageName, Digest, Option<String>, Option<Digest>),
    /// end-3, GET.
    GetManifest(ImageName, Reference),
    /// end-3, HEAD.
    HeadManifest(ImageName, Reference),
    /// end-7; tags to set beside the reference.
    PutManifest(ImageName, Reference, Vec<TagName>),
    /// end-9.
    DeleteManifest(ImageName, Reference),
    /// end-2, GET.
    GetBlob(ImageName, Digest),
    /// end-2, HEAD.
    HeadBlob(ImageName, Digest),
    /// end-10.
    DeleteBlob(ImageName, Digest),
    /// end-4a and end-4c: a session, hashing with the algorithm announced.
    StartUpload(ImageName, Option<Algorithm>),
    /// end-4b: the whole blob at once.
    PutBlob(ImageName, Digest),
    /// end-11: a blob from another repository, or any that the caller may pull from.
    Mount(ImageName, Digest, Option<ImageName>),
    /// end-13.
    UploadStatus(ImageName, Uuid),
    /// end-5.
    AppendUpload(ImageName, Uuid),
    /// end-6.
    CompleteUpload(ImageName, Uuid, Digest),
    /// end-14.
    CancelUpload(ImageName, Uuid),
}

/// Why a request is no operation.
#[derive(Debug, Clone)]
pub enum Unroutable {
    /// Nothing is served under this path.
    Unknown,
    /// Something is, but not with this method.
    Method {
        /// The methods that are, for `Allow`.
        allow: &'static str,
    },
    /// Something is, but a name or parameter breaks a rule.
    Invalid(Error),
}

impl From<Error> for Unroutable {
    fn from(error: Error) -> Self {
        Self::Invalid(error)
    }
}

/// What the path alone says.
enum Place<'a> {
    Ping,
    Catalog,
    TagNames(&'a [&'a str]),
    Referrers(&'a [&'a str], &'a str),
    Manifest(&'a [&'a str], &'a str),
    Blob(&'a [&'a str], &'a str),
    Uploads(&'a [&'a str]),
    Upload(&'a [&'a str], &'a str),
}

impl<'a> Place<'a> {
    /// Reads the segments after `/v2/` from the right.
    fn of(segments: &'a [&'a str]) -> Option<Self> {
        Some(match segments {
            [""] => Self::Ping,
            ["_catalog"] => Self::Catalog,
            [name @ .., "blobs", "uploads"] | [name @ .., "blobs", "uploads", ""] => {
                Self::Uploads(name)
            }
            [name @ .., "blobs", "uploads", id] => Self::Upload(name, id),
            [name @ .., "tags", "list"] => Self::TagNames(name),
            [name @ .., "manifests", reference] => Self::Manifest(name, reference),
            [name @ .., "blobs", digest] => Self::Blob(name, digest),
            [name @ .., "referrers", digest] => Self::Referrers(name, digest),
            _ => return None,
        })
        .filter(|place| !place.is_nameless())
    }

    fn is_nameless(&self) -> bool {
        match self {
            Self::Ping | Self::Catalog => false,
            Self::TagNames(name)
            | Self::Referrers(name, _)
            | Self::Manifest(name, _)
            | Self::Blob(name, _)
            | Self::Uploads(name)
            | Self::Upload(name, _) => name.is_empty(),
        }
    }

    const fn allow(&self) -> &'static str {
        match self {
            Self::Ping | Self::Catalog | Self::TagNames(_) | Self::Referrers(..) => "GET, HEAD",
            Self::Manifest(..) => "GET, HEAD, PUT, DELETE",
            Self::Blob(..) => "GET, HEAD, DELETE",
            Self::Uploads(_) => "POST",
            Self::Upload(..) => "GET, HEAD, PATCH, PUT, DELETE",
        }
    }

    fn operation(&self, method: &Method, query: &Query<'_>) -> Result<Operation, Unroutable> {
        let refused = || Unroutable::Method { allow: self.allow() };
        let is_read = matches!(*method, Method::GET | Method::HEAD);
        if !self.allow().split(", ").any(|allowed| allowed == method.as_str()) {
            return Err(refused());
        }
        Ok(match self {
            Self::Ping => Operation::Ping,
            Self::Catalog => Operation::Catalog(query.cursor()?),
            Self::TagNames(name) => Operation::TagNames(image(name)?, query.cursor()?),
            Self::Referrers(name, digest) => Operation::Referrers(
                image(name)?,
                decode(digest)?.parse()?,
                query.artifact_type(),
                query.get("last").map(str::parse).transpose()?,
            ),
            Self::Manifest(name, reference) => {
                let image = image(name)?;
                let reference = match decode(reference)?.parse::<Reference>() {
                    // What cannot be a tag is not there; only a push is told the grammar.
                    Err(error) if error.subject() == Subject::Tag && *method != Method::PUT => {
                        return Err(unknown_manifest().into());
                    }
                    outcome => outcome?,
                };
                match *method {
                    Method::GET => Operation::GetManifest(image, reference),
                    Method::HEAD => Operation::HeadManifest(image, reference),
                    Method::PUT => {
                        let tags = query.tags(&reference)?;
                        Operation::PutManifest(image, reference, tags)
                    }
                    Method::DELETE => Operation::DeleteManifest(image, reference),
                    _ => return Err(refused()),
                }
            }
            Self::Blob(name, digest) => {
                let (image, digest) = (image(name)?, decode(digest)?.parse()?);
                match *method {
                    Method::GET => Operation::GetBlob(image, digest),
                    Method::HEAD => Operation::HeadBlob(image, digest),
                    Method::DELETE => Operation::DeleteBlob(image, digest),
                    _ => return Err(refused()),
                }
            }
            Self::Uploads(name) => query.upload(image(name)?)?,
            Self::Upload(name, id) => {
                let image = image(name)?;
                let id = Uuid::try_parse(id).map_err(|_| unknown_upload())?;
                match *method {
                    Method::PATCH => Operation::AppendUpload(image, id),
                    Method::PUT => Operation::CompleteUpload(image, id, query.digest()?),
                    Method::DELETE => Operation::CancelUpload(image, id),
                    _ if is_read => Operation::UploadStatus(image, id),
                    _ => return Err(refused()),
                }
            }
        })
    }
}

/// Reads a request line. `uri` is as it was sent.
///
/// # Errors
/// [`Unroutable`], each with its own answer; none of them depends on what exists.
pub fn parse(method: &Method, uri: &Uri) -> Result<Operation, Unroutable> {
    let rest = uri.path().strip_prefix("/v2/").ok_or(Unroutable::Unknown)?;
    let segments: Vec<&str> = rest.split('/').collect();
    let place = Place::of(&segments).ok_or(Unroutable::Unknown)?;
    place.operation(method, &Query::of(uri))
}

impl Operation {
    /// The image it is about.
    #[must_use]
    pub const fn image(&self) -> Option<&ImageName> {
        match self {
            Self::Ping | Self::Catalog(_) => None,
            Self::TagNames(image, _)
            | Self::Referrers(image, ..)
            | Self::GetManifest(image, _)
            | Self::HeadManifest(image, _)
            | Self::PutManifest(image, ..)
            | Self::DeleteManifest(image, _)
            | Self::GetBlob(image, _)
            | Self::HeadBlob(image, _)
            | Self::DeleteBlob(image, _)
            | Self::StartUpload(image, _)
            | Self::PutBlob(image, _)
            | Self::Mount(image, ..)
            | Self::UploadStatus(image, _)
            | Self::AppendUpload(image, _)
            | Self::CompleteUpload(image, ..)
            | Self::CancelUpload(image, _) => Some(image),
        }
    }

    /// The scopes that a token needs for it, as the challenge names them (`protocol.md` 2.1).
    #[must_use]
    pub fn scopes(&self) -> Option<String> {
        let actions = match self {
            Self::Ping => return None,
            Self::Catalog(_) => return Some("registry:catalog:*".to_owned()),
            Self::TagNames(..)
            | Self::Referrers(..)
            | Self::GetManifest(..)
            | Self::HeadManifest(..)
            | Self::GetBlob(..)
            | Self::HeadBlob(..) => "pull",
            Self::DeleteManifest(..) | Self::DeleteBlob(..) => "delete",
            Self::PutManifest(..)
            | Self::StartUpload(..)
            | Self::PutBlob(..)
            | Self::Mount(..)
            | Self::UploadStatus(..)
            | Self::AppendUpload(..)
            | Self::CompleteUpload(..)
            | Self::CancelUpload(..) => "pull,push",
        };
        let mut scopes = format!("repository:{}:{actions}", self.image()?);
        if let Self::Mount(_, _, Some(from)) = self {
            scopes.push_str(&format!(" repository:{from}:pull"));
        }
        Some(scopes)
    }
}

fn image(segments: &[&str]) -> Result<ImageName, Error> {
    let decoded =
        segments.iter().map(|segment| decode(segment)).collect::<Result<Vec<String>, Error>>()?;
    if decoded.iter().any(|segment| segment.contains('/')) {
        return Err(Error::invalid(
            Subject::Repository,
            "a slash in a name is written as it is, not as %2F",
        ));
    }
    decoded.join("/").parse()
}

fn decode(segment: &str) -> Result<String, Error> {
    percent_decode_str(segment)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| Error::invalid(Subject::Repository, "the path is not valid UTF-8"))
}

/// The names in their order, each once.
fn unique(names: Vec<TagName>) -> Vec<TagName> {
    let mut seen = std::collections::HashSet::new();
    names.into_iter().filter(|name| seen.insert(name.clone())).collect()
}

fn unknown_manifest() -> Error {
    Error::not_found(Subject::Manifest, "there is no such tag or manifest here")
}

fn unknown_upload() -> Error {
    Error::not_found(
        Subject::Upload,
        "there is no such upload; it may have ended or been cancelled: start again",
    )
}

/// The parameters after `?`.
struct Query<'a>(Vec<(std::borrow::Cow<'a, str>, std::borrow::Cow<'a, str>)>);

impl<'a> Query<'a> {
    fn of(uri: &'a Uri) -> Self {
        let text = uri.query().unwrap_or_default();
        Self(url::form_urlencoded::parse(text.as_bytes()).collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find_map(|(key, value)| (key == name).then_some(value.as_ref()))
    }

    fn cursor(&self) -> Result<Cursor, Error> {
        let limit = match self.get("n") {
            None => MAX_PAGE,
            Some(text) => text.parse::<u64>().map_err(|_| {
                Error::invalid(Subject::Page, "n is the number of names wanted, from 0")
            })?,
        };
        // No name has a NUL in it, and none lies between what comes before one and the whole; databases differ about it.
        let last = self.get("last").and_then(|last| last.split('\0').next());
        Ok(Cursor {
            last: last.filter(|last| !last.is_empty()).map(str::to_owned),
            limit: limit.min(MAX_PAGE),
        })
    }

    /// Media types hold no spaces, but many clients send their `+` undecoded.
    fn artifact_type(&self) -> Option<String> {
        self.get("artifactType").filter(|text| !text.is_empty()).map(|text| text.replace(' ', "+"))
    }

    /// The digest of what is uploaded. Two that differ are refused: none of them can be meant by everybody who reads the
    /// address.
    fn digest(&self) -> Result<Digest, Error> {
        let mut all = self.0.iter().filter(|(key, _)| key == "digest").map(|(_, value)| value);
        let first = all.next();
        if all.any(|other| Some(other) != first) {
            return Err(Error::invalid(Subject::Digest, "the address names two digests"));
        }
        first
            .ok_or_else(|| {
                Error::invalid(
                    Subject::Digest,
                    "the digest of the whole blob is missing; add ?digest=",
                )
            })?
            .parse()
    }

    fn tags(&self, reference: &Reference) -> Result<Vec<TagName>, Error> {
        let tags = self
            .0
            .iter()
            .filter(|(key, _)| key == "tag")
            .map(|(_, tag)| tag.parse())
            .collect::<Result<Vec<TagName>, Error>>()?;
        let tags: Vec<TagName> = unique(tags);
        if tags.len() > MAX_TAGS {
            return Err(Error::new(
                ErrorKind::TooLarge,
                Subject::Tag,
                format!("at most {MAX_TAGS} tags can be set with one push"),
            ));
        }
        if !tags.is_empty() && matches!(reference, Reference::Tag(_)) {
            return Err(Error::invalid(Subject::Tag, "tag parameters go with a push by digest"));
        }
        Ok(tags)
    }

    /// A mount that cannot be understood is a plain start: the specification wants no error for it.
    fn upload(&self, image: ImageName) -> Result<Operation, Error> {
        let algorithm = self.get("digest-algorithm").map(str::parse::<Algorithm>).transpose()?;
        if let Some(Ok(digest)) = self.get("mount").map(str::parse) {
            match self.get("from").map(str::parse) {
                None => return Ok(Operation::Mount(image, digest, None)),
                Some(Ok(from)) => return Ok(Operation::Mount(image, digest, Some(from))),
                Some(Err(_)) => return Ok(Operation::StartUpload(image, algorithm)),
            }
        }
        if self.get("digest").is_some() {
            return Ok(Operation::PutBlob(image, self.digest()?));
        }
        Ok(Operation::StartUpload(image, algorithm))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use proptest::prelude::*;

    const D: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    const ID: &str = "0190c1a8-0000-7000-8000-000000000000";

    fn route(method: &str, target: &str) -> Result<Operation, Unroutable> {
        parse(&method.parse().unwrap(), &target.parse().unwrap())
    }

    fn name(text: &str) -> ImageName {
        text.parse().unwrap()
    }

    fn status(outcome: Result<Operation, Unroutable>) -> String {
        match outcome {
            Ok(operation) => format!("{operation:?}"),
            Err(Unroutable::Unknown) => "404".to_owned(),
            Err(Unroutable::Method { allow }) => format!("405 {allow}"),
            Err(Unroutable::Invalid(error)) => format!("{:?} {:?}", error.kind(), error.subject()),
        }
    }

    #[test]
    fn the_last_keyword_wins() {
        for repository in [
            "org/a",
            "org/a/blobs/b",
            "org/x/manifests",
            "org/tags/list/manifests",
            "org/tags/list",
            "org/blobs/uploads",
            "org/referrers",
            "org/blobs",
        ] {
            let image = name(repository);
            let tag: Reference = "latest".parse().unwrap();
            let digest: Digest = D.parse().unwrap();
            let id: Uuid = ID.parse().unwrap();
            for (method, path, wanted) in [
                (
                    "GET",
                    "manifests/latest".to_owned(),
                    Operation::GetManifest(image.clone(), tag.clone()),
                ),
                ("HEAD", format!("blobs/{D}"), Operation::HeadBlob(image.clone(), digest.clone())),
                ("POST", "blobs/uploads/".to_owned(), Operation::StartUpload(image.clone(), None)),
                ("POST", "blobs/uploads".to_owned(), Operation::StartUpload(image.clone(), None)),
                (
                    "PATCH",
                    format!("blobs/uploads/{ID}"),
                    Operation::AppendUpload(image.clone(), id),
                ),
                (
                    "GET",
                    "tags/list".to_owned(),
                    Operation::TagNames(image.clone(), Cursor { last: None, limit: MAX_PAGE }),
                ),
                (
                    "GET",
                    format!("referrers/{D}"),
                    Operation::Referrers(image.clone(), digest.clone(), None, None),
                ),
            ] {
                let target = format!("/v2/{repository}/{path}");
                assert_eq!(status(route(method, &target)), format!("{wanted:?}"), "{target}");
            }
        }
    }

    #[test]
    fn what_is_no_operation_says_why() {
        for (method, target, wanted) in [
            ("GET", "/v2/", "Ping"),
            ("GET", "/v2", "404"),
            ("GET", "/v3/", "404"),
            ("POST", "/v2/", "405 GET, HEAD"),
            ("GET", "/v2/org/a/blobs/uploads/", "405 POST"),
            ("PATCH", "/v2/org/a/manifests/x", "405 GET, HEAD, PUT, DELETE"),
            ("GET", "/v2/org/a/tags/list/", "404"),
            ("GET", "/v2/org/a", "404"),
            ("GET", "/v2/tags/list", "404"),
            ("GET", "/v2/single/tags/list", "Invalid Repository"),
            ("GET", "/v2/library/nginx/tags/list", "Invalid Organization"),
            ("GET", "/v2/Org/a/tags/list", "Invalid Organization"),
            ("GET", "/v2/org/a%2Fb/tags/list", "Invalid Repository"),
            ("GET", "/v2/org/a%252Fb/tags/list", "Invalid Repository"),
            ("GET", "/v2/org/%ff/tags/list", "Invalid Repository"),
            ("GET", "/v2/org//a/tags/list", "Invalid Repository"),
            ("GET", "/v2/org/../x/tags/list", "Invalid Repository"),
            ("PUT", "/v2/org/a/manifests/sha256:baddigeststring", "Invalid Digest"),
            ("PUT", "/v2/org/a/manifests/-x", "Invalid Tag"),
            ("GET", "/v2/org/a/manifests/.INVALID", "NotFound Manifest"),
            ("GET", "/v2/org/a/blobs/sha256:bad", "Invalid Digest"),
            ("GET", "/v2/org/a/blobs/uploads/not-a-uuid", "NotFound Upload"),
            ("PUT", &format!("/v2/org/a/blobs/uploads/{ID}"), "Invalid Digest"),
            ("PUT", "/v2/org/a/manifests/x?tag=y", "Invalid Tag"),
            (
                "PUT",
                &format!("/v2/org/a/blobs/uploads/{ID}?digest={D}&digest=sha256:0"),
                "Invalid Digest",
            ),
            ("GET", "/v2/org/a/tags/list?n=-1", "Invalid Page"),
            ("GET", "/v2/_catalog?n=x", "Invalid Page"),
            ("POST", "/v2/org/a/blobs/uploads/?digest-algorithm=md5", "Invalid Digest"),
        ] {
            assert_eq!(status(route(method, target)), wanted, "{method} {target}");
        }
    }

    #[test]
    fn parameters_are_read() {
        let image = name("org/a");
        let digest: Digest = D.parse().unwrap();
        assert_eq!(
            route("POST", &format!("/v2/org/a/blobs/uploads/?mount={D}&from=other%2Fb")).unwrap(),
            Operation::Mount(image.clone(), digest.clone(), Some(name("other/b")))
        );
        assert_eq!(
            route("POST", &format!("/v2/org/a/blobs/uploads/?mount={D}")).unwrap(),
            Operation::Mount(image.clone(), digest.clone(), None)
        );
        assert_eq!(
            route("POST", &format!("/v2/org/a/blobs/uploads/?mount={D}&from=BAD")).unwrap(),
            Operation::StartUpload(image.clone(), None)
        );
        assert_eq!(
            route("PUT", &format!("/v2/org/a/blobs/uploads/{ID}?_state=x&digest={D}")).unwrap(),
            Operation::CompleteUpload(image.clone(), ID.parse().unwrap(), digest.clone())
        );
        assert_eq!(
            route("PUT", &format!("/v2/org/a/manifests/{D}?tag=a&tag=b")).unwrap(),
            Operation::PutManifest(
                image.clone(),
                Reference::Digest(digest.clone()),
                vec!["a".parse().unwrap(), "b".parse().unwrap()]
            )
        );
        assert_eq!(
            route("GET", "/v2/org/a/tags/list?n=0&last=x%2By").unwrap(),
            Operation::TagNames(image.clone(), Cursor { last: Some("x+y".to_owned()), limit: 0 })
        );
        for written in ["application/x+json", "application/x%2Bjson"] {
            assert_eq!(
                route("GET", &format!("/v2/org/a/referrers/{D}?artifactType={written}")).unwrap(),
                Operation::Referrers(
                    image.clone(),
                    digest.clone(),
                    Some("application/x+json".to_owned()),
                    None
                )
            );
        }
        let same = "tag=x&".repeat(65);
        assert_eq!(
            route("PUT", &format!("/v2/org/a/manifests/{D}?{same}")).unwrap(),
            Operation::PutManifest(
                image.clone(),
                Reference::Digest(digest.clone()),
                vec!["x".parse().unwrap()]
            )
        );
        let many: String = (0..65).map(|number| format!("tag=x{number}&")).collect();
        let refused = route("PUT", &format!("/v2/org/a/manifests/{D}?{many}"));
        assert_eq!(status(refused), "TooLarge Tag");
    }

    #[test]
    fn scopes_name_what_is_needed() {
        let scopes =
            |method, target: &str| route(method, target).unwrap().scopes().unwrap_or_default();
        assert_eq!(scopes("GET", "/v2/"), "");
        assert_eq!(scopes("GET", "/v2/_catalog"), "registry:catalog:*");
        assert_eq!(scopes("HEAD", "/v2/org/a/manifests/x"), "repository:org/a:pull");
        assert_eq!(scopes("DELETE", "/v2/org/a/manifests/x"), "repository:org/a:delete");
        assert_eq!(
            scopes("POST", &format!("/v2/org/a/blobs/uploads/?mount={D}&from=org/b")),
            "repository:org/a:pull,push repository:org/b:pull"
        );
    }

    proptest! {
        #[test]
        fn any_name_is_found_again(
            repository in "[a-z][a-z0-9]{0,5}(/(blobs|tags|list|manifests|referrers|uploads|[a-z0-9]{1,4})){1,5}",
            tag in "[a-zA-Z0-9_][a-zA-Z0-9._-]{0,20}",
        ) {
            if let Ok(image) = repository.parse::<ImageName>() {
                let target = format!("/v2/{repository}/manifests/{tag}");
                prop_assert_eq!(
                    route("GET", &target).unwrap(),
                    Operation::GetManifest(image.clone(), tag.parse().unwrap())
                );
                let listed = route("GET", &format!("/v2/{repository}/tags/list")).unwrap();
                prop_assert_eq!(listed.image(), Some(&image));
                let started = route("POST", &format!("/v2/{repository}/blobs/uploads/")).unwrap();
                prop_assert_eq!(started.image(), Some(&image));
            }
        }

        #[test]
        fn any_path_is_answered(path in "/v2/[ -~&&[^#?]]{0,80}", method in "(GET|PUT|POST|PATCH|DELETE|HEAD|OPTIONS)") {
            if let Ok(uri) = path.parse::<Uri>()
                && let Ok(operation) = parse(&method.parse().unwrap(), &uri)
                && let Some(image) = operation.image()
            {
                prop_assert!(!path.contains("%2f") && !path.contains("%2F") || image.to_string().len() < path.len());
            }
        }
    }
}
