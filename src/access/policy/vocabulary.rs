//! The names that policies may use for actions (`protocol.md` 3.3).
//!
//! Those of every [`Action`] are known by themselves; [`RESERVED`] adds the documented ones of operations that come later,
//! so that policies written for them can be saved today. A name that nothing has is refused: a typo in a Deny would
//! otherwise open what it was meant to close.

use serde::{Deserialize, Serialize};

use crate::access::{Action, wildcard};

/// Documented names without an [`Action`] yet.
const RESERVED: &[&str] = &[
    "swr:namespace:createNamespaceAccess",
    "swr:namespace:updateNamespaceAccess",
    "swr:namespace:deleteNamespaceAccess",
    "swr:namespace:getNamespaceAccess",
    "swr:repo:createRepo",
    "swr:repo:listSharedRepos",
    "swr:repo:listRepoTags",
    "swr:repo:createRepoTag",
    "swr:repo:createRepoAccess",
    "swr:repo:updateRepoAccess",
    "swr:repo:deleteRepoAccess",
    "swr:repo:getRepoAccess",
    "swr:repo:createRepoDomain",
    "swr:repo:updateRepoDomain",
    "swr:repo:deleteRepoDomain",
    "swr:repo:getRepoDomain",
    "swr:repo:listRepoDomains",
    "swr:repo:createTrigger",
    "swr:repo:updateTrigger",
    "swr:repo:deleteTrigger",
    "swr:repo:getTrigger",
    "swr:repo:listTriggers",
    "swr:repo:createRetention",
    "swr:repo:updateRetention",
    "swr:repo:deleteRetention",
    "swr:repo:getRetention",
    "swr:repo:listRetentions",
    "swr:repo:listRetentionHistories",
    "swr:repo:createAutoSyncRepoJob",
    "swr:repo:deleteAutoSyncRepoJob",
    "swr:repo:listAutoSyncRepoJobs",
    "swr:repo:createManualSyncRepoJob",
    "swr:repo:getSyncRepoJob",
    "swr:repo:scan",
    "swr:repo:getScanReport",
    "swr:repo:listSignatures",
    "swr::createLoginSecret",
    "swr::createAuthorizationToken",
    "swr:system:getOverview",
    "swr:system:listQuotas",
    "swr:system:listAuditTraces",
    "swr:system:manageMirror",
    "swr:system:manageSyncTarget",
    "swr:system:manageScanner",
    "swr:system:manageCluster",
    "swr:system:manageSetting",
];

/// What an action does, for grouping them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessLevel {
    /// Lists things.
    List,
    /// Reads one thing.
    Read,
    /// Changes something.
    Write,
    /// Changes who may do what.
    Permission,
}

/// Every name that a policy may use, in byte order.
#[must_use]
pub fn action_names() -> Vec<&'static str> {
    let used = Action::ALL.iter().flat_map(|action| action.rule().iam.iter().copied());
    let mut names: Vec<&'static str> = used.chain(RESERVED.iter().copied()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// What the action of this name does.
#[must_use]
pub fn access_level(name: &str) -> AccessLevel {
    let operation = name.rsplit(':').next().unwrap_or_default();
    if operation.starts_with("list") {
        AccessLevel::List
    } else if operation.starts_with("get") || matches!(operation, "download" | "explain") {
        AccessLevel::Read
    } else if name.starts_with("iam:permissions:")
        || ["Access", "Domain"].iter().any(|end| operation.ends_with(end))
    {
        AccessLevel::Permission
    } else {
        AccessLevel::Write
    }
}

/// Whether a pattern means the action of this name. Case makes no difference. What has an empty type is also known by
/// `system` (`swr:system:createLoginSecret`).
pub(super) fn means(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_ascii_lowercase(), name.to_ascii_lowercase());
    wildcard(&pattern, &name)
        || name
            .split_once("::")
            .is_some_and(|(service, rest)| wildcard(&pattern, &format!("{service}:system:{rest}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_three_parts_and_a_level() {
        let names = action_names();
        assert!(names.len() > 60);
        for name in names {
            assert_eq!(name.split(':').count(), 3, "{name}");
            assert!(name.starts_with("swr:") || name.starts_with("iam:"), "{name}");
        }
        for (name, level) in [
            ("swr:repo:listRepos", AccessLevel::List),
            ("swr:repo:download", AccessLevel::Read),
            ("swr:repo:upload", AccessLevel::Write),
            ("swr:repo:createRepoDomain", AccessLevel::Permission),
            ("iam:users:createUser", AccessLevel::Write),
        ] {
            assert_eq!(access_level(name), level, "{name}");
        }
    }

    #[test]
    fn both_spellings_of_the_login_secret_are_one() {
        for pattern in [
            "swr::createLoginSecret",
            "swr:system:createLoginSecret",
            "SWR:System:create*",
            "swr:*:createLogin??????",
            "*:*:*",
        ] {
            assert!(means(pattern, "swr::createLoginSecret"), "{pattern}");
        }
        assert!(!means("swr:repo:createLoginSecret", "swr::createLoginSecret"));
        assert!(!means("swr::getOverview", "swr:system:getOverview"));
    }
}
