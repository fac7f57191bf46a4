//! The names of events.

use super::{Category, ResourceType};

macro_rules! names {
    ($($variant:ident = $text:literal, $resource:ident $(, $kind:ident)?;)*) => {
        super::words! {
            /// What was done. The first 52 are the reference's (`console.md` appendix E), the others ours.
            TraceName, "this is no event of the audit log" {
                $(#[doc = concat!("`", $text, "`")] $variant = $text,)*
            }
        }

        impl TraceName {
            /// To which kind of thing it happens.
            #[must_use]
            pub const fn resource_type(self) -> ResourceType {
                match self {
                    $(Self::$variant => ResourceType::$resource,)*
                }
            }

            /// Whether something is only looked at.
            #[must_use]
            pub const fn is_read(self) -> bool {
                match self {
                    $(Self::$variant => names!(@is_read $($kind)?),)*
                }
            }
        }
    };
    (@is_read) => { false };
    (@is_read read) => { true };
}

impl TraceName {
    /// How many of [`TraceName::ALL`], from the first, are the reference's.
    pub const REFERENCE: usize = 52;

    /// Whether somebody moved data or managed something.
    #[must_use]
    pub const fn category(self) -> Category {
        match self {
            Self::PullImage | Self::PushImage => Category::Data,
            _ => Category::Management,
        }
    }
}

names! {
    PostMultipartImagePackage = "postMultipartImagePackage", Images;
    CreateDockerConfig = "createDockerConfig", DockerLoginCmd;
    GetDomainOverview = "getDomainOverview", Overview, read;
    GetDomainResourceReports = "getDomainResourceReports", Overview, read;
    ListQuotas = "listQuotas", Quota, read;
    ShowTrigger = "showTrigger", Trigger, read;
    ListTriggers = "listTriggers", Trigger, read;
    CreateTrigger = "createTrigger", Trigger;
    UpdateTrigger = "updateTrigger", Trigger;
    DeleteTrigger = "deleteTrigger", Trigger;
    CreateUserNamespace = "createUserNamespace", UserNamespace;
    DeleteUserNamespace = "deleteUserNamespace", UserNamespace;
    ListUserNamespaces = "listUserNamespaces", UserNamespace, read;
    ShowUserNamespace = "showUserNamespace", UserNamespace, read;
    CreateUserNamespaceAuth = "createUserNamespaceAuth", UserNamespaceAuth;
    DeleteUserNamespaceAuth = "deleteUserNamespaceAuth", UserNamespaceAuth;
    ShowUserNamespaceAuth = "showUserNamespaceAuth", UserNamespaceAuth, read;
    UpdateUserNamespaceAuth = "updateUserNamespaceAuth", UserNamespaceAuth;
    CreateImageRepository = "createImageRepository", ImageRepository;
    DeleteImageRepository = "deleteImageRepository", ImageRepository;
    ShowImageRepository = "showImageRepository", ImageRepository, read;
    UpdateImageRepository = "updateImageRepository", ImageRepository;
    ListImageRepositories = "listImageRepositories", ImageRepository, read;
    CreateImageTag = "createImageTag", ImageTag;
    DeleteImageTag = "deleteImageTag", ImageTag;
    ListImageTags = "listImageTags", ImageTag, read;
    CreateUserRepositoryAuth = "createUserRepositoryAuth", UserRepositoryAuth;
    DeleteUserRepositoryAuth = "deleteUserRepositoryAuth", UserRepositoryAuth;
    ShowUserRepositoryAuth = "showUserRepositoryAuth", UserRepositoryAuth, read;
    UpdateUserRepositoryAuth = "updateUserRepositoryAuth", UserRepositoryAuth;
    ListSharedReposDetails = "listSharedReposDetails", UserRepositoryAuth, read;
    CreateImageRepositoryAccessDomain = "createImageRepositoryAccessDomain", ImageRepositoryAccessDomain;
    DeleteImageRepositoryAccessDomain = "deleteImageRepositoryAccessDomain", ImageRepositoryAccessDomain;
    ShowImageRepositoryAccessDomain = "showImageRepositoryAccessDomain", ImageRepositoryAccessDomain, read;
    UpdateImageRepositoryAccessDomain = "updateImageRepositoryAccessDomain", ImageRepositoryAccessDomain;
    ListImageRepositoryAccessDomain = "listImageRepositoryAccessDomain", ImageRepositoryAccessDomain, read;
    CreateRepoShare = "createRepoShare", RepoShare;
    DeleteRepoShare = "deleteRepoShare", RepoShare;
    GetRepoShare = "getRepoShare", RepoShare, read;
    UpdateRepoShare = "updateRepoShare", RepoShare;
    ListRepoShares = "listRepoShares", RepoShare, read;
    SetRImageSync = "setRImageSync", ImageSync;
    UnsetRImageSync = "unsetRImageSync", ImageSync;
    ListRImageSync = "listRImageSync", ImageSync, read;
    ManuallImageSync = "manuallImageSync", ImageSync;
    ShowSyncJob = "showSyncJob", ImageSync, read;
    CreateRetention = "createRetention", Retention;
    DeleteRetention = "deleteRetention", Retention;
    ShowRetention = "showRetention", Retention, read;
    UpdateRetention = "updateRetention", Retention;
    ListRetentions = "listRetentions", Retention, read;
    ListRetentionHistories = "listRetentionHistories", Retention, read;
    CreateAccount = "createAccount", Account;
    UpdateAccount = "updateAccount", Account;
    DeleteAccount = "deleteAccount", Account;
    CreateUser = "createUser", User;
    UpdateUser = "updateUser", User;
    DeleteUser = "deleteUser", User;
    EnableUser = "enableUser", User;
    DisableUser = "disableUser", User;
    ChangePassword = "changePassword", User;
    ResetPassword = "resetPassword", User;
    SignIn = "signIn", User;
    SignInFailed = "signInFailed", User;
    SignOut = "signOut", User;
    RevokeSession = "revokeSession", User;
    CreateGroup = "createGroup", Group;
    UpdateGroup = "updateGroup", Group;
    DeleteGroup = "deleteGroup", Group;
    AddGroupMember = "addGroupMember", Group;
    RemoveGroupMember = "removeGroupMember", Group;
    CreatePolicy = "createPolicy", Policy;
    UpdatePolicy = "updatePolicy", Policy;
    DeletePolicy = "deletePolicy", Policy;
    AttachPolicy = "attachPolicy", Policy;
    DetachPolicy = "detachPolicy", Policy;
    CreateAccessKey = "createAccessKey", AccessKey;
    UpdateAccessKey = "updateAccessKey", AccessKey;
    EnableAccessKey = "enableAccessKey", AccessKey;
    DisableAccessKey = "disableAccessKey", AccessKey;
    DeleteAccessKey = "deleteAccessKey", AccessKey;
    DeleteDockerConfig = "deleteDockerConfig", DockerLoginCmd;
    UpdateUserNamespace = "updateUserNamespace", UserNamespace;
    ExpireShare = "expireShare", ImageRepositoryAccessDomain;
    DeleteTagByRetention = "deleteTagByRetention", ImageTag;
    RunRetention = "runRetention", Retention;
    RunTrigger = "runTrigger", Trigger;
    ScanImage = "scanImage", Scan;
    CreateRegion = "createRegion", Region;
    UpdateRegion = "updateRegion", Region;
    TestRegion = "testRegion", Region;
    DeleteRegion = "deleteRegion", Region;
    CreateCluster = "createCluster", Cluster;
    UpdateCluster = "updateCluster", Cluster;
    DeleteCluster = "deleteCluster", Cluster;
    UpdateSetting = "updateSetting", Setting;
    RunGarbageCollection = "runGarbageCollection", Setting;
    PullImage = "pullImage", ImageTag;
    PushImage = "pushImage", ImageTag;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_reference_names_52_events_and_ours_follow() {
        let reference = TraceName::ALL.get(..TraceName::REFERENCE).unwrap();
        assert_eq!(reference.last(), Some(&TraceName::ListRetentionHistories));
        let reads = reference.iter().filter(|name| name.is_read()).count();
        assert_eq!(reads, 22);
        let codes: BTreeSet<_> = TraceName::ALL.iter().map(|name| name.as_str()).collect();
        assert_eq!(codes.len(), TraceName::ALL.len());
        // What only looks says so by its name, and nothing else does.
        for name in TraceName::ALL {
            let looks = ["list", "show", "get"].iter().any(|verb| name.as_str().starts_with(verb));
            assert_eq!(name.is_read(), looks, "{name}");
        }
    }

    #[test]
    fn names_print_what_they_parse() {
        for name in TraceName::ALL {
            assert_eq!(name.as_str().parse::<TraceName>().unwrap(), *name);
            let json = serde_json::to_string(name).unwrap();
            assert_eq!(json, format!("\"{name}\""));
            assert_eq!(serde_json::from_str::<TraceName>(&json).unwrap(), *name);
        }
        assert!("manualImageSync".parse::<TraceName>().is_err(), "the reference writes two l");
    }

    #[test]
    fn both_spellings_of_resource_types_are_understood() {
        for (text, found) in [
            ("usernamepace", ResourceType::UserNamespace),
            ("usernamespace", ResourceType::UserNamespace),
            ("reposehare", ResourceType::RepoShare),
            ("image-sync", ResourceType::ImageSync),
        ] {
            assert_eq!(text.parse::<ResourceType>().unwrap(), found);
            let json = format!("\"{text}\"");
            assert_eq!(serde_json::from_str::<ResourceType>(&json).unwrap(), found);
        }
    }
}
