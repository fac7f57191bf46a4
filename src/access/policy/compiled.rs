//! The statements of one user, ready for every request: made once when the user's rights are loaded.

use super::condition::{Facts, Test};
use super::{Effect, Policy, Statement, vocabulary};
use crate::access::action::Action;
use crate::access::decide::{Circumstances, Resource};
use crate::access::{NamePattern, Names, UserActor, wildcard};

/// How many actions there are.
const ACTIONS: usize = Action::ALL.len();

/// What policies compare of whoever holds them, beyond what [`UserActor`] says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holder {
    /// The user's id on the wire.
    pub user_id: String,
    /// The account's id on the wire.
    pub domain_id: String,
    /// This region, also the project's name.
    pub region: String,
}

/// A policy that a user has, and through which group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attached {
    /// Its name.
    pub policy: String,
    /// Whether it is built in.
    pub is_system: bool,
    /// The group; `None` when it is attached to the user itself.
    pub group: Option<String>,
}

/// Every policy of one user.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Policies {
    holder: Holder,
    attached: Vec<Attached>,
    statements: Vec<Compiled>,
    /// Those that cannot be read.
    damaged: Vec<Attached>,
}

#[derive(Debug, Clone, PartialEq)]
struct Compiled {
    effect: Effect,
    /// Of each action, which of its IAM names are meant: the first in the lowest bit.
    names: [u8; ACTIONS],
    /// `None` is all of them.
    resources: Option<Vec<Pattern>>,
    tests: Vec<Test>,
    /// Of which policy, and the how manyth of it.
    attached: usize,
    number: usize,
}

/// A resource with wildcards, in lower case.
#[derive(Debug, Clone, PartialEq)]
struct Pattern {
    service: String,
    region: String,
    domain: String,
    rest: String,
}

/// One question.
pub(in crate::access) struct Asked<'a> {
    pub(in crate::access) user: &'a UserActor,
    pub(in crate::access) action: Action,
    pub(in crate::access) resource: Resource<'a>,
    /// Id of the account that owns the resource, when it is not the user's own.
    pub(in crate::access) owner: Option<&'a str>,
    pub(in crate::access) at: &'a Circumstances<'a>,
}

/// What the policies say; the number is the statement that decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::access) enum Ruling {
    Silent,
    /// Something may deny it that cannot be read.
    Damaged,
    Allowed(usize),
    Denied(usize),
}

impl Policies {
    /// Nobody's policies yet.
    #[must_use]
    pub const fn new(holder: Holder) -> Self {
        Self { holder, attached: Vec::new(), statements: Vec::new(), damaged: Vec::new() }
    }

    /// Adds a policy.
    #[must_use]
    pub fn with(mut self, attached: Attached, policy: &Policy) -> Self {
        let position = self.attached.len();
        self.attached.push(attached);
        let compiled = policy
            .statements
            .iter()
            .enumerate()
            .filter_map(|(index, statement)| Compiled::of(statement, position, index + 1));
        self.statements.extend(compiled);
        self
    }

    /// Adds a policy that cannot be read. It allows nothing; and because what it denied is not known, everything that
    /// policies could deny is refused to whoever has it, until it is saved anew or detached.
    #[must_use]
    pub fn with_damaged(mut self, attached: Attached) -> Self {
        self.damaged.push(attached);
        self
    }

    /// Whether one of them cannot be read.
    #[must_use]
    pub const fn is_damaged(&self) -> bool {
        !self.damaged.is_empty()
    }

    /// Those that cannot be read.
    #[must_use]
    pub fn damaged(&self) -> &[Attached] {
        &self.damaged
    }

    /// The policies that can be read, in the order in which they were added.
    #[must_use]
    pub fn attached(&self) -> &[Attached] {
        &self.attached
    }

    /// To which policy a statement belongs that decided, and which one of it that is, from 1.
    #[must_use]
    pub fn statement(&self, index: usize) -> Option<(&Attached, usize)> {
        let statement = self.statements.get(index)?;
        Some((self.attached.get(statement.attached)?, statement.number))
    }

    /// What the policies say. A single Deny of any of the action's names ends it; all names must be allowed.
    pub(in crate::access) fn ruling(&self, asked: &Asked<'_>) -> Ruling {
        let iam = asked.action.rule().iam;
        if iam.is_empty() {
            return Ruling::Silent;
        }
        if self.is_damaged() {
            return Ruling::Damaged;
        }
        if self.statements.is_empty() {
            return Ruling::Silent;
        }
        let all = u8::MAX >> (8 - iam.len().min(8));
        let service = iam.first().and_then(|name| name.split(':').next()).unwrap_or_default();
        let domain = asked.owner.unwrap_or(&self.holder.domain_id);
        let rest = asked.resource.text();
        let facts = self.facts(asked.user, asked.at);
        let (mut allowed, mut by) = (0, None);
        for (index, statement) in self.statements.iter().enumerate() {
            let names = statement.names(asked.action);
            // A statement that adds nothing need not be looked at more closely.
            if names == 0 || statement.effect == Effect::Allow && names & !allowed == 0 {
                continue;
            }
            let is_meant = statement.resources.as_ref().is_none_or(|patterns| {
                patterns.iter().any(|it| it.is(service, &self.holder.region, domain, &rest))
            });
            if !is_meant || !statement.holds(&facts, asked.at.is_target_open) {
                continue;
            }
            match statement.effect {
                Effect::Deny => return Ruling::Denied(index),
                Effect::Allow => {
                    allowed |= names;
                    by = Some(index);
                }
            }
        }
        match by {
            Some(index) if allowed == all => Ruling::Allowed(index),
            _ => Ruling::Silent,
        }
    }

    /// Whether there is an image that these policies may hide by an explicit deny, whoever shares it.
    #[must_use]
    pub fn may_hide_images(&self) -> bool {
        self.is_damaged()
            || self.statements.iter().any(|statement| {
                statement.effect == Effect::Deny && statement.names(Action::ReadImage) != 0
            })
    }

    /// Of which names of the user's own account an action is allowed and denied at this instant, and from where it is
    /// asked. `kind` is what stands before the name in a resource: `repo:`.
    ///
    /// A damaged policy may deny everything.
    pub(in crate::access) fn names(
        &self,
        user: &UserActor,
        action: Action,
        kind: &str,
        at: &Circumstances<'_>,
    ) -> Names {
        if self.is_damaged() {
            return Names::new(None, NamePattern::after("*", ""));
        }
        let facts = self.facts(user, at);
        let of = |effect: Effect, name: u8| {
            let meant = self.statements.iter().filter(move |statement| {
                statement.effect == effect && statement.names(action) & name != 0
            });
            meant
                .filter(|statement| statement.holds(&facts, at.is_target_open))
                .flat_map(|statement| self.own(statement, kind))
                .collect::<Vec<_>>()
        };
        // All IAM names of an action must be allowed; those that decide about lists have one.
        Names::new(of(Effect::Allow, 1), of(Effect::Deny, u8::MAX))
    }

    /// What a statement names of the user's own account here.
    fn own(&self, statement: &Compiled, kind: &str) -> Vec<NamePattern> {
        let Holder { domain_id, region, .. } = &self.holder;
        match &statement.resources {
            None => NamePattern::after("*", ""),
            Some(patterns) => patterns
                .iter()
                .filter(|pattern| pattern.is_in("swr", region, domain_id))
                .flat_map(|pattern| match pattern.rest.as_str() {
                    // Every image has an organization.
                    "repo:*/*" if kind == "repo:" => NamePattern::after("*", ""),
                    rest => NamePattern::after(rest, kind),
                })
                .collect(),
        }
    }

    fn facts<'a>(&'a self, user: &'a UserActor, at: &'a Circumstances<'a>) -> Facts<'a> {
        Facts {
            now: at.now,
            source: at.source,
            domain_name: user.account_name.as_str(),
            user_id: &self.holder.user_id,
            user_name: user.user_name.as_str(),
            project_name: &self.holder.region,
            target_region: at.target_region,
            target_account: at.target_account,
        }
    }
}

impl Compiled {
    /// `None` for an Allow that can never hold. A Deny of that kind (there is none: such documents cannot be read) always
    /// holds.
    fn of(statement: &Statement, attached: usize, number: usize) -> Option<Self> {
        let tests: Result<Vec<Test>, usize> = statement.conditions.iter().map(Test::of).collect();
        let tests = match (tests, statement.effect) {
            (Ok(tests), _) => tests,
            (Err(_), Effect::Deny) => Vec::new(),
            (Err(_), Effect::Allow) => return None,
        };
        let mut names = [0; ACTIONS];
        for (slot, action) in names.iter_mut().zip(Action::ALL) {
            for (bit, name) in action.rule().iam.iter().enumerate().take(8) {
                if statement.actions.iter().any(|pattern| vocabulary::means(pattern, name)) {
                    *slot |= 1 << bit;
                }
            }
        }
        let is_all = statement.resources.is_empty()
            || statement.resources.iter().any(|resource| resource == "*");
        let resources = (!is_all)
            .then(|| statement.resources.iter().filter_map(|text| Pattern::of(text)).collect());
        Some(Self { effect: statement.effect, names, resources, tests, attached, number })
    }

    /// Whether all conditions hold. Of those about a target that is still to be named the best is assumed.
    fn holds(&self, facts: &Facts<'_>, is_target_open: bool) -> bool {
        self.tests.iter().all(|test| {
            if is_target_open && test.is_of_target() {
                self.effect == Effect::Allow
            } else {
                test.holds(facts)
            }
        })
    }

    fn names(&self, action: Action) -> u8 {
        self.names.get(action as usize).copied().unwrap_or_default()
    }
}

impl Pattern {
    fn of(text: &str) -> Option<Self> {
        let folded = text.to_ascii_lowercase();
        let mut parts = folded.splitn(4, ':').map(str::to_owned);
        Some(Self {
            service: parts.next()?,
            region: parts.next()?,
            domain: parts.next()?,
            rest: parts.next()?,
        })
    }

    fn is(&self, service: &str, region: &str, domain: &str, rest: &str) -> bool {
        self.is_in(service, region, domain) && wildcard(&self.rest, rest)
    }

    fn is_in(&self, service: &str, region: &str, domain: &str) -> bool {
        wildcard(&self.service, service)
            && wildcard(&self.region, region)
            && wildcard(&self.domain, domain)
    }
}
