//! IAM policies: statements that allow or deny actions on resources (`protocol.md` 3.2).
//!
//! System policies are built in and cannot be edited. Custom policies of version 1.1 use the same [`Statement`].

use serde::{Deserialize, Serialize};

/// Whether a statement allows or denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effect {
    /// Allows what it matches.
    Allow,
    /// Denies what it matches; beats every other right.
    Deny,
}

/// One statement of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Statement {
    /// Allow or deny.
    pub effect: Effect,
    /// `service:type:operation`, case-insensitive, `*` any run, `?` one character.
    pub action: Vec<String>,
    /// `swr:<region>:<domain>:repo:<org>/<image>` or `…:namespace:<org>` with wildcards; empty means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resource: Vec<String>,
}

impl Statement {
    /// Whether it is about this action, on whatever resource.
    #[must_use]
    pub fn names(&self, action: &str) -> bool {
        self.action.iter().any(|pattern| {
            let pattern = pattern.to_ascii_lowercase();
            let pattern = match pattern.as_str() {
                "swr:system:createloginsecret" => "swr::createloginsecret",
                other => other,
            };
            wildcard(pattern, &action.to_ascii_lowercase())
        })
    }

    /// Whether it is about this action on this resource. `resource` is `repo:org/image`, `namespace:org` or empty.
    #[must_use]
    pub fn matches(&self, action: &str, resource: &str) -> bool {
        self.names(action)
            && (self.resource.is_empty()
                || self.resource.iter().any(|pattern| {
                    let mut parts = pattern.splitn(4, ':');
                    let own = parts.next().is_some_and(|service| wildcard(service, "swr"));
                    parts.next();
                    parts.next();
                    own && parts.next().is_some_and(|rest| wildcard(rest, resource))
                }))
    }
}

/// A policy: its statements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Policy {
    /// `1.0` for roles, `1.1` for fine-grained policies.
    pub version: String,
    /// The statements.
    pub statement: Vec<Statement>,
}

/// Policies that are built in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum SystemPolicy {
    /// Everything in SWR and the instance.
    #[serde(rename = "SWR FullAccess")]
    FullAccess,
    /// The role of the same power.
    #[serde(rename = "SWR Admin")]
    Admin,
    /// The role of the same power over every service; no right over users.
    #[serde(rename = "Tenant Administrator")]
    TenantAdministrator,
    /// Everything that SWR has; not what belongs to the instance.
    #[serde(rename = "SWR OperateAccess")]
    OperateAccess,
    /// View and pull.
    #[serde(rename = "SWR ReadOnlyAccess")]
    ReadOnlyAccess,
    /// Users, groups and policies.
    #[serde(rename = "Security Administrator")]
    SecurityAdministrator,
}

impl SystemPolicy {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::FullAccess,
        Self::Admin,
        Self::TenantAdministrator,
        Self::OperateAccess,
        Self::ReadOnlyAccess,
        Self::SecurityAdministrator,
    ];

    /// Its name, as SWR writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::FullAccess => "SWR FullAccess",
            Self::Admin => "SWR Admin",
            Self::TenantAdministrator => "Tenant Administrator",
            Self::OperateAccess => "SWR OperateAccess",
            Self::ReadOnlyAccess => "SWR ReadOnlyAccess",
            Self::SecurityAdministrator => "Security Administrator",
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

    /// Its statements (`protocol.md` 3.2, proposed expansions).
    #[must_use]
    pub fn statements(self) -> Vec<Statement> {
        let allow = |actions: &[&str]| Statement {
            effect: Effect::Allow,
            action: actions.iter().map(|&action| action.to_owned()).collect(),
            resource: Vec::new(),
        };
        match self {
            Self::FullAccess | Self::Admin | Self::TenantAdministrator => vec![allow(&["swr:*:*"])],
            Self::OperateAccess => vec![allow(&[
                "swr:repo:*",
                "swr:namespace:*",
                "swr::*",
                "swr:system:getOverview",
                "swr:system:listQuotas",
            ])],
            Self::ReadOnlyAccess => vec![allow(&[
                "swr:*:get*",
                "swr:*:list*",
                "swr:repo:download",
                "swr::createLoginSecret",
            ])],
            Self::SecurityAdministrator => vec![allow(&["iam:*:*"])],
        }
    }
}

/// Matches `*` (any run) and `?` (one character) over the whole text, in time proportional to both lengths.
pub(crate) fn wildcard(pattern: &str, text: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                retry = Some((p + 1, t));
                p += 1;
            }
            Some(&c) if c == '?' || text.get(t) == Some(&c) => {
                p += 1;
                t += 1;
            }
            _ => match retry {
                Some((after_star, from)) => {
                    p = after_star;
                    t = from + 1;
                    retry = Some((after_star, from + 1));
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|&c| c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn statements_match_actions_and_resources() {
        let statement = Statement {
            effect: Effect::Allow,
            action: vec!["swr:repo:down*".into()],
            resource: vec!["swr:*:*:repo:test/nginx*".into()],
        };
        assert!(statement.matches("swr:repo:download", "repo:test/nginx-a"));
        assert!(statement.matches("SWR:repo:Download", "repo:test/nginx"));
        assert!(!statement.matches("swr:repo:upload", "repo:test/nginx"));
        assert!(!statement.matches("swr:repo:download", "repo:other/nginx"));
        assert!(!statement.matches("swr:repo:download", "namespace:test"));
    }

    #[test]
    fn names_of_system_policies_are_found_whatever_their_case() {
        assert_eq!(SystemPolicy::by_name("swr administrator"), Some(SystemPolicy::Admin));
        for policy in SystemPolicy::ALL {
            assert_eq!(SystemPolicy::by_name(policy.name()), Some(policy));
        }
    }

    proptest! {
        #[test]
        fn wildcard_agrees_with_a_regular_expression(pattern in "[ab*?]{0,6}", text in "[ab]{0,8}") {
            let source: String = pattern.chars().map(|c| match c { '*' => ".*".into(), '?' => ".".into(), c => c.to_string() }).collect();
            let expected = regex::Regex::new(&format!("^(?:{source})$")).is_ok_and(|regex| regex.is_match(&text));
            prop_assert_eq!(wildcard(&pattern, &text), expected);
        }
    }
}
