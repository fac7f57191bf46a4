//! What the audit log says, in the viewer's language.

use roadstead::audit::{ResourceType, Source, TraceName};

use crate::i18n::{Locale, td_string};

/// What was done, as a sentence.
#[must_use]
pub fn sentence(locale: Locale, name: TraceName) -> &'static str {
    match name {
        TraceName::PostMultipartImagePackage => {
            td_string!(locale, audit.post_multipart_image_package)
        }
        TraceName::CreateDockerConfig => td_string!(locale, audit.create_docker_config),
        TraceName::GetDomainOverview => td_string!(locale, audit.get_domain_overview),
        TraceName::GetDomainResourceReports => {
            td_string!(locale, audit.get_domain_resource_reports)
        }
        TraceName::ListQuotas => td_string!(locale, audit.list_quotas),
        TraceName::ShowTrigger => td_string!(locale, audit.show_trigger),
        TraceName::ListTriggers => td_string!(locale, audit.list_triggers),
        TraceName::CreateTrigger => td_string!(locale, audit.create_trigger),
        TraceName::UpdateTrigger => td_string!(locale, audit.update_trigger),
        TraceName::DeleteTrigger => td_string!(locale, audit.delete_trigger),
        TraceName::CreateUserNamespace => td_string!(locale, audit.create_user_namespace),
        TraceName::DeleteUserNamespace => td_string!(locale, audit.delete_user_namespace),
        TraceName::ListUserNamespaces => td_string!(locale, audit.list_user_namespaces),
        TraceName::ShowUserNamespace => td_string!(locale, audit.show_user_namespace),
        TraceName::CreateUserNamespaceAuth => td_string!(locale, audit.create_user_namespace_auth),
        TraceName::DeleteUserNamespaceAuth => td_string!(locale, audit.delete_user_namespace_auth),
        TraceName::ShowUserNamespaceAuth => td_string!(locale, audit.show_user_namespace_auth),
        TraceName::UpdateUserNamespaceAuth => td_string!(locale, audit.update_user_namespace_auth),
        TraceName::CreateImageRepository => td_string!(locale, audit.create_image_repository),
        TraceName::DeleteImageRepository => td_string!(locale, audit.delete_image_repository),
        TraceName::ShowImageRepository => td_string!(locale, audit.show_image_repository),
        TraceName::UpdateImageRepository => td_string!(locale, audit.update_image_repository),
        TraceName::ListImageRepositories => td_string!(locale, audit.list_image_repositories),
        TraceName::CreateImageTag => td_string!(locale, audit.create_image_tag),
        TraceName::DeleteImageTag => td_string!(locale, audit.delete_image_tag),
        TraceName::ListImageTags => td_string!(locale, audit.list_image_tags),
        TraceName::CreateUserRepositoryAuth => {
            td_string!(locale, audit.create_user_repository_auth)
        }
        TraceName::DeleteUserRepositoryAuth => {
            td_string!(locale, audit.delete_user_repository_auth)
        }
        TraceName::ShowUserRepositoryAuth => td_string!(locale, audit.show_user_repository_auth),
        TraceName::UpdateUserRepositoryAuth => {
            td_string!(locale, audit.update_user_repository_auth)
        }
        TraceName::ListSharedReposDetails => td_string!(locale, audit.list_shared_repos_details),
        TraceName::CreateImageRepositoryAccessDomain => {
            td_string!(locale, audit.create_image_repository_access_domain)
        }
        TraceName::DeleteImageRepositoryAccessDomain => {
            td_string!(locale, audit.delete_image_repository_access_domain)
        }
        TraceName::ShowImageRepositoryAccessDomain => {
            td_string!(locale, audit.show_image_repository_access_domain)
        }
        TraceName::UpdateImageRepositoryAccessDomain => {
            td_string!(locale, audit.update_image_repository_access_domain)
        }
        TraceName::ListImageRepositoryAccessDomain => {
            td_string!(locale, audit.list_image_repository_access_domain)
        }
        TraceName::CreateRepoShare => td_string!(locale, audit.create_repo_share),
        TraceName::DeleteRepoShare => td_string!(locale, audit.delete_repo_share),
        TraceName::GetRepoShare => td_string!(locale, audit.get_repo_share),
        TraceName::UpdateRepoShare => td_string!(locale, audit.update_repo_share),
        TraceName::ListRepoShares => td_string!(locale, audit.list_repo_shares),
        TraceName::SetRImageSync => td_string!(locale, audit.set_r_image_sync),
        TraceName::UnsetRImageSync => td_string!(locale, audit.unset_r_image_sync),
        TraceName::ListRImageSync => td_string!(locale, audit.list_r_image_sync),
        TraceName::ManuallImageSync => td_string!(locale, audit.manuall_image_sync),
        TraceName::ShowSyncJob => td_string!(locale, audit.show_sync_job),
        TraceName::CreateRetention => td_string!(locale, audit.create_retention),
        TraceName::DeleteRetention => td_string!(locale, audit.delete_retention),
        TraceName::ShowRetention => td_string!(locale, audit.show_retention),
        TraceName::UpdateRetention => td_string!(locale, audit.update_retention),
        TraceName::ListRetentions => td_string!(locale, audit.list_retentions),
        TraceName::ListRetentionHistories => td_string!(locale, audit.list_retention_histories),
        TraceName::CreateAccount => td_string!(locale, audit.create_account),
        TraceName::UpdateAccount => td_string!(locale, audit.update_account),
        TraceName::DeleteAccount => td_string!(locale, audit.delete_account),
        TraceName::CreateUser => td_string!(locale, audit.create_user),
        TraceName::UpdateUser => td_string!(locale, audit.update_user),
        TraceName::DeleteUser => td_string!(locale, audit.delete_user),
        TraceName::EnableUser => td_string!(locale, audit.enable_user),
        TraceName::DisableUser => td_string!(locale, audit.disable_user),
        TraceName::ChangePassword => td_string!(locale, audit.change_password),
        TraceName::ResetPassword => td_string!(locale, audit.reset_password),
        TraceName::SignIn => td_string!(locale, audit.sign_in),
        TraceName::SignInFailed => td_string!(locale, audit.sign_in_failed),
        TraceName::SignOut => td_string!(locale, audit.sign_out),
        TraceName::RevokeSession => td_string!(locale, audit.revoke_session),
        TraceName::CreateGroup => td_string!(locale, audit.create_group),
        TraceName::UpdateGroup => td_string!(locale, audit.update_group),
        TraceName::DeleteGroup => td_string!(locale, audit.delete_group),
        TraceName::AddGroupMember => td_string!(locale, audit.add_group_member),
        TraceName::RemoveGroupMember => td_string!(locale, audit.remove_group_member),
        TraceName::CreatePolicy => td_string!(locale, audit.create_policy),
        TraceName::UpdatePolicy => td_string!(locale, audit.update_policy),
        TraceName::DeletePolicy => td_string!(locale, audit.delete_policy),
        TraceName::AttachPolicy => td_string!(locale, audit.attach_policy),
        TraceName::DetachPolicy => td_string!(locale, audit.detach_policy),
        TraceName::CreateAccessKey => td_string!(locale, audit.create_access_key),
        TraceName::UpdateAccessKey => td_string!(locale, audit.update_access_key),
        TraceName::EnableAccessKey => td_string!(locale, audit.enable_access_key),
        TraceName::DisableAccessKey => td_string!(locale, audit.disable_access_key),
        TraceName::DeleteAccessKey => td_string!(locale, audit.delete_access_key),
        TraceName::DeleteDockerConfig => td_string!(locale, audit.delete_docker_config),
        TraceName::UpdateUserNamespace => td_string!(locale, audit.update_user_namespace),
        TraceName::ExpireShare => td_string!(locale, audit.expire_share),
        TraceName::DeleteTagByRetention => td_string!(locale, audit.delete_tag_by_retention),
        TraceName::RunRetention => td_string!(locale, audit.run_retention),
        TraceName::RunTrigger => td_string!(locale, audit.run_trigger),
        TraceName::ScanImage => td_string!(locale, audit.scan_image),
        TraceName::CreateRegion => td_string!(locale, audit.create_region),
        TraceName::UpdateRegion => td_string!(locale, audit.update_region),
        TraceName::TestRegion => td_string!(locale, audit.test_region),
        TraceName::DeleteRegion => td_string!(locale, audit.delete_region),
        TraceName::CreateCluster => td_string!(locale, audit.create_cluster),
        TraceName::UpdateCluster => td_string!(locale, audit.update_cluster),
        TraceName::DeleteCluster => td_string!(locale, audit.delete_cluster),
        TraceName::UpdateSetting => td_string!(locale, audit.update_setting),
        TraceName::RunGarbageCollection => td_string!(locale, audit.run_garbage_collection),
        TraceName::PullImage => td_string!(locale, audit.pull_image),
        TraceName::PushImage => td_string!(locale, audit.push_image),
    }
}

/// A kind of thing.
#[must_use]
pub fn resource_type(locale: Locale, kind: ResourceType) -> &'static str {
    match kind {
        ResourceType::Images => td_string!(locale, audit.type_images),
        ResourceType::DockerLoginCmd => td_string!(locale, audit.type_docker_login_cmd),
        ResourceType::Overview => td_string!(locale, audit.type_overview),
        ResourceType::Quota => td_string!(locale, audit.type_quota),
        ResourceType::Trigger => td_string!(locale, audit.type_trigger),
        ResourceType::UserNamespace => td_string!(locale, audit.type_user_namespace),
        ResourceType::UserNamespaceAuth => td_string!(locale, audit.type_user_namespace_auth),
        ResourceType::ImageRepository => td_string!(locale, audit.type_image_repository),
        ResourceType::ImageTag => td_string!(locale, audit.type_image_tag),
        ResourceType::UserRepositoryAuth => td_string!(locale, audit.type_user_repository_auth),
        ResourceType::ImageRepositoryAccessDomain => {
            td_string!(locale, audit.type_image_repository_access_domain)
        }
        ResourceType::RepoShare => td_string!(locale, audit.type_repo_share),
        ResourceType::ImageSync => td_string!(locale, audit.type_image_sync),
        ResourceType::Retention => td_string!(locale, audit.type_retention),
        ResourceType::Account => td_string!(locale, audit.type_account),
        ResourceType::User => td_string!(locale, audit.type_user),
        ResourceType::Group => td_string!(locale, audit.type_group),
        ResourceType::Policy => td_string!(locale, audit.type_policy),
        ResourceType::AccessKey => td_string!(locale, audit.type_access_key),
        ResourceType::Region => td_string!(locale, audit.type_region),
        ResourceType::Cluster => td_string!(locale, audit.type_cluster),
        ResourceType::Setting => td_string!(locale, audit.type_setting),
        ResourceType::Scan => td_string!(locale, audit.type_scan),
        ResourceType::Upload => td_string!(locale, audit.type_upload),
    }
}

/// Where things are looked after.
#[must_use]
pub fn source(locale: Locale, source: Source) -> &'static str {
    match source {
        Source::Swr => td_string!(locale, audit.source_swr),
        Source::Iam => td_string!(locale, audit.source_iam),
        Source::System => td_string!(locale, audit.source_system),
    }
}

/// Titles of the columns of an export.
#[must_use]
pub fn csv_columns(locale: Locale) -> [&'static str; 13] {
    [
        td_string!(locale, audit.column_time),
        td_string!(locale, audit.column_name),
        td_string!(locale, audit.column_sentence),
        td_string!(locale, audit.column_type),
        td_string!(locale, audit.column_source),
        td_string!(locale, audit.column_id),
        td_string!(locale, audit.column_resource),
        td_string!(locale, audit.column_level),
        td_string!(locale, audit.column_operator),
        td_string!(locale, audit.column_address),
        td_string!(locale, audit.column_code),
        td_string!(locale, audit.column_trace),
        td_string!(locale, audit.column_request),
    ]
}

/// What the last line of an export says when there are more events than it takes.
#[must_use]
pub fn csv_cut(locale: Locale) -> &'static str {
    td_string!(locale, audit.csv_cut)
}
