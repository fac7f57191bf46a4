//! Words of the management API's document and of the page that shows it (`/docs/api`). Only the server has them.

use crate::i18n::{Locale, td_string};

/// What an operation does, by the name that SWR's SDK for Python gives it; `None` for one that nobody has written a title for.
#[must_use]
pub fn title(locale: Locale, operation: &str) -> Option<&'static str> {
    Some(match operation {
        "list_api_versions" => td_string!(locale, api.op_list_api_versions),
        "show_api_version" => td_string!(locale, api.op_show_api_version),
        "create_namespace" => td_string!(locale, api.op_create_namespace),
        "list_namespaces" => td_string!(locale, api.op_list_namespaces),
        "show_namespace" => td_string!(locale, api.op_show_namespace),
        "delete_namespaces" => td_string!(locale, api.op_delete_namespaces),
        "show_namespace_auth" => td_string!(locale, api.op_show_namespace_auth),
        "create_namespace_auth" => td_string!(locale, api.op_create_namespace_auth),
        "update_namespace_auth" => td_string!(locale, api.op_update_namespace_auth),
        "delete_namespace_auth" => td_string!(locale, api.op_delete_namespace_auth),
        "show_user_repository_auth" => td_string!(locale, api.op_show_user_repository_auth),
        "create_user_repository_auth" => td_string!(locale, api.op_create_user_repository_auth),
        "update_user_repository_auth" => td_string!(locale, api.op_update_user_repository_auth),
        "delete_user_repository_auth" => td_string!(locale, api.op_delete_user_repository_auth),
        "create_repo" => td_string!(locale, api.op_create_repo),
        "show_repository" => td_string!(locale, api.op_show_repository),
        "update_repo" => td_string!(locale, api.op_update_repo),
        "delete_repo" => td_string!(locale, api.op_delete_repo),
        "list_repos_details" => td_string!(locale, api.op_list_repos_details),
        "list_repo_details" => td_string!(locale, api.op_list_repo_details),
        "list_shared_repos_details" => td_string!(locale, api.op_list_shared_repos_details),
        "list_shared_repo_details" => td_string!(locale, api.op_list_shared_repo_details),
        "list_repository_tags" => td_string!(locale, api.op_list_repository_tags),
        "list_repository_tag" => td_string!(locale, api.op_list_repository_tag),
        "create_repo_tag" => td_string!(locale, api.op_create_repo_tag),
        "show_repo_tag" => td_string!(locale, api.op_show_repo_tag),
        "delete_repo_tag" => td_string!(locale, api.op_delete_repo_tag),
        "list_repo_accessories" => td_string!(locale, api.op_list_repo_accessories),
        "list_references" => td_string!(locale, api.op_list_references),
        "create_repo_domains" => td_string!(locale, api.op_create_repo_domains),
        "list_repo_domains" => td_string!(locale, api.op_list_repo_domains),
        "show_access_domain" => td_string!(locale, api.op_show_access_domain),
        "update_repo_domains" => td_string!(locale, api.op_update_repo_domains),
        "delete_repo_domains" => td_string!(locale, api.op_delete_repo_domains),
        "create_secret" => td_string!(locale, api.op_create_secret),
        "create_authorization_token" => td_string!(locale, api.op_create_authorization_token),
        "check_agency" => td_string!(locale, api.op_check_agency),
        "create_agency" => td_string!(locale, api.op_create_agency),
        "show_domain_overview" => td_string!(locale, api.op_show_domain_overview),
        "show_domain_resource_reports" => td_string!(locale, api.op_show_domain_resource_reports),
        "list_quotas" => td_string!(locale, api.op_list_quotas),
        "show_share_feature_gates" => td_string!(locale, api.op_show_share_feature_gates),
        "list_sync_regions" => td_string!(locale, api.op_list_sync_regions),
        "keystone_list_projects" => td_string!(locale, api.op_keystone_list_projects),
        "keystone_list_auth_domains" => td_string!(locale, api.op_keystone_list_auth_domains),
        _ => return None,
    })
}

/// The title of a group of operations.
#[must_use]
pub fn group(locale: Locale, name: &str) -> Option<&'static str> {
    Some(match name {
        "versions" => td_string!(locale, api.group_versions),
        "organizations" => td_string!(locale, api.group_organizations),
        "permissions" => td_string!(locale, api.group_permissions),
        "images" => td_string!(locale, api.group_images),
        "tags" => td_string!(locale, api.group_tags),
        "sharing" => td_string!(locale, api.group_sharing),
        "login" => td_string!(locale, api.group_login),
        "account" => td_string!(locale, api.group_account),
        "iam" => td_string!(locale, api.group_iam),
        _ => return None,
    })
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[must_use]
        pub fn $name(locale: Locale) -> &'static str {
            td_string!(locale, api.$name)
        }
    )*};
}

words! {
    /// The API's name.
    name;
    /// What it is.
    about;
    /// The link to the document.
    document;
    /// The link to the console.
    console;
    /// `Language`.
    language;
    /// `Contents`.
    contents;
    /// `Address`.
    address;
    /// A paragraph about address.
    address_hint;
    /// `Signature`.
    signing;
    /// A paragraph about signing.
    signing_hint;
    /// `Names with a slash`.
    names;
    /// A paragraph about names.
    names_hint;
    /// `Pages`.
    paging;
    /// A paragraph about paging.
    paging_hint;
    /// `Not signed`.
    unsigned;
    /// `Parameters`.
    parameters;
    /// `Parameter`.
    parameter;
    /// `Where`.
    place;
    /// `path`.
    in_path;
    /// `query`.
    in_query;
    /// `Type`.
    kind;
    /// `Required`.
    required;
    /// `yes`.
    yes;
    /// `no`.
    no;
    /// `Body`.
    body;
    /// `Answer`.
    answer;
    /// `Headers of the answer`.
    headers;
    /// `Refusals`.
    refusals;
    /// `Field`.
    field;
    /// `A list of`.
    list_of;
    /// `text`.
    text;
    /// `whole number`.
    number;
    /// `true or false`.
    flag;
    /// `one of`.
    words;
    /// `No body`.
    empty;
}

/// A text of at most so many characters.
#[must_use]
pub fn text_of(locale: Locale, most: usize) -> String {
    td_string!(locale, api.text_most, most = most).to_string()
}

/// A number between two, both included.
#[must_use]
pub fn between(locale: Locale, least: u64, most: u64) -> String {
    td_string!(locale, api.number_between, least = least, most = most).to_string()
}
