//! Policies that are built in (`protocol.md` 3.2, proposed expansions).

use serde::{Deserialize, Serialize};

use super::{Effect, Policy, Statement};

/// Policies and roles that every account has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SystemPolicy {
    /// Everything in SWR and the instance.
    #[serde(rename = "SWR FullAccess")]
    FullAccess,
    /// Everything that SWR has; not what belongs to the instance.
    #[serde(rename = "SWR OperateAccess")]
    OperateAccess,
    /// View and pull.
    #[serde(rename = "SWR ReadOnlyAccess")]
    ReadOnlyAccess,
    /// The role of the same power as full access.
    #[serde(rename = "SWR Admin")]
    Admin,
    /// The role of the same power over every service; no right over users.
    #[serde(rename = "Tenant Administrator")]
    TenantAdministrator,
    /// Users, groups and policies.
    #[serde(rename = "Security Administrator")]
    SecurityAdministrator,
    /// The console and login commands; what is pulled must be granted.
    #[serde(rename = "ServiceStage Developer")]
    ServiceStageDeveloper,
}

impl SystemPolicy {
    /// All of them: policies first, then roles.
    pub const ALL: [Self; 7] = [
        Self::FullAccess,
        Self::OperateAccess,
        Self::ReadOnlyAccess,
        Self::Admin,
        Self::TenantAdministrator,
        Self::SecurityAdministrator,
        Self::ServiceStageDeveloper,
    ];

    /// Its name, as SWR writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FullAccess => "SWR FullAccess",
            Self::OperateAccess => "SWR OperateAccess",
            Self::ReadOnlyAccess => "SWR ReadOnlyAccess",
            Self::Admin => "SWR Admin",
            Self::TenantAdministrator => "Tenant Administrator",
            Self::SecurityAdministrator => "Security Administrator",
            Self::ServiceStageDeveloper => "ServiceStage Developer",
        }
    }

    /// The policy of that name, compared without case; `SWR Administrator` is `SWR Admin`.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("SWR Administrator") {
            return Some(Self::Admin);
        }
        Self::ALL.into_iter().find(|policy| policy.name().eq_ignore_ascii_case(name))
    }

    /// What it allows, on everything.
    const fn actions(self) -> &'static [&'static str] {
        match self {
            Self::FullAccess | Self::Admin | Self::TenantAdministrator => &["swr:*:*"],
            Self::OperateAccess => &[
                "swr:repo:*",
                "swr:namespace:*",
                "swr::createLoginSecret",
                "swr::createAuthorizationToken",
                "swr:system:getOverview",
                "swr:system:listQuotas",
            ],
            Self::ReadOnlyAccess => &[
                "swr:*:get*",
                "swr:repo:list*",
                "swr:namespace:list*",
                "swr:system:listQuotas",
                "swr:repo:download",
                "swr::createLoginSecret",
            ],
            Self::SecurityAdministrator => &["iam:*:*"],
            Self::ServiceStageDeveloper => &[
                "swr::createLoginSecret",
                "swr:repo:listRepos",
                "swr:repo:listSharedRepos",
                "swr:namespace:listNamespaces",
                "swr:system:getOverview",
            ],
        }
    }

    /// Its document.
    #[must_use]
    pub fn document(self) -> Policy {
        Policy {
            statements: vec![Statement {
                effect: Effect::Allow,
                actions: self.actions().iter().map(|&action| action.to_owned()).collect(),
                resources: Vec::new(),
                conditions: Vec::new(),
            }],
        }
    }
}
