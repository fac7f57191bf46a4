//! Which rows of lists a caller sees: what [`decide`](super::decide) would allow of each, as something a query can ask.
//!
//! # Invariants
//! - Only [`visibility`] makes a [`Visibility`].
//! - A list shows an image exactly if reading it is allowed by ownership, policy or grant; that it is public or shared
//!   puts it in other lists. The same goes for organizations. A test compares both, one by one, for random policies.
//! - A policy that denies hides from lists too, whatever else allows.
//!
//! To make another action decide about rows of a list, add its [`Names`] to [`ByPolicy`].

use std::collections::BTreeSet;
use std::sync::Arc;

use super::action::Action;
use super::actor::UserActor;
use super::decide::Circumstances;
use super::policy::Policies;
use super::wildcard;
use crate::id::{AccountId, UserId};

/// Which rows of a list the caller may see; filters in the query, never after it. Only [`visibility`] makes one:
///
/// ```compile_fail,E0639
/// use roadstead::{access::Visibility, id::AccountId};
/// let forged = Visibility::Account { account: AccountId(7) };
/// ```
/// ```compile_fail,E0639
/// use roadstead::{access::Visibility, id::{AccountId, UserId}};
/// let policies = std::sync::Arc::default();
/// let forged = Visibility::Granted { account: AccountId(7), user: UserId(7), policies };
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Visibility {
    /// Everything of the account.
    #[non_exhaustive]
    Account {
        /// The account.
        account: AccountId,
    },
    /// What the user's grants and policies name, inside the account.
    #[non_exhaustive]
    Granted {
        /// The account.
        account: AccountId,
        /// The user, whose grants are for the query to join.
        user: UserId,
        /// What policies add and take away.
        policies: Arc<ByPolicy>,
    },
}

/// What the policies of a user say about the things of lists.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct ByPolicy {
    /// About reading images, by `organization/name`.
    pub images: Names,
    /// About seeing organizations, by name.
    pub organizations: Names,
    /// About listing with whom images are shared, by `organization/name`.
    pub shares: Names,
}

/// Names that policies allow and deny.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names {
    allowed: Vec<NamePattern>,
    denied: Vec<NamePattern>,
}

impl Names {
    /// Nothing is said yet.
    pub(super) fn new(
        allowed: impl IntoIterator<Item = NamePattern>,
        denied: impl IntoIterator<Item = NamePattern>,
    ) -> Self {
        Self { allowed: condensed(allowed), denied: condensed(denied) }
    }

    /// Whatever one of them means is allowed, unless it is denied.
    #[must_use]
    pub fn allowed(&self) -> &[NamePattern] {
        &self.allowed
    }

    /// Whatever one of them means is hidden.
    #[must_use]
    pub fn denied(&self) -> &[NamePattern] {
        &self.denied
    }

    /// Whether grants alone decide.
    #[must_use]
    pub const fn is_silent(&self) -> bool {
        self.allowed.is_empty() && self.denied.is_empty()
    }

    fn is_everything(&self) -> bool {
        self.denied.is_empty() && self.allowed.iter().any(NamePattern::is_everything)
    }
}

/// Each once, in order; what means everything makes the others superfluous.
fn condensed(patterns: impl IntoIterator<Item = NamePattern>) -> Vec<NamePattern> {
    let all: BTreeSet<NamePattern> = patterns.into_iter().collect();
    match all.iter().find(|pattern| pattern.is_everything()) {
        Some(everything) => vec![everything.clone()],
        None => all.into_iter().collect(),
    }
}

/// A name in lower case with `*` for any run of characters and `?` for one.
///
/// ```
/// use roadstead::access::NamePattern;
/// let after = NamePattern::after("r*:team/a?p*", "repo:");
/// assert_eq!(after.iter().map(NamePattern::as_str).collect::<Vec<_>>(), ["*:team/a?p*", "team/a?p*"]);
/// assert!(after[1].means("team/app2") && !after[1].means("team/ap"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NamePattern(String);

impl NamePattern {
    /// The patterns of which one means `rest` exactly if `pattern` means `prefix` with `rest` behind it.
    #[must_use]
    pub fn after(pattern: &str, prefix: &str) -> Vec<Self> {
        let pattern: Vec<char> = pattern.chars().collect();
        // Where in the pattern one may be after what was read of the prefix. A star may be passed without a character.
        let mut places = passing_stars(&pattern, BTreeSet::from([0]));
        for read in prefix.chars() {
            let next = places.iter().filter_map(|&place| match pattern.get(place)? {
                '*' => Some(place),
                '?' => Some(place + 1),
                wanted => (*wanted == read).then_some(place + 1),
            });
            places = passing_stars(&pattern, next.collect());
        }
        let is_after_star = |place: usize| {
            place
                .checked_sub(1)
                .is_some_and(|before| pattern.get(before) == Some(&'*') && places.contains(&before))
        };
        // What follows a star that is itself left means nothing more than the star and what follows it.
        let left = places.iter().filter(|&&place| !is_after_star(place));
        let texts: BTreeSet<Self> = left
            .map(|&place| Self(pattern.get(place..).unwrap_or_default().iter().collect()))
            .collect();
        texts.into_iter().collect()
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it means `name`.
    #[must_use]
    pub fn means(&self, name: &str) -> bool {
        wildcard(&self.0, name)
    }

    /// Whether it means every name.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        !self.0.is_empty() && self.0.chars().all(|c| c == '*')
    }
}

/// With every place that is reached over stars that stand for nothing.
fn passing_stars(pattern: &[char], mut places: BTreeSet<usize>) -> BTreeSet<usize> {
    let mut at = 0;
    while at <= pattern.len() {
        if places.contains(&at) && pattern.get(at) == Some(&'*') {
            places.insert(at + 1);
        }
        at += 1;
    }
    places
}

/// Which rows of lists a user sees, by ownership and policies; grants are for the query to join.
///
/// All of the account is visible only if policies allow reading every image and organization and deny none.
#[must_use]
pub fn visibility(user: &UserActor, policies: &Policies, at: &Circumstances<'_>) -> Visibility {
    if user.is_owner {
        return Visibility::Account { account: user.account };
    }
    let about = |action, kind: &str| policies.names(user, action, kind, at);
    let by_policy = ByPolicy {
        images: about(Action::ReadImage, "repo:"),
        organizations: about(Action::ReadOrganization, "namespace:"),
        shares: about(Action::ListShares, "repo:"),
    };
    let ByPolicy { images, organizations, shares } = &by_policy;
    if [images, organizations, shares].into_iter().all(Names::is_everything) {
        return Visibility::Account { account: user.account };
    }
    let policies = Arc::new(by_policy);
    Visibility::Granted { account: user.account, user: user.user, policies }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_follows_a_prefix_means_the_same(pattern in "[ab:*?]{0,8}", rest in "[ab:]{0,5}") {
            let whole = wildcard(&pattern, &format!("ab:{rest}"));
            let after = NamePattern::after(&pattern, "ab:");
            prop_assert_eq!(after.iter().any(|it| it.means(&rest)), whole, "{:?}", after);
        }
    }
}
