//! To which kind of thing an event happened, and where it is looked after.

use super::words;

words! {
    /// The kind of thing. The first fourteen are the reference's; two that it spells in two ways have one spelling here, and
    /// both are understood.
    ResourceType, "this is no resource type of the audit log" {
        /// Images that are uploaded in the console.
        Images = "images",
        /// Login commands.
        DockerLoginCmd = "dockerlogincmd",
        /// The overview.
        Overview = "overview",
        /// Quotas.
        Quota = "quota",
        /// Triggers.
        Trigger = "trigger",
        /// Organizations.
        UserNamespace = "usernamespace" | "usernamepace",
        /// Grants on organizations.
        UserNamespaceAuth = "usernamespaceauth",
        /// Images.
        ImageRepository = "imagerepository",
        /// Tags.
        ImageTag = "imagetag",
        /// Grants on images.
        UserRepositoryAuth = "userrepositoryauth",
        /// Shares with accounts.
        ImageRepositoryAccessDomain = "imagerepositoryaccessdomain",
        /// Shares.
        RepoShare = "reposhare" | "reposehare",
        /// Rules of synchronization.
        ImageSync = "image-sync",
        /// Rules of retention.
        Retention = "retention",
        /// Accounts.
        Account = "account",
        /// Users, their passwords and sessions.
        User = "user",
        /// Groups.
        Group = "group",
        /// Policies.
        Policy = "policy",
        /// Access keys.
        AccessKey = "accesskey",
        /// Regions.
        Region = "region",
        /// Clusters.
        Cluster = "cluster",
        /// Settings and care of the instance.
        Setting = "setting",
        /// Scans.
        Scan = "scan",
        /// Uploads.
        Upload = "upload",
    }
}

words! {
    /// Where it is looked after; `service_type`.
    Source, "a trace source is SWR, IAM or System" {
        /// The registry.
        Swr = "SWR",
        /// Accounts and rights.
        Iam = "IAM",
        /// The instance.
        System = "System",
    }
}

impl ResourceType {
    /// Where things of this kind are looked after.
    #[must_use]
    pub const fn source(self) -> Source {
        match self {
            Self::Account | Self::User | Self::Group | Self::Policy | Self::AccessKey => {
                Source::Iam
            }
            Self::Region | Self::Cluster | Self::Setting => Source::System,
            _ => Source::Swr,
        }
    }
}
