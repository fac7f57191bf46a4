//! Rights of users on organizations and images: see, give, change, take away (`protocol.md` 3.1, 3.5).
//!
//! # Invariants
//! - A grant is of a user of the account that owns the thing; never of the owner, who needs none, and nobody gives
//!   themselves a right, which would outlive the one they act by.
//! - One call is one transaction: all of it is done or nothing, with its audit event.
//! - What a user may do after all, and why, comes from the same decision as every request.

mod change;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use roadstead::access::{Action, Actor, OrganizationTarget, Permission, Reason, RepositoryTarget};
use roadstead::audit::TraceName;
use roadstead::error::Subject;
use roadstead::id::UserId;
use roadstead::manage::grant::{Candidate, GrantList, GrantOn, GrantQuery, GrantSource, UserGrant};
use roadstead::manage::image::ImageRights;
use roadstead::page::Page;
use roadstead::{Error, ErrorKind, Result};
use roadstead_store::grant::{self, AdministratorRecord, GrantRecord, On};
use roadstead_store::{Place, Store};

use crate::access::{Access, strongest};
use crate::audit::{Event, Origin, Trail};
use crate::context::Context;
use crate::error::stored;
use crate::port::Ports;

pub use change::Named;

/// Most users that are offered at a time.
const OFFERED: u64 = 50;
/// Most rows of administrators that are read.
const ADMINISTRATORS: u64 = 1_000;

/// Rights of users.
#[derive(Debug, Clone)]
pub struct Grants {
    store: Store,
    access: Access,
    ports: Ports,
    trail: Trail,
}

/// The same question for an organization and for an image.
#[derive(Clone, Copy)]
struct Question {
    organization: Action,
    image: Action,
}

const READ_OWN: Question =
    Question { organization: Action::ReadOrganizationGrant, image: Action::ReadImageGrant };
const LIST: Question =
    Question { organization: Action::ListOrganizationGrants, image: Action::ListImageGrants };
const CREATE: Question =
    Question { organization: Action::CreateOrganizationGrant, image: Action::CreateImageGrant };
/// What grants are on, decided.
struct Thing {
    on: On,
    target: Target,
}

enum Target {
    Organization(OrganizationTarget),
    Image(RepositoryTarget),
}

impl Grants {
    pub(crate) const fn new(store: Store, access: Access, ports: Ports, trail: Trail) -> Self {
        Self { store, access, ports, trail }
    }

    async fn authorize(&self, ctx: &Context, ask: Question, on: &GrantOn) -> Result<Thing> {
        Ok(match on {
            GrantOn::Organization(name) => {
                let allowed = self.access.authorize(ctx, ask.organization, name).await?;
                let target = Target::Organization(allowed.target().clone());
                Thing { on: On::Organization(allowed.key()), target }
            }
            GrantOn::Image(name) => {
                let allowed = self.access.authorize(ctx, ask.image, name).await?;
                let target = Target::Image(allowed.target().clone());
                Thing { on: On::Image(Place::of(&allowed)), target }
            }
        })
    }

    /// The caller's own right, and everybody's as far as they are the caller's to see.
    ///
    /// # Errors
    /// `Hidden` or `Denied` without the right to see even one's own; those of the store.
    #[tracing::instrument(name = "service.grant.list", skip_all, fields(%on))]
    pub async fn list(&self, ctx: &Context, on: &GrantOn, query: GrantQuery) -> Result<GrantList> {
        let thing = self.authorize(ctx, READ_OWN, on).await?;
        self.trail.looked(|| {
            let names = (TraceName::ShowUserNamespaceAuth, TraceName::ShowUserRepositoryAuth);
            thing.event(&Origin::of(ctx, &self.ports), names)
        });
        let sees_all = match self.authorize(ctx, LIST, on).await {
            Ok(_) => true,
            Err(error) if error.kind() == ErrorKind::Denied => false,
            Err(error) => return Err(error),
        };
        let (on, caller, window) = (thing.on, ctx.user()?.user, query.window);
        let search = searched(query.search);
        let (facts, own, others, administrators) = self
            .store
            .read("grant.list", move |tx| {
                let search = search.clone();
                Box::pin(async move {
                    let Some(facts) = grant::thing(tx, &on).await? else {
                        return Ok(None);
                    };
                    let Some(own) = grant::of_user(tx, &on, caller).await? else {
                        return Ok(None);
                    };
                    if !sees_all {
                        return Ok(Some((facts, own, None, Vec::new())));
                    }
                    let others =
                        grant::list(tx, &on, Some(caller), search.as_deref(), window).await?;
                    let administrators = grant::administrators(tx, &on, ADMINISTRATORS).await?;
                    Ok(Some((facts, own, Some(others), administrators)))
                })
            })
            .await
            .map_err(stored)?
            .ok_or_else(|| Error::hidden(thing.subject()))?;
        Ok(GrantList {
            id: facts.id,
            created_by: facts.creator_name,
            own: self.shown(ctx, &thing, own).await?,
            others: match others {
                Some(page) => Some(self.shown_all(ctx, &thing, page).await?),
                None => None,
            },
            administrators: self.administrators(ctx, &thing, administrators).await?,
        })
    }

    async fn shown_all(
        &self,
        ctx: &Context,
        thing: &Thing,
        page: Page<GrantRecord>,
    ) -> Result<Page<UserGrant>> {
        let mut items = Vec::with_capacity(page.items.len());
        for record in page.items {
            items.push(self.shown(ctx, thing, record).await?);
        }
        Ok(Page { items, total: page.total, window: page.window })
    }

    async fn shown(&self, ctx: &Context, thing: &Thing, record: GrantRecord) -> Result<UserGrant> {
        let grants = match thing.on {
            On::Organization(_) => (record.given, None),
            On::Image(_) => (record.inherited, record.given),
        };
        let right = self.right(ctx, thing, record.user_id, grants).await?;
        Ok(UserGrant {
            user_id: record.user_public_id,
            user: record.user_name,
            given: record.given,
            inherited: record.inherited,
            effective: right.map(|right| right.permission),
            source: right.map_or(GrantSource::Nothing, |right| thing.source(right, grants)),
            groups: Vec::new(),
            granted_at: record.granted_at,
        })
    }

    /// The owner, and whoever policies alone give a right.
    async fn administrators(
        &self,
        ctx: &Context,
        thing: &Thing,
        records: Vec<AdministratorRecord>,
    ) -> Result<Vec<UserGrant>> {
        let mut groups: BTreeMap<UserId, Vec<String>> = BTreeMap::new();
        for record in records {
            groups.entry(record.user_id).or_default().extend(record.group_name);
        }
        if let Some(caller) = ctx.actor.user() {
            groups.remove(&caller.user);
        }
        let mut shown = Vec::new();
        for (user, groups) in groups {
            let none = (None, None);
            let (Some(person), Some(right)) =
                (self.access.person(user).await?, self.right(ctx, thing, user, none).await?)
            else {
                continue;
            };
            shown.push(UserGrant {
                user_id: person.user.public_id.clone(),
                user: person.actor.user_name.clone(),
                given: None,
                inherited: None,
                effective: Some(right.permission),
                source: thing.source(right, none),
                groups: if right.reason == Reason::Policy { groups } else { Vec::new() },
                granted_at: None,
            });
        }
        shown.sort_by_cached_key(|row| row.user.folded());
        Ok(shown)
    }

    /// What a user with these grants (on the organization, on the image) may do after all; `None` for a disabled one.
    async fn right(
        &self,
        ctx: &Context,
        thing: &Thing,
        user: UserId,
        (organization, image): (Option<Permission>, Option<Permission>),
    ) -> Result<Option<ImageRights>> {
        let Some(person) = self.access.person(user).await? else {
            return Ok(None);
        };
        let actor = Actor::User(person.actor.clone());
        let own = self.access.own_grants(&actor).await?;
        let grants = roadstead::access::Grants {
            organization,
            image,
            any_image: false,
            ..roadstead::access::Grants::clone(&own)
        };
        let at = ctx.circumstances();
        let right = match &thing.target {
            Target::Organization(target) => {
                strongest::on_organization(&actor, target, &grants, &at)
            }
            Target::Image(target) => strongest::on_image(&actor, target, &grants, &at),
        };
        // That everyone may pull a public image is no right of a user.
        Ok(right.filter(|right| right.reason != Reason::Public))
    }

    /// Users who may be given a right, by name, the first 50 of those whose name has `search` in it.
    ///
    /// # Errors
    /// `Hidden` or `Denied` without the right to give some; those of the store.
    #[tracing::instrument(name = "service.grant.candidates", skip_all, fields(%on))]
    pub async fn candidates(
        &self,
        ctx: &Context,
        on: &GrantOn,
        search: Option<String>,
    ) -> Result<Vec<Candidate>> {
        let on = self.authorize(ctx, CREATE, on).await?.on;
        let caller = ctx.actor.user().map(|user| user.user);
        let search = searched(search);
        let found = self
            .store
            .peek("grant.candidates", move |tx| {
                let search = search.clone();
                Box::pin(async move {
                    grant::candidates(tx, &on, caller, search.as_deref(), OFFERED).await
                })
            })
            .await
            .map_err(stored)?;
        Ok(found
            .into_iter()
            .map(|record| Candidate { user_id: record.user_public_id, user: record.user_name })
            .collect())
    }
}

impl Thing {
    const fn subject(&self) -> Subject {
        match self.target {
            Target::Organization(_) => Subject::Organization,
            Target::Image(_) => Subject::Repository,
        }
    }

    fn event(&self, origin: &Origin, names: (TraceName, TraceName)) -> Event {
        match &self.target {
            Target::Organization(target) => origin
                .event(names.0)
                .in_account(target.account)
                .named(&target.name)
                .id(target.id)
                .in_organization(target.id),
            Target::Image(target) => origin
                .event(names.1)
                .in_account(target.account)
                .named(&target.name)
                .id(target.id)
                .in_repository(target.organization, target.id),
        }
    }

    /// Where a right comes from, when these are the grants on organization and image.
    fn source(
        &self,
        right: ImageRights,
        (organization, image): (Option<Permission>, Option<Permission>),
    ) -> GrantSource {
        let covers =
            |grant: Option<Permission>| grant.is_some_and(|it| it.includes(right.permission));
        match right.reason {
            Reason::Owner => GrantSource::Owner,
            Reason::Policy => GrantSource::Policy,
            Reason::Grant if covers(image) => GrantSource::Image,
            Reason::Grant if covers(organization) => GrantSource::Organization,
            Reason::Grant
            | Reason::Public
            | Reason::Share
            | Reason::AnyUser
            | Reason::Oneself
            | Reason::System => GrantSource::Nothing,
        }
    }
}

fn searched(search: Option<String>) -> Option<String> {
    search.map(|text| text.trim().to_lowercase()).filter(|text| !text.is_empty())
}
