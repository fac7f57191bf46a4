//! The ways in which people, groups, policies and other accounts are named.
//!
//! A bare name is one of the caller's account. Who may not list such things does not learn whether there is one.

use std::future::Future;
use std::pin::Pin;

use roadstead::access::{
    AccountTarget, Action, Actor, Grants, GroupTarget, InstanceTarget, PolicyTarget, UserActor,
    UserTarget, permits,
};
use roadstead::error::Subject;
use roadstead::id::AccountId;
use roadstead::{AccountName, GroupName, PolicyName, Result, UserName};
use roadstead_store::{StoreError, Tx, resolve};

use super::named::{Named, Sight};
use super::{Access, Resolution};
use crate::context::Context;
use crate::error::stored;

/// The user who asks.
#[derive(Debug, Clone, Copy)]
pub struct Oneself;

/// An account by its name, for those who look after the instance.
#[derive(Debug, Clone, Copy)]
pub struct Tenant<'a>(pub &'a AccountName);

/// Whether the caller may know which users, groups or policies their account has.
fn lists(user: &UserActor, ctx: &Context, action: Action, grants: &Grants) -> bool {
    let own = AccountTarget { id: user.account, name: user.account_name.clone() };
    permits(&ctx.actor, action, &own, grants, &ctx.circumstances()).is_ok()
}

impl Access {
    /// The user of this name in an account: for the record of whom a refused sign-in was tried on.
    pub(crate) async fn user_of(
        &self,
        account: AccountId,
        name: &UserName,
    ) -> Result<Option<UserTarget>> {
        self.inner
            .store
            .peek("access.user_of", |tx| {
                let name = name.clone();
                Box::pin(async move { resolve::user(tx, account, &name).await })
            })
            .await
            .map_err(stored)
    }

    /// Something of the caller's account.
    async fn own_thing<T, F>(
        &self,
        ctx: &Context,
        (list, subject): (Action, Subject),
        find: F,
    ) -> Result<Resolution<T>>
    where
        F: for<'t> Fn(
                &'t mut Tx<'_>,
                AccountId,
            )
                -> Pin<Box<dyn Future<Output = Result<Option<T>, StoreError>> + Send + 't>>
            + Send
            + Sync,
        T: Send + 'static,
    {
        let user = ctx.user()?;
        let account = user.account;
        let target = self
            .inner
            .store
            .peek("access.own_thing", |tx| find(tx, account))
            .await
            .map_err(stored)?;
        let grants = self.own_grants(&ctx.actor).await?;
        let is_visible = lists(user, ctx, list, &grants);
        Ok(Resolution { target, grants, sight: Sight::Is(is_visible), subject })
    }
}

impl Named for Oneself {
    type Resolved = UserTarget;

    fn said(&self) -> String {
        String::new()
    }

    async fn resolve(self, access: &Access, ctx: &Context) -> Result<Resolution<UserTarget>> {
        let user = ctx.user()?;
        let target = UserTarget {
            id: user.user,
            account: user.account,
            name: user.user_name.clone(),
            is_owner: user.is_owner,
        };
        // No policy has a say in it.
        let grants = access.no_grants().into();
        Ok(Resolution {
            target: Some(target),
            grants,
            sight: Sight::Is(true),
            subject: Subject::User,
        })
    }
}

impl Named for &UserName {
    type Resolved = UserTarget;

    fn said(&self) -> String {
        self.to_string()
    }

    async fn resolve(self, access: &Access, ctx: &Context) -> Result<Resolution<UserTarget>> {
        let mut found = access
            .own_thing(ctx, (Action::ListUsers, Subject::User), |tx, account| {
                let name = self.clone();
                Box::pin(async move { resolve::user(tx, account, &name).await })
            })
            .await?;
        let own = ctx.user()?.user;
        if found.target.as_ref().is_some_and(|target| target.id == own) {
            found.sight = Sight::Is(true);
        }
        Ok(found)
    }
}

impl Named for &GroupName {
    type Resolved = GroupTarget;

    fn said(&self) -> String {
        self.to_string()
    }

    async fn resolve(self, access: &Access, ctx: &Context) -> Result<Resolution<GroupTarget>> {
        access
            .own_thing(ctx, (Action::ListGroups, Subject::Group), |tx, account| {
                let name = self.clone();
                Box::pin(async move { resolve::group(tx, account, &name).await })
            })
            .await
    }
}

impl Named for &PolicyName {
    type Resolved = PolicyTarget;

    fn said(&self) -> String {
        self.to_string()
    }

    async fn resolve(self, access: &Access, ctx: &Context) -> Result<Resolution<PolicyTarget>> {
        access
            .own_thing(ctx, (Action::ListPolicies, Subject::Policy), |tx, account| {
                let name = self.clone();
                Box::pin(async move { resolve::policy(tx, account, &name).await })
            })
            .await
    }
}

impl Named for Tenant<'_> {
    type Resolved = AccountTarget;

    fn said(&self) -> String {
        self.0.to_string()
    }

    async fn resolve(self, access: &Access, ctx: &Context) -> Result<Resolution<AccountTarget>> {
        let grants = access.own_grants(&ctx.actor).await?;
        let is_visible = match &ctx.actor {
            Actor::System(_) => true,
            actor => {
                let at = ctx.circumstances();
                permits(actor, Action::ListAccounts, &InstanceTarget, &grants, &at).is_ok()
            }
        };
        let target = access.account(self.0).await?;
        Ok(Resolution { target, grants, sight: Sight::Is(is_visible), subject: Subject::Account })
    }
}
