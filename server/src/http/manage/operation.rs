//! Every operation on one screen after another: address, parameters, what it takes and answers, and its function. Requests
//! are routed by this list, and the document is written from it.

use std::borrow::Cow;

use futures::future::BoxFuture;
use http::Method;
use roadstead::Result;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use super::argument::{FILTER, LIMIT, OFFSET, ORDER_TYPE, Param};
use super::error::Refused;
use super::{
    Answer, Call, login, organization, permission, repository, share, shared, statistics, tag,
    tenancy, version,
};

/// What an operation does, for the path's method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Post,
    Patch,
    Delete,
}

impl Verb {
    pub(super) const fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Post => Method::POST,
            Self::Patch => Method::PATCH,
            Self::Delete => Method::DELETE,
        }
    }
}

/// Parts of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    Versions,
    Organizations,
    Permissions,
    Images,
    Tags,
    Sharing,
    Login,
    Account,
    Iam,
}

impl Group {
    /// All of them, in the order of the document.
    pub(super) const ALL: [Self; 9] = [
        Self::Versions,
        Self::Organizations,
        Self::Permissions,
        Self::Images,
        Self::Tags,
        Self::Sharing,
        Self::Login,
        Self::Account,
        Self::Iam,
    ];

    /// Its word in the document, and the key of its title.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Versions => "versions",
            Self::Organizations => "organizations",
            Self::Permissions => "permissions",
            Self::Images => "images",
            Self::Tags => "tags",
            Self::Sharing => "sharing",
            Self::Login => "login",
            Self::Account => "account",
            Self::Iam => "iam",
        }
    }
}

/// The shape of a body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    pub(super) name: fn() -> Cow<'static, str>,
    pub(super) schema: fn() -> RefOr<Schema>,
    pub(super) nested: fn(&mut Vec<(String, RefOr<Schema>)>),
    pub(super) is_list: bool,
    pub(super) is_text: bool,
}

impl Shape {
    const fn of<T: ToSchema>() -> Self {
        Self {
            name: T::name,
            schema: <T as PartialSchema>::schema,
            nested: T::schemas,
            is_list: false,
            is_text: false,
        }
    }

    const fn list_of<T: ToSchema>() -> Self {
        Self { is_list: true, ..Self::of::<T>() }
    }

    const fn texts() -> Self {
        Self { is_list: true, is_text: true, ..Self::of::<String>() }
    }
}

type Perform = for<'a> fn(&'a Call) -> BoxFuture<'a, Result<Answer>>;

/// One operation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operation {
    pub(super) group: Group,
    pub(super) verb: Verb,
    /// Its path; each `{name}` is one segment.
    pub(super) path: &'static str,
    /// The name of SWR's SDK for Python.
    pub(super) name: &'static str,
    pub(super) query: &'static [Param],
    pub(super) body: Option<Shape>,
    /// Status of success.
    pub(super) status: u16,
    pub(super) answer: Option<Shape>,
    /// Headers of success.
    pub(super) headers: &'static [&'static str],
    /// Statuses of refusals beside those that every operation has.
    pub(super) refusals: &'static [u16],
    pub(super) is_signed: bool,
    pub(super) perform: Perform,
}

impl Operation {
    const fn new(
        group: Group,
        verb: Verb,
        path: &'static str,
        name: &'static str,
        perform: Perform,
    ) -> Self {
        let status = match verb {
            Get => 200,
            Post | Patch => 201,
            Delete => 204,
        };
        Self {
            group,
            verb,
            path,
            name,
            query: &[],
            body: None,
            status,
            answer: None,
            headers: &[],
            refusals: &[],
            is_signed: true,
            perform,
        }
    }

    const fn taking(mut self, body: Shape) -> Self {
        self.body = Some(body);
        self
    }

    const fn asking(mut self, query: &'static [Param]) -> Self {
        self.query = query;
        self
    }

    const fn answering(mut self, answer: Shape) -> Self {
        self.answer = Some(answer);
        self
    }

    const fn with(mut self, headers: &'static [&'static str]) -> Self {
        self.headers = headers;
        self
    }

    const fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    const fn refusing(mut self, refusals: &'static [u16]) -> Self {
        self.refusals = refusals;
        self
    }

    const fn unsigned(mut self) -> Self {
        self.is_signed = false;
        self
    }

    /// Names of the path's parameters.
    pub(super) fn parameters(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(parameter)
    }
}

/// The name, if a segment of a template is a parameter.
fn parameter(segment: &'static str) -> Option<&'static str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

const NAMESPACES: &str = "/v2/manage/namespaces";
const NS: &str = "/v2/manage/namespaces/{namespace}";
const NS_ACCESS: &str = "/v2/manage/namespaces/{namespace}/access";
const REPOS: &str = "/v2/manage/namespaces/{namespace}/repos";
const REPO: &str = "/v2/manage/namespaces/{namespace}/repos/{repository}";
const REPO_ACCESS: &str = "/v2/manage/namespaces/{namespace}/repos/{repository}/access";
const TAGS: &str = "/v2/manage/namespaces/{namespace}/repos/{repository}/tags";
const TAG: &str = "/v2/manage/namespaces/{namespace}/repos/{repository}/tags/{tag}";
const TAGS_V3: &str = "/v3/manage/namespaces/{namespace}/repos/{repository}/tags";
const SHARES: &str = "/v2/manage/namespaces/{namespace}/repositories/{repository}/access-domains";
const SHARE: &str =
    "/v2/manage/namespaces/{namespace}/repositories/{repository}/access-domains/{access_domain}";
const AGENCY: &str = "/v2/manage/agency";
const RANGE: &[&str] = &["Content-Range"];
const LOGIN: &[&str] = &["X-Swr-Dockerlogin", "X-Swr-Expireat"];

/// `perform` of an async function.
macro_rules! by {
    ($function:path) => {
        |call| Box::pin($function(call))
    };
}

use Group::{Account, Iam, Images, Login, Organizations, Permissions, Sharing, Tags, Versions};
use Verb::{Delete, Get, Patch, Post};

/// All operations; of two that match an address the first is meant.
pub(super) static ALL: &[Operation] = &[
    Operation::new(Versions, Get, "/", "list_api_versions", by!(version::list))
        .answering(Shape::of::<version::Versions>())
        .unsigned(),
    Operation::new(Versions, Get, "/{api_version}", "show_api_version", by!(version::show))
        .answering(Shape::of::<version::Version>())
        .unsigned(),
    Operation::new(Organizations, Post, NAMESPACES, "create_namespace", by!(organization::create))
        .taking(Shape::of::<organization::NewNamespace>())
        .refusing(&[409]),
    Operation::new(Organizations, Get, NAMESPACES, "list_namespaces", by!(organization::list))
        .asking(&[organization::NAMESPACE, organization::MODE, FILTER])
        .answering(Shape::of::<organization::Namespaces>()),
    Operation::new(Organizations, Get, NS, "show_namespace", by!(organization::show))
        .answering(Shape::of::<organization::Namespace>()),
    Operation::new(Organizations, Delete, NS, "delete_namespaces", by!(organization::delete))
        .refusing(&[406]),
    Operation::new(
        Permissions,
        Get,
        NS_ACCESS,
        "show_namespace_auth",
        by!(permission::show_namespace),
    )
    .answering(Shape::of::<permission::NamespaceAuth>()),
    Operation::new(
        Permissions,
        Post,
        NS_ACCESS,
        "create_namespace_auth",
        by!(permission::create_namespace),
    )
    .taking(Shape::list_of::<permission::NewUserAuth>())
    .refusing(&[409]),
    Operation::new(
        Permissions,
        Patch,
        NS_ACCESS,
        "update_namespace_auth",
        by!(permission::update_namespace),
    )
    .taking(Shape::list_of::<permission::NewUserAuth>()),
    Operation::new(
        Permissions,
        Delete,
        NS_ACCESS,
        "delete_namespace_auth",
        by!(permission::delete_namespace),
    )
    .taking(Shape::texts()),
    Operation::new(
        Permissions,
        Get,
        REPO_ACCESS,
        "show_user_repository_auth",
        by!(permission::show_repository),
    )
    .answering(Shape::of::<permission::RepositoryAuth>()),
    Operation::new(
        Permissions,
        Post,
        REPO_ACCESS,
        "create_user_repository_auth",
        by!(permission::create_repository),
    )
    .taking(Shape::list_of::<permission::NewUserAuth>())
    .refusing(&[409]),
    Operation::new(
        Permissions,
        Patch,
        REPO_ACCESS,
        "update_user_repository_auth",
        by!(permission::update_repository),
    )
    .taking(Shape::list_of::<permission::NewUserAuth>()),
    Operation::new(
        Permissions,
        Delete,
        REPO_ACCESS,
        "delete_user_repository_auth",
        by!(permission::delete_repository),
    )
    .taking(Shape::texts()),
    Operation::new(Images, Post, REPOS, "create_repo", by!(repository::create))
        .taking(Shape::of::<repository::NewRepo>())
        .refusing(&[409]),
    Operation::new(Images, Get, REPO, "show_repository", by!(repository::show))
        .answering(Shape::of::<repository::RepoDetail>()),
    Operation::new(Images, Patch, REPO, "update_repo", by!(repository::update))
        .taking(Shape::of::<repository::RepoUpdate>()),
    Operation::new(Images, Delete, REPO, "delete_repo", by!(repository::delete)),
    Operation::new(Images, Get, "/v2/manage/repos", "list_repos_details", by!(repository::list))
        .asking(&[
            repository::NAMESPACE,
            repository::NAME,
            repository::CATEGORY,
            repository::IS_PUBLIC,
            repository::OWN,
            LIMIT,
            OFFSET,
            repository::ORDER_COLUMN,
            ORDER_TYPE,
            FILTER,
        ])
        .answering(Shape::list_of::<repository::RepoItem>())
        .with(RANGE),
    Operation::new(Images, Get, "/v3/manage/repos", "list_repo_details", by!(repository::list_v3))
        .asking(&[
            repository::NAMESPACE,
            repository::NAME,
            repository::CATEGORY,
            repository::IS_PUBLIC,
            LIMIT,
            repository::MARKER,
        ])
        .answering(Shape::of::<repository::ReposV3>()),
    Operation::new(
        Sharing,
        Get,
        "/v2/manage/shared-repositories",
        "list_shared_repos_details",
        by!(shared::list),
    )
    .asking(&[
        shared::CENTER,
        repository::NAMESPACE,
        repository::NAME,
        LIMIT,
        OFFSET,
        shared::ORDER_COLUMN,
        ORDER_TYPE,
        FILTER,
    ])
    .answering(Shape::list_of::<repository::RepoItem>())
    .with(RANGE),
    Operation::new(
        Sharing,
        Get,
        "/v3/manage/shared-repositories",
        "list_shared_repo_details",
        by!(shared::list_v3),
    )
    .asking(&[
        shared::SHARED_BY,
        repository::NAMESPACE,
        repository::NAME,
        LIMIT,
        repository::MARKER,
        shared::STATUS,
    ])
    .answering(Shape::of::<repository::ReposV3>()),
    Operation::new(Tags, Get, TAGS, "list_repository_tags", by!(tag::list))
        .asking(&[tag::TAG, LIMIT, OFFSET, tag::ORDER_COLUMN, ORDER_TYPE, FILTER])
        .answering(Shape::list_of::<tag::TagItem>())
        .with(RANGE),
    Operation::new(Tags, Get, TAGS_V3, "list_repository_tag", by!(tag::list_v3))
        .asking(&[LIMIT, tag::MARKER, tag::TAG, tag::ORDER_COLUMN, ORDER_TYPE, tag::WITH_MANIFEST])
        .answering(Shape::of::<tag::TagsV3>()),
    Operation::new(Tags, Post, TAGS, "create_repo_tag", by!(tag::create))
        .taking(Shape::of::<tag::NewTag>())
        .refusing(&[409]),
    Operation::new(Tags, Get, TAG, "show_repo_tag", by!(tag::show))
        .answering(Shape::of::<tag::TagV3>()),
    Operation::new(Tags, Delete, TAG, "delete_repo_tag", by!(tag::delete)),
    Operation::new(
        Tags,
        Get,
        "/v2/manage/namespaces/{namespace}/repos/{repository}/{tag}/accessories",
        "list_repo_accessories",
        by!(tag::accessories),
    )
    .asking(&[tag::FEW, OFFSET])
    .answering(Shape::of::<tag::Accessories>()),
    Operation::new(
        Tags,
        Get,
        "/v2/manage/namespaces/{namespace}/repos/{repository}/{tag}/references",
        "list_references",
        by!(tag::references),
    )
    .asking(&[tag::FEWER, tag::MARKER])
    .answering(Shape::of::<tag::References>()),
    Operation::new(Sharing, Post, SHARES, "create_repo_domains", by!(share::create))
        .taking(Shape::of::<share::NewAccessDomain>())
        .refusing(&[409]),
    Operation::new(Sharing, Get, SHARES, "list_repo_domains", by!(share::list))
        .answering(Shape::list_of::<share::AccessDomain>()),
    Operation::new(Sharing, Get, SHARE, "show_access_domain", by!(share::show))
        .answering(Shape::of::<share::ShownAccessDomain>()),
    Operation::new(Sharing, Patch, SHARE, "update_repo_domains", by!(share::update))
        .taking(Shape::of::<share::AccessDomainUpdate>()),
    Operation::new(Sharing, Delete, SHARE, "delete_repo_domains", by!(share::delete)),
    Operation::new(
        Login,
        Post,
        "/v2/manage/utils/secret",
        "create_secret",
        by!(login::create_secret),
    )
    .asking(&[login::PROJECT_NAME, login::DURATION])
    .answering(Shape::of::<login::Auths>())
    .with(LOGIN)
    .status(200),
    Operation::new(
        Login,
        Post,
        "/v2/manage/utils/authorizationtoken",
        "create_authorization_token",
        by!(login::create_authorization_token),
    )
    .answering(Shape::of::<login::Auths>())
    .with(LOGIN)
    .status(200),
    Operation::new(Account, Get, AGENCY, "check_agency", by!(tenancy::check_agency))
        .answering(Shape::of::<tenancy::Agency>()),
    Operation::new(Account, Post, AGENCY, "create_agency", by!(tenancy::create_agency)).status(204),
    Operation::new(
        Account,
        Get,
        "/v2/manage/overview",
        "show_domain_overview",
        by!(statistics::overview),
    )
    .answering(Shape::of::<statistics::Overview>()),
    Operation::new(
        Account,
        Get,
        "/v2/manage/reports/{resource_type}/{frequency}",
        "show_domain_resource_reports",
        by!(statistics::reports),
    )
    .answering(Shape::list_of::<statistics::Point>()),
    Operation::new(
        Account,
        Get,
        "/v2/manage/projects/{project_id}/quotas",
        "list_quotas",
        by!(statistics::quotas),
    )
    .answering(Shape::of::<statistics::Quotas>()),
    Operation::new(
        Account,
        Get,
        "/v2/manage/projects/{project_id}/feature-gates",
        "show_share_feature_gates",
        by!(tenancy::feature_gates),
    )
    .answering(Shape::of::<tenancy::FeatureGates>()),
    Operation::new(Account, Get, "/v2/manage/regions", "list_sync_regions", by!(tenancy::regions))
        .answering(Shape::list_of::<tenancy::Region>()),
    Operation::new(Iam, Get, "/v3/projects", "keystone_list_projects", by!(tenancy::projects))
        .asking(&[tenancy::PROJECT])
        .answering(Shape::of::<tenancy::Projects>()),
    Operation::new(
        Iam,
        Get,
        "/v3/auth/domains",
        "keystone_list_auth_domains",
        by!(tenancy::domains),
    )
    .answering(Shape::of::<tenancy::Domains>()),
];

/// An operation, and the parameters of its path as they were sent.
#[derive(Debug)]
pub(super) struct Found<'a> {
    pub(super) operation: &'static Operation,
    pub(super) path: Vec<(&'static str, &'a str)>,
}

/// The operation of a method and a raw path.
///
/// # Errors
/// That nothing is served there, or not with this method.
pub(super) fn find<'a>(method: &Method, path: &'a str) -> Result<Found<'a>, Refused> {
    let segments: Vec<&str> = path.split('/').collect();
    let mut allowed: Vec<&'static str> = Vec::new();
    for operation in ALL {
        let Some(path) = matched(operation.path, &segments) else { continue };
        if operation.verb.method() == *method {
            return Ok(Found { operation, path });
        }
        let word = match operation.verb {
            Get => "GET",
            Post => "POST",
            Patch => "PATCH",
            Delete => "DELETE",
        };
        if !allowed.contains(&word) {
            allowed.push(word);
        }
    }
    Err(if allowed.is_empty() {
        Refused::UnknownPath
    } else {
        Refused::Method { allow: allowed.join(", ") }
    })
}

/// The parameters, if the segments are those of a template.
fn matched<'a>(
    template: &'static str,
    segments: &[&'a str],
) -> Option<Vec<(&'static str, &'a str)>> {
    let mut found = Vec::new();
    let mut wanted = template.split('/');
    for segment in segments {
        let word = wanted.next()?;
        match parameter(word) {
            Some(name) if !segment.is_empty() => found.push((name, *segment)),
            Some(_) => return None,
            None if word == *segment => {}
            // Some clients write the address of shares as that of everything else (`swr-api.md` 7.6).
            None if word == "repositories" && *segment == "repos" => {}
            None => return None,
        }
    }
    wanted.next().is_none().then_some(found)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use std::collections::BTreeSet;

    use super::*;

    fn name(method: Method, path: &str) -> String {
        match find(&method, path) {
            Ok(found) => {
                let values: Vec<_> = found.path.iter().map(|(_, value)| *value).collect();
                format!("{} {}", found.operation.name, values.join(" "))
            }
            Err(Refused::UnknownPath) => "404".to_owned(),
            Err(Refused::Method { allow }) => format!("405 {allow}"),
            Err(Refused::Error(error)) => panic!("{error}"),
        }
    }

    #[test]
    fn paths_are_matched_as_they_were_sent() {
        let repo = "/v2/manage/namespaces/a/repos/b%2Fc";
        for (method, path, wanted) in [
            (Method::GET, "/", "list_api_versions "),
            (Method::GET, "/v2", "show_api_version v2"),
            (Method::GET, "/v2/manage/namespaces", "list_namespaces "),
            (Method::GET, "/v2/manage/namespaces/", "404"),
            (Method::GET, "/v2/manage/namespaces/a", "show_namespace a"),
            (Method::PUT, "/v2/manage/namespaces/a", "405 GET, DELETE"),
            (Method::GET, repo, "show_repository a b%2Fc"),
            (Method::GET, "/v2/manage/namespaces/a/repos/b/c", "404"),
            (Method::GET, "/v2/manage/namespaces/n/repos/r/tags/list", "show_repo_tag n r list"),
            (
                Method::GET,
                "/v2/manage/namespaces/n/repos/r/v1/accessories",
                "list_repo_accessories n r v1",
            ),
            (
                Method::GET,
                "/v2/manage/namespaces/n/repositories/r/access-domains",
                "list_repo_domains n r",
            ),
            (
                Method::PATCH,
                "/v2/manage/namespaces/n/repos/r/access-domains/bob",
                "update_repo_domains n r bob",
            ),
            (Method::GET, "/v2/manage/namespaces/n/repositories/r", "404"),
            (Method::GET, "/v2/manage/namespaces/n/repos/r/retentions", "404"),
            (Method::GET, "/v2/manage/namespaces/n/repos/r/triggers/t", "404"),
            (Method::POST, "/v2/manage/namespaces/n/repos/r/sync_images", "404"),
            (Method::GET, "/v3/projects", "keystone_list_projects "),
            (Method::GET, "//", "404"),
        ] {
            assert_eq!(name(method, path), wanted, "{path}");
        }
    }

    #[test]
    fn there_are_42_operations_and_those_that_the_sdk_needs_besides() {
        let names: BTreeSet<_> = ALL.iter().map(|operation| operation.name).collect();
        assert_eq!(names.len(), ALL.len());
        let besides = ["list_sync_regions", "keystone_list_projects", "keystone_list_auth_domains"];
        assert_eq!(names.len(), 42 + besides.len());
        assert!(besides.iter().all(|name| names.contains(name)));
        let places: BTreeSet<_> = ALL
            .iter()
            .map(|operation| (operation.path, operation.verb.method().to_string()))
            .collect();
        assert_eq!(places.len(), ALL.len());
        for operation in ALL {
            let is_asked = |name: &str| operation.query.iter().filter(|it| it.name == name).count();
            assert!(operation.query.iter().all(|param| is_asked(param.name) == 1));
            assert_eq!(
                operation.status == 204 || operation.status == 201,
                operation.answer.is_none(),
                "{}",
                operation.name
            );
        }
    }
}
