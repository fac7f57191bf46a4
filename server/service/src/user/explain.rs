//! Why: what a user can reach and through what, and what decides about one action.
//!
//! Everybody may ask about themselves. Of things that are another account's, nothing is told but what the user can do with
//! them: whether one exists that they cannot see is not.

use roadstead::access::{
    AccountTarget, Action, Actor, Circumstances, Grants, GroupTarget, InstanceTarget,
    OrganizationTarget, Permission, PolicyTarget, Refusal, RepositoryTarget, Scope, Target,
    UserActor, UserTarget, Verdict, explain,
};
use roadstead::error::Subject;
use roadstead::id::{AccountId, GroupId, PolicyId, UserId};
use roadstead::manage::image::ImageRights;
use roadstead::manage::user::{Explanation, Question, Reach, ReachedGrant, Source};
use roadstead::{Error, ImageName, Result, UserName};
use roadstead_store::reach;

use super::Users;
use crate::access::strongest;
use crate::context::Context;
use crate::error::stored;

impl Users {
    /// What a user can reach by policies and grants, and what comes of both.
    ///
    /// # Errors
    /// `Hidden`, `NotFound` or `Denied` about others than oneself.
    #[tracing::instrument(name = "service.user.reach", skip_all, fields(user = %name))]
    pub async fn reach(&self, ctx: &Context, name: &UserName) -> Result<Reach> {
        let allowed = self.access.authorize(ctx, Action::ExplainPermission, name).await?;
        let (key, actor) = (allowed.key(), acting(ctx, allowed.target())?);
        let (organizations, images) = self
            .store
            .read("user.reach", |tx| {
                Box::pin(async move {
                    let organizations = reach::organizations(tx, key).await?;
                    Ok((organizations, reach::images(tx, key).await?))
                })
            })
            .await
            .map_err(stored)?;
        let own = self.access.own_grants(&actor).await?;
        let (account, at) = (key.target().account, ctx.circumstances());
        let mut grants = Vec::with_capacity(organizations.len() + images.len());
        for row in organizations {
            let target =
                OrganizationTarget { id: row.id, account, name: row.name, new_image: None };
            let held = Some(row.permission);
            let with = Grants { organization: held, ..Grants::clone(&own) };
            let strongest = strongest::on_organization(&actor, &target, &with, &at);
            grants.push(reached(target.name.to_string(), false, row.permission, strongest));
        }
        for row in images {
            let target = RepositoryTarget {
                id: row.id,
                organization: row.organization_id,
                account,
                name: row.name,
                is_public: row.is_public,
            };
            let with = Grants {
                organization: row.on_organization,
                image: Some(row.permission),
                any_image: true,
                ..Grants::clone(&own)
            };
            let strongest = strongest::on_image(&actor, &target, &with, &at);
            grants.push(reached(target.name.to_string(), true, row.permission, strongest));
        }
        let policies = own.policies.attached().iter().chain(own.policies.damaged());
        Ok(Reach {
            is_owner: allowed.target().is_owner,
            policies: policies
                .map(|held| Source {
                    policy: held.policy.clone(),
                    group: held.group.clone(),
                    statement: 0,
                })
                .collect(),
            is_damaged: own.policies.is_damaged(),
            grants,
        })
    }

    /// What decides whether a user may do something, now and from where the question comes.
    ///
    /// # Errors
    /// `Hidden`, `NotFound` or `Denied` about others than oneself; Invalid when the action is asked of an image or
    /// organization and none is named.
    #[tracing::instrument(name = "service.user.explain", skip_all, fields(user = %question.user))]
    pub async fn explain(&self, ctx: &Context, question: Question) -> Result<Explanation> {
        let allowed = self.access.authorize(ctx, Action::ExplainPermission, &question.user).await?;
        let target = allowed.target();
        if self.access.person(target.id).await?.is_none() {
            return Ok(refused(Refusal::Disabled));
        }
        let actor = acting(ctx, target)?;
        let asker = Context { actor: actor.clone(), scopes: None, ..ctx.clone() };
        let judged = Judged { actor: &actor, action: question.action, at: ctx.circumstances() };
        let scope = question.action.rule().scope;
        match (scope, question.image, question.organization) {
            (Scope::Image, Some(image), _) => self.about_image(&asker, judged, &image).await,
            (Scope::Organization, Some(image), _) => {
                let found = self.access.organization(&asker, image.organization()).await?;
                let parent = found.target.as_ref().map(|parent| parent.new_image(&image));
                let parent = match question.action {
                    Action::CreateImage => parent,
                    _ => found.target.clone(),
                };
                Ok(judged.of(parent.as_ref(), &found.grants))
            }
            (Scope::Organization, None, Some(organization)) => {
                let found = self.access.organization(&asker, &organization).await?;
                let parent = match question.action {
                    Action::CreateImage => found.target.as_ref().map(OrganizationTarget::any_image),
                    _ => found.target.clone(),
                };
                Ok(judged.of(parent.as_ref(), &found.grants))
            }
            (Scope::Image | Scope::Organization, _, _) => Err(Error::invalid(
                Subject::Repository,
                "name the image or organization that it is about",
            )),
            _ => {
                let grants = self.access.own_grants(&actor).await?;
                judged.elsewhere(target, &grants)
            }
        }
    }

    async fn about_image(
        &self,
        asker: &Context,
        judged: Judged<'_>,
        name: &ImageName,
    ) -> Result<Explanation> {
        let found = self.access.image(asker, name).await?;
        Ok(match (&found.target, &found.parent) {
            (Some(target), _) => judged.of(Some(target), &found.grants),
            // What does not exist yet is judged by its organization.
            (None, Some(parent)) => judged.of(Some(&parent.new_image(name)), &found.grants),
            (None, None) => refused(Refusal::NoGrant),
        })
    }
}

/// A question, before it is known of what.
struct Judged<'a> {
    actor: &'a Actor,
    action: Action,
    at: Circumstances<'static>,
}

impl Judged<'_> {
    fn of<T: Target>(&self, target: Option<&T>, grants: &Grants) -> Explanation {
        let Some(target) = target else {
            return refused(Refusal::NoGrant);
        };
        let verdict = explain(self.actor, self.action, target, grants, &self.at);
        let is_foreign = target.resource().account() != self.actor.user().map(|user| user.account);
        if is_foreign && verdict.answer.is_err() {
            return refused(Refusal::NoGrant);
        }
        explained(verdict, grants)
    }

    /// What is asked of neither image nor organization: somebody or something else of the account stands for all.
    fn elsewhere(&self, user: &UserTarget, grants: &Grants) -> Result<Explanation> {
        let account = user.account;
        let of_account =
            |id: AccountId| Ok::<_, Error>(AccountTarget { id, name: self.account_name()? });
        Ok(match self.action.rule().scope {
            Scope::Account | Scope::Tenant => self.of(Some(&of_account(account)?), grants),
            Scope::User => {
                let is_own = self.action == Action::ManageOneself;
                let id = if is_own { user.id } else { UserId(0) };
                let name = "anybody".parse()?;
                self.of(Some(&UserTarget { id, account, name, is_owner: false }), grants)
            }
            Scope::Group => {
                let name = "any".parse()?;
                self.of(Some(&GroupTarget { id: GroupId(0), account, name }), grants)
            }
            Scope::Policy => {
                let name = "any".parse()?;
                self.of(Some(&PolicyTarget { id: PolicyId(0), account, name }), grants)
            }
            Scope::Image | Scope::Organization | Scope::Instance => explained(
                explain(self.actor, self.action, &InstanceTarget, grants, &self.at),
                grants,
            ),
        })
    }

    fn account_name(&self) -> Result<roadstead::AccountName> {
        let user = self.actor.user().ok_or_else(crate::context::unauthenticated)?;
        Ok(user.account_name.clone())
    }
}

/// A user of the caller's account, as the one who acts.
fn acting(ctx: &Context, target: &UserTarget) -> Result<Actor> {
    let asker = ctx.user()?;
    Ok(Actor::User(UserActor {
        user: target.id,
        user_name: target.name.clone(),
        is_owner: target.is_owner,
        credential: None,
        expires_at: None,
        ..asker.clone()
    }))
}

fn explained(verdict: Verdict, grants: &Grants) -> Explanation {
    let by = match verdict.answer {
        // None of its statements: there is no telling which.
        Err(Refusal::PolicyDamaged) => grants.policies.damaged().first().map(|held| (held, 0)),
        _ => verdict.statement.and_then(|index| grants.policies.statement(index)),
    };
    Explanation {
        allowed: verdict.answer.ok(),
        refused: verdict.answer.err(),
        source: by.map(|(held, number)| Source {
            policy: held.policy.clone(),
            group: held.group.clone(),
            statement: u32::try_from(number).unwrap_or(u32::MAX),
        }),
        image_grant: grants.image,
        organization_grant: grants.organization,
    }
}

const fn refused(refusal: Refusal) -> Explanation {
    Explanation {
        allowed: None,
        refused: Some(refusal),
        source: None,
        image_grant: None,
        organization_grant: None,
    }
}

fn reached(
    name: String,
    is_image: bool,
    granted: Permission,
    strongest: Option<ImageRights>,
) -> ReachedGrant {
    let (effective, reason) = strongest.map(|it| (it.permission, it.reason)).unzip();
    ReachedGrant { name, is_image, granted, effective, reason }
}
