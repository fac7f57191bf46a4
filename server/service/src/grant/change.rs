//! Giving, changing and taking away users' rights: one transaction, one audit event.

use std::sync::Arc;

use roadstead::access::{Action, Permission};
use roadstead::audit::TraceName;
use roadstead::error::Subject;
use roadstead::id::{PublicId, UserId};
use roadstead::manage::grant::GrantOn;
use roadstead::{Error, ErrorKind, Result, UserName};
use roadstead_store::Durability;
use roadstead_store::grant::{self, GrantRecord};

use super::{CREATE, Grants, Question, Thing};
use crate::audit::{self, Origin};
use crate::context::Context;
use crate::error::{Failed, Outcome};

/// Most users of one call.
const BATCH: usize = 100;

const UPDATE: Question =
    Question { organization: Action::UpdateOrganizationGrant, image: Action::UpdateImageGrant };
const DELETE: Question =
    Question { organization: Action::DeleteOrganizationGrant, image: Action::DeleteImageGrant };

impl Grants {
    /// [`Grants::add`] for users whose names are given too.
    ///
    /// # Errors
    /// As [`Grants::add`]; `Invalid` for a name that is another user's.
    pub async fn add_named(&self, ctx: &Context, on: &GrantOn, users: Vec<Named>) -> Result<()> {
        let thing = self.authorize(ctx, CREATE, on).await?;
        let (grants, names) = unnamed(users);
        let change = Change::Give(each_once(grants)?);
        let events = (TraceName::CreateUserNamespaceAuth, TraceName::CreateUserRepositoryAuth);
        self.change(ctx, thing, change, names, events).await
    }

    /// [`Grants::update`] for users whose names are given too.
    ///
    /// # Errors
    /// As [`Grants::update`]; `Invalid` for a name that is another user's.
    pub async fn update_named(&self, ctx: &Context, on: &GrantOn, users: Vec<Named>) -> Result<()> {
        let thing = self.authorize(ctx, UPDATE, on).await?;
        let (grants, names) = unnamed(users);
        let change = Change::Alter(each_once(grants)?);
        let events = (TraceName::UpdateUserNamespaceAuth, TraceName::UpdateUserRepositoryAuth);
        self.change(ctx, thing, change, names, events).await
    }

    /// Gives users a right, all of them or none.
    ///
    /// # Errors
    /// `Hidden` or `Denied`; `AlreadyExists` when one has a right already; `Invalid` with a `reason` in the detail for
    /// somebody who is no user of the account (`unknown`), for the owner (`owner`) and for the caller (`self`); `TooLarge`
    /// for more than 100.
    #[tracing::instrument(name = "service.grant.add", skip_all, fields(%on))]
    pub async fn add(
        &self,
        ctx: &Context,
        on: &GrantOn,
        grants: Vec<(PublicId, Permission)>,
    ) -> Result<()> {
        let thing = self.authorize(ctx, CREATE, on).await?;
        let change = Change::Give(each_once(grants)?);
        self.change(
            ctx,
            thing,
            change,
            Vec::new(),
            (TraceName::CreateUserNamespaceAuth, TraceName::CreateUserRepositoryAuth),
        )
        .await
    }

    /// Changes users' rights, all of them or none. One's own may only be lowered.
    ///
    /// # Errors
    /// As [`Grants::add`]; `NotFound` when one has no right here.
    #[tracing::instrument(name = "service.grant.update", skip_all, fields(%on))]
    pub async fn update(
        &self,
        ctx: &Context,
        on: &GrantOn,
        grants: Vec<(PublicId, Permission)>,
    ) -> Result<()> {
        let thing = self.authorize(ctx, UPDATE, on).await?;
        let change = Change::Alter(each_once(grants)?);
        self.change(
            ctx,
            thing,
            change,
            Vec::new(),
            (TraceName::UpdateUserNamespaceAuth, TraceName::UpdateUserRepositoryAuth),
        )
        .await
    }

    /// Takes users' rights away, all of them or none.
    ///
    /// # Errors
    /// As [`Grants::update`].
    #[tracing::instrument(name = "service.grant.remove", skip_all, fields(%on))]
    pub async fn remove(&self, ctx: &Context, on: &GrantOn, users: Vec<PublicId>) -> Result<()> {
        let thing = self.authorize(ctx, DELETE, on).await?;
        let users = users.into_iter().map(|user| (user, Permission::Read)).collect();
        let change = Change::Take(each_once(users)?);
        self.change(
            ctx,
            thing,
            change,
            Vec::new(),
            (TraceName::DeleteUserNamespaceAuth, TraceName::DeleteUserRepositoryAuth),
        )
        .await
    }

    async fn change(
        &self,
        ctx: &Context,
        thing: Thing,
        change: Change,
        names: Names,
        events: (TraceName, TraceName),
    ) -> Result<()> {
        let event = thing.event(&Origin::of(ctx, &self.ports), events);
        let (on, subject, now) = (thing.on, thing.subject(), ctx.now());
        let by = ctx.actor.user().map(|user| user.user);
        let change = Arc::new((change, names));
        self.store
            .run("grant.change", Durability::Durable, move |tx| {
                let (change, event) = (Arc::clone(&change), event.clone());
                Box::pin(async move {
                    let (change, names) = &*change;
                    if !grant::hold(tx, &on).await? {
                        return Err(Error::hidden(subject).into());
                    }
                    let ids: Vec<PublicId> =
                        change.users().iter().map(|(id, _)| id.clone()).collect();
                    let known = grant::of_users(tx, &on, &ids).await?;
                    check_names(names, &known)?;
                    let mut said = Vec::new();
                    for (id, permission) in change.users() {
                        let user = change.check(id, *permission, &known, by)?;
                        said.push(match change {
                            Change::Take(_) => serde_json::json!({ "user": user.user_name }),
                            Change::Give(_) | Change::Alter(_) => serde_json::json!({
                                "user": user.user_name, "permission": permission,
                                "before": user.given,
                            }),
                        });
                        match change {
                            Change::Take(_) => {
                                grant::remove(tx, &on, user.user_id, now).await?;
                            }
                            Change::Give(_) | Change::Alter(_) => {
                                grant::set(tx, &on, user.user_id, *permission, by, now).await?;
                            }
                        }
                    }
                    let event = event.detail(serde_json::json!({ "users": said }));
                    audit::append(tx, event).await?;
                    Ok::<_, Failed>(())
                })
            })
            .await
            .map_err(Error::from)
    }
}

/// A user by id and name, and the right that they are to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The user's id.
    pub id: PublicId,
    /// The user's name, which must be theirs.
    pub name: UserName,
    /// The right.
    pub permission: Permission,
}

type Names = Vec<(PublicId, UserName)>;

fn unnamed(users: Vec<Named>) -> (Vec<(PublicId, Permission)>, Names) {
    users.into_iter().map(|user| ((user.id.clone(), user.permission), (user.id, user.name))).unzip()
}

/// Whoever gives both id and name means one user.
fn check_names(names: &Names, known: &[GrantRecord]) -> Outcome<()> {
    for (id, name) in names {
        let other = |user: &&GrantRecord| {
            user.user_public_id == *id && user.user_name.folded() != name.folded()
        };
        if known.iter().any(|user| other(&user)) {
            let message = "user_name: it is not the name of the user with this user_id";
            return Err(refused(message, "name", name).into());
        }
    }
    Ok(())
}

/// What is to become of users' rights.
enum Change {
    Give(Vec<(PublicId, Permission)>),
    Alter(Vec<(PublicId, Permission)>),
    Take(Vec<(PublicId, Permission)>),
}

impl Change {
    const fn users(&self) -> &Vec<(PublicId, Permission)> {
        match self {
            Self::Give(users) | Self::Alter(users) | Self::Take(users) => users,
        }
    }

    /// The user, if this may become of its right.
    fn check<'a>(
        &self,
        id: &PublicId,
        permission: Permission,
        known: &'a [GrantRecord],
        by: Option<UserId>,
    ) -> Outcome<&'a GrantRecord> {
        let Some(user) = known.iter().find(|user| user.user_public_id == *id) else {
            let message = "there is no such user in the account that this belongs to";
            return Err(refused(message, "unknown", id).into());
        };
        if user.is_owner {
            let message = "the owner of the account may do everything already";
            return Err(refused(message, "owner", &user.user_name).into());
        }
        let is_own = by == Some(user.user_id);
        match (self, user.given) {
            (Self::Give(_), _) if is_own => {
                Err(refused("you cannot give yourself a right", "self", &user.user_name).into())
            }
            (Self::Alter(_), Some(given)) if is_own && !given.includes(permission) => {
                Err(refused("you cannot raise your own right", "self", &user.user_name).into())
            }
            (Self::Give(_), Some(_)) => Err(Error::new(
                ErrorKind::AlreadyExists,
                Subject::Grant,
                format!("{} has a permission here already; change it instead", user.user_name),
            )
            .into()),
            (Self::Alter(_) | Self::Take(_), None) => Err(Error::not_found(
                Subject::Grant,
                format!("{} has no permission here", user.user_name),
            )
            .into()),
            (Self::Give(_), None) | (Self::Alter(_) | Self::Take(_), Some(_)) => Ok(user),
        }
    }
}

fn refused(message: &str, reason: &str, user: impl ToString) -> Error {
    Error::invalid(Subject::Grant, message)
        .with_detail(serde_json::json!({ "reason": reason, "user": user.to_string() }))
}

/// At least one user, and none twice.
fn each_once(users: Vec<(PublicId, Permission)>) -> Result<Vec<(PublicId, Permission)>> {
    if users.len() > BATCH {
        let message = "at most 100 users at a time";
        return Err(Error::new(ErrorKind::TooLarge, Subject::Grant, message));
    }
    let mut ids: Vec<&PublicId> = users.iter().map(|(id, _)| id).collect();
    ids.sort();
    let is_twice = ids.windows(2).any(|pair| pair.first() == pair.get(1));
    if users.is_empty() || is_twice {
        return Err(Error::invalid(Subject::Grant, "name at least one user, and each once"));
    }
    Ok(users)
}
