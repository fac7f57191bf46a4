//! **The** authorization point (`design.md` 3.4): who may do what, decided on every request.
//!
//! [`Access::authorize`] resolves a name to a target, loads the caller's grants, asks the pure
//! [`decide`](roadstead::access::decide), narrows by the bearer token, and answers with the proof that use cases pass on.
//!
//! # Invariants
//! - A change of rights binds the next request. What is cached is stamped with a generation that moves when anything
//!   that could change a decision is committed: at once for commits of this process, within half a second for those of
//!   others ([`Access::watch_changes`]). The end of a share or credential is compared with the clock on every request.
//! - What the actor may not see is `Hidden`, whether it exists or not, in the same words.
//! - A token only narrows. What it lacks but the actor may do is `Unauthenticated`, so that the client fetches another.
//!
//! To add a kind of target, implement [`Named`] for the way it is named.

mod aim;
mod holder;
mod incident;
mod known;
mod named;
mod people;
mod person;
pub(crate) mod strongest;
/// What is said to somebody who may know that there is nothing of a name.
const fn missing(subject: Subject) -> &'static str {
    match subject {
        Subject::Account => "there is no account of this name",
        Subject::User => "there is no user of this name",
        Subject::Group => "there is no group of this name",
        Subject::Policy => "there is no policy of this name",
        Subject::Organization => "there is no organization of this name",
        Subject::Repository => "there is no image of this name",
        _ => "there is none of this name",
    }
}

#[cfg(test)]
mod tests;
mod watch;

use std::sync::Arc;

use roadstead::access::{
    Action, Actor, Allowed, Circumstances, Grants, JobName, Refusal, RepositoryTarget, Resource,
    Target, Visibility, decide, permits,
};
use roadstead::error::Subject;
use roadstead::id::UserId;
use roadstead::manage::image::ImageRights;
use roadstead::{Error, ErrorKind, ImageName, Result};
use roadstead_store::Store;

pub use aim::{Aim, Toward};
pub use holder::Holder;
pub(crate) use named::Sight;
pub use named::{Account, Instance, Named, NewImage, OwnAccount};
pub use people::{Oneself, Tenant};
pub(crate) use person::Person;
pub(crate) use watch::{Generation, Stamp};

use crate::audit::Trail;
use crate::context::{Context, unauthenticated};
use crate::port::Ports;
use crate::setting::SettingsCell;
use incident::Incidents;
use known::Known;

/// The authorization point. Clones share the caches.
#[derive(Clone, Debug)]
pub struct Access {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    store: Store,
    settings: SettingsCell,
    generation: Generation,
    known: Known,
    incidents: Incidents,
    people: moka::sync::Cache<UserId, (Stamp, Option<Arc<Person>>)>,
}

/// What a name turned out to be, and what the caller's rights around it are.
#[derive(Debug, Clone)]
pub struct Resolution<T> {
    /// The target; `None` when there is none of that name.
    pub(crate) target: Option<T>,
    /// What the caller holds.
    pub(crate) grants: Arc<Grants>,
    /// What it is about, for errors.
    pub(crate) subject: Subject,
    /// Whether the caller may know that the name is free or taken.
    pub(crate) sight: Sight,
}

impl Access {
    /// Listens to the store, so that what this process commits is known here before anybody is answered.
    pub(crate) fn new(store: Store, settings: SettingsCell, trail: Trail, ports: Ports) -> Self {
        let inner = Arc::new(Inner {
            incidents: Incidents::new(trail, ports),
            store,
            settings,
            generation: Generation::default(),
            known: Known::new(),
            people: moka::sync::Cache::new(20_000),
        });
        let listener = Arc::downgrade(&inner);
        inner.store.on_change(move |changes| {
            if let Some(inner) = listener.upgrade() {
                inner.generation.note(changes);
            }
        });
        Self { inner }
    }

    /// Decides whether the caller may do `action` on what `name` names, and hands out the proof.
    ///
    /// # Errors
    /// `Unauthenticated` for anonymous callers, ended credentials, and tokens that lack the scope; `Hidden` for what
    /// the caller may not see, whether it exists or not; `NotFound` for a missing thing whose parent the caller sees;
    /// `Denied` for the rest.
    #[tracing::instrument(name = "service.access.authorize", level = "debug", skip_all, fields(action = ?action))]
    pub async fn authorize<N: Named>(
        &self,
        ctx: &Context,
        action: Action,
        name: N,
    ) -> Result<Allowed<N::Resolved>> {
        let decided = self.decided(ctx, action, name.clone()).await?;
        match decided {
            Ok(allowed) => {
                tracing::debug!(reason = ?allowed.reason(), "allowed");
                Ok(allowed)
            }
            Err((refusal, error)) => {
                let request_id = ctx.request_id.as_str();
                let user = ctx.actor.user().map(|user| user.user.0);
                if refusal == Refusal::AuthenticationRequired {
                    // Every client asks once without a credential.
                    tracing::debug!(request_id, reason = refusal.id(), "refused");
                } else {
                    tracing::info!(request_id, ?action, user, reason = refusal.id(), "refused");
                }
                self.inner.incidents.note(ctx, action, name.said(), refusal, &error);
                Err(error)
            }
        }
    }

    /// The decision, without a word in the log. The inner error is a refusal, the outer one of the store.
    async fn decided<N: Named>(
        &self,
        ctx: &Context,
        action: Action,
        name: N,
    ) -> Result<std::result::Result<Allowed<N::Resolved>, (Refusal, Error)>> {
        let aim = name.aim();
        let found = name.resolve(self, ctx).await?;
        let Some(target) = found.target else {
            return Ok(Err(match ctx.actor {
                Actor::Anonymous => (Refusal::AuthenticationRequired, unauthenticated()),
                _ if found.sight.is_clear(ctx) => {
                    return Err(Error::not_found(found.subject, missing(found.subject)));
                }
                _ => (Refusal::NoGrant, Error::hidden(found.subject)),
            }));
        };
        let at = aim.of(ctx.circumstances());
        Ok(match decide(&ctx.actor, action, target, &found.grants, &at) {
            Ok(allowed) => narrow(ctx, action, allowed.target().resource()).map(|()| allowed),
            Err(refusal) => {
                Err((refusal, refused(refusal, found.sight.is_clear(ctx), found.subject)))
            }
        })
    }

    /// Which rows of lists the caller sees.
    ///
    /// # Errors
    /// `Unauthenticated` when nobody in particular asks; those of the store.
    pub async fn visibility(&self, ctx: &Context) -> Result<Visibility> {
        let user = ctx.user()?;
        let own = self.own_grants(&ctx.actor).await?;
        Ok(roadstead::access::visibility(user, &own.policies, &ctx.circumstances()))
    }

    /// What the caller may do with an image that they see.
    ///
    /// # Errors
    /// `Hidden` when they do not see it.
    pub async fn rights(&self, ctx: &Context, target: &RepositoryTarget) -> Result<ImageRights> {
        let found = self.image(ctx, &target.name).await?;
        strongest::on_image(&ctx.actor, target, &found.grants, &ctx.circumstances())
            .ok_or_else(|| Error::hidden(Subject::Repository))
    }

    /// Whether the caller might do `action` on the image, were it to exist: what a token is issued for. An image that
    /// does not exist is judged by the rights on its organization.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn would_allow(
        &self,
        ctx: &Context,
        action: Action,
        name: &ImageName,
    ) -> Result<bool> {
        let found = self.image(ctx, name).await?;
        let at = ctx.circumstances();
        Ok(match &found.target {
            Some(target) => permits(&ctx.actor, action, target, &found.grants, &at).is_ok(),
            None => match &found.parent {
                Some(parent) => {
                    let image = parent.new_image(name);
                    permits(&ctx.actor, action, &image, &found.grants, &at).is_ok()
                }
                None => false,
            },
        })
    }

    /// Whether [`Access::authorize`] would allow; for flags in answers.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn may<N: Named>(&self, ctx: &Context, action: Action, name: N) -> Result<bool> {
        match self.decided(ctx, action, name).await {
            Ok(decided) => Ok(decided.is_ok()),
            Err(error) => match error.kind() {
                ErrorKind::Unauthenticated
                | ErrorKind::Hidden
                | ErrorKind::NotFound
                | ErrorKind::Denied => Ok(false),
                _ => Err(error),
            },
        }
    }

    pub(crate) fn generation(&self) -> &Generation {
        &self.inner.generation
    }
}

/// The proof about something that the very same transaction has made: whoever was allowed to make it may fill it.
pub(crate) fn made_here<T: Target + Clone>(target: &T) -> Result<Allowed<T>> {
    let maker = Actor::System(JobName("maker"));
    let at = Circumstances::at(roadstead::Timestamp::EPOCH);
    let action = match target.resource() {
        Resource::User { .. } => Action::UpdateUser,
        Resource::Group { .. } => Action::UpdateGroup,
        _ => Action::CreateUser,
    };
    let made = decide(&maker, action, target.clone(), &Grants::default(), &at);
    made.map_err(|refusal| refused(refusal, true, Subject::Request))
}

/// A token that lacks the scope does not carry what the actor may do.
fn narrow(
    ctx: &Context,
    action: Action,
    resource: Resource<'_>,
) -> std::result::Result<(), (Refusal, Error)> {
    let Some(scopes) = &ctx.scopes else {
        return Ok(());
    };
    let covers = |kind: &str, name: &str, word: &str| {
        scopes.iter().any(|scope| scope.covers(kind, name, word))
    };
    let covered = match (action, resource) {
        (Action::PullImage | Action::ReadImage, Resource::Image { name, .. }) => {
            covers("repository", &name.to_string(), "pull")
        }
        (Action::PushImage | Action::CreateImage, Resource::Image { name, .. }) => {
            covers("repository", &name.to_string(), "push")
        }
        (Action::DeleteTag | Action::DeleteImage, Resource::Image { name, .. }) => {
            covers("repository", &name.to_string(), "delete")
        }
        (Action::ListCatalog, _) => covers("registry", "catalog", "*"),
        _ => false,
    };
    if covered {
        Ok(())
    } else {
        let error = Error::new(
            ErrorKind::Unauthenticated,
            Subject::Credential,
            "the token does not cover this; ask for one with the scope that the challenge names",
        );
        Err((Refusal::TokenScope, error.because(Refusal::TokenScope.id())))
    }
}

/// What the caller hears: the reason's word where they may know that there is something.
fn refused(refusal: Refusal, is_visible: bool, subject: Subject) -> Error {
    let error = match refusal {
        Refusal::AuthenticationRequired => return unauthenticated(),
        Refusal::CredentialExpired | Refusal::Disabled | Refusal::TokenScope => Error::new(
            ErrorKind::Unauthenticated,
            Subject::Credential,
            "the credential has ended; log in again",
        ),
        Refusal::ExplicitDeny | Refusal::NoGrant if is_visible => {
            Error::new(ErrorKind::Denied, subject, "you do not have permission to do this")
        }
        Refusal::PolicyDamaged if is_visible => Error::new(
            ErrorKind::Denied,
            subject,
            "a policy of yours is damaged, so nothing is allowed; ask an administrator to save it anew or to detach it",
        ),
        Refusal::ExplicitDeny | Refusal::NoGrant | Refusal::PolicyDamaged => {
            return Error::hidden(subject);
        }
    };
    error.because(refusal.id())
}
