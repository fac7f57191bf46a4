//! Accounts and their users, as the command line and set-up create them.
//!
//! A new account has its owner, its project in this region, and three groups: `admin` (SWR FullAccess), `operators`
//! (SWR OperateAccess) and `readers` (SWR ReadOnlyAccess).

use std::sync::Arc;

use roadstead::access::{Access as WaysIn, Actor, SystemPolicy};
use roadstead::audit::TraceName;
use roadstead::error::Subject;
use roadstead::id::{AccountId, PublicId, UserId};
use roadstead::{AccountName, Error, ErrorKind, RegionName, Result, Secret, Timestamp, UserName};
use roadstead_store::account::{AccountKind, NewAccount};
use roadstead_store::attachment::{Holder, Right};
use roadstead_store::{Durability, Store, StoreError, Tx, account, attachment, group, user};

use crate::audit::{self, Event, Origin};
use crate::context::Context;
use crate::error::{Failed, Outcome};
use crate::password::{Passwords, check_rules};
use crate::port::Ports;
use crate::setting::SettingsCell;

/// Groups of a new account, and what is attached to each.
pub const GROUPS: [(&str, SystemPolicy); 3] = [
    ("admin", SystemPolicy::FullAccess),
    ("operators", SystemPolicy::OperateAccess),
    ("readers", SystemPolicy::ReadOnlyAccess),
];

/// A user to be created.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Name, unique in the account.
    pub name: UserName,
    /// How they may come in.
    pub access: WaysIn,
    /// A group to put them in, by its name; or the name of a system policy, which is attached to the user.
    pub group: Option<String>,
    /// Password; without one they cannot sign in with a password.
    pub password: Option<Secret>,
}

/// What was created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// The account.
    pub account: AccountId,
    /// The user: of a new account, its owner.
    pub user: UserId,
    /// The user's id on the wire.
    pub public_id: PublicId,
}

/// Accounts and users.
pub struct Accounts {
    store: Store,
    settings: SettingsCell,
    ports: Ports,
    passwords: Arc<Passwords>,
}

/// Everything of a new account that is decided before the transaction.
#[derive(Clone)]
pub(crate) struct Plan {
    name: AccountName,
    owner: UserName,
    password_hash: Secret,
    ids: [PublicId; 3],
    group_ids: [PublicId; 3],
    region: RegionName,
    at: Timestamp,
}

impl Accounts {
    pub(crate) fn new(
        store: Store,
        settings: SettingsCell,
        ports: Ports,
        passwords: Arc<Passwords>,
    ) -> Self {
        Self { store, settings, ports, passwords }
    }

    /// Creates an account and its owner, who signs in as the account. The first account of an instance is the operator
    /// account.
    ///
    /// # Errors
    /// `Denied` unless the system asks (command line, boot); Invalid for a bad password; `AlreadyExists`.
    #[tracing::instrument(name = "service.account.create", skip_all, fields(account = %name))]
    pub async fn create(
        &self,
        ctx: &Context,
        name: &AccountName,
        password: &Secret,
    ) -> Result<Created> {
        only_system(ctx)?;
        let region = self.settings.current().region.value.parse()?;
        let plan = self.plan(name, password, region).await?;
        let event = Origin::of(ctx, &self.ports).event(TraceName::CreateUser).named(name);
        let created = self
            .store
            .run("account.create", Durability::Durable, move |tx| {
                let (plan, event) = (plan.clone(), event.clone());
                Box::pin(async move {
                    let kind = if account::is_empty(tx).await? {
                        AccountKind::Operator
                    } else {
                        AccountKind::Tenant
                    };
                    create_in(tx, &plan, kind, event).await
                })
            })
            .await;
        created.map_err(|failed| taken(failed, "accounts", Subject::Account))
    }

    /// Checks the password and hashes it, and draws every id.
    pub(crate) async fn plan(
        &self,
        name: &AccountName,
        password: &Secret,
        region: RegionName,
    ) -> Result<Plan> {
        check_rules(password, name.as_str())?;
        Ok(Plan {
            name: name.clone(),
            owner: name.as_str().parse()?,
            password_hash: self.passwords.hash(password).await?,
            ids: [(); 3].map(|()| self.ports.public_id()),
            group_ids: [(); 3].map(|()| self.ports.public_id()),
            region,
            at: self.ports.now(),
        })
    }

    /// Creates a user. With access to the console they must choose a password of their own when they first sign in there;
    /// clients may go on with the one given here.
    ///
    /// # Errors
    /// `Denied` unless the system asks; `NotFound` for the account or group; `AlreadyExists`; Invalid for the account's
    /// own name or a bad password.
    #[tracing::instrument(name = "service.account.create_user", skip_all, fields(account = %account, user = %new.name))]
    pub async fn create_user(
        &self,
        ctx: &Context,
        account: &AccountName,
        new: NewUser,
    ) -> Result<Created> {
        only_system(ctx)?;
        if new.name.folded() == account.folded() {
            return Err(Error::invalid(
                Subject::User,
                "this is the account's own name, which is its owner's; choose another",
            ));
        }
        let password_hash = match &new.password {
            Some(password) => {
                check_rules(password, new.name.as_str())?;
                Some(self.passwords.hash(password).await?)
            }
            None => None,
        };
        let event = Origin::of(ctx, &self.ports).event(TraceName::CreateUser).named(&new.name);
        let (account, at) = (account.clone(), ctx.now());
        let public_id = self.ports.public_id();
        let created = self
            .store
            .run("account.create_user", Durability::Durable, move |tx| {
                let (account, new, hash) = (account.clone(), new.clone(), password_hash.clone());
                let (event, public_id) = (event.clone(), public_id.clone());
                Box::pin(async move {
                    let account = account::find_by_name(tx, &account).await?.ok_or_else(|| {
                        Error::not_found(Subject::Account, "there is no account of this name")
                    })?;
                    let record = user::create(
                        tx,
                        &user::NewUser {
                            public_id: public_id.clone(),
                            account: account.id,
                            name: new.name.clone(),
                            is_owner: false,
                            console_access: new.access.console,
                            programmatic_access: new.access.programmatic,
                            must_change_password: new.access.console && hash.is_some(),
                            password_hash: hash,
                            created_by: None,
                            created_at: at,
                        },
                    )
                    .await?;
                    if let Some(name) = &new.group {
                        join(tx, account.id, record.id, name, at).await?;
                    }
                    audit::append(tx, event.in_account(account.id).id(&public_id)).await?;
                    Ok::<_, Failed>(Created { account: account.id, user: record.id, public_id })
                })
            })
            .await;
        created.map_err(|failed| taken(failed, "users", Subject::User))
    }
}

/// Creates what was planned, inside the caller's transaction.
pub(crate) async fn create_in(
    tx: &mut Tx<'_>,
    plan: &Plan,
    kind: AccountKind,
    event: Event,
) -> Outcome<Created> {
    let [account_id, user_id, project_id] = plan.ids.clone();
    let account = account::create(
        tx,
        &NewAccount { public_id: account_id, name: plan.name.clone(), kind, created_at: plan.at },
    )
    .await?;
    let owner = user::create(
        tx,
        &user::NewUser {
            public_id: user_id.clone(),
            account: account.id,
            name: plan.owner.clone(),
            is_owner: true,
            console_access: true,
            programmatic_access: true,
            password_hash: Some(plan.password_hash.clone()),
            must_change_password: false,
            created_by: None,
            created_at: plan.at,
        },
    )
    .await?;
    attachment::ensure_project(tx, account.id, &plan.region, &project_id, plan.at).await?;
    for ((name, policy), id) in GROUPS.into_iter().zip(&plan.group_ids) {
        let group = group::create(tx, account.id, id, name, Some(owner.id), plan.at).await?;
        let right = Right::Role(policy.name().to_owned());
        let holder = Holder::Group(group.id);
        attachment::attach(tx, account.id, holder, &right, Some(owner.id), plan.at).await?;
    }
    audit::append(tx, event.in_account(account.id).id(&user_id)).await?;
    Ok(Created { account: account.id, user: owner.id, public_id: user_id })
}

/// Puts a user in the group of this name; the name of a system policy is attached to the user itself.
async fn join(
    tx: &mut Tx<'_>,
    account: AccountId,
    user: UserId,
    name: &str,
    at: Timestamp,
) -> Outcome<()> {
    if let Some(found) = group::find_by_name(tx, account, name).await? {
        group::add_member(tx, &found, user, at).await?;
        return Ok(());
    }
    if let Some(policy) = SystemPolicy::by_name(name) {
        let right = Right::Role(policy.name().to_owned());
        attachment::attach(tx, account, Holder::User(user), &right, None, at).await?;
        return Ok(());
    }
    let known: Vec<String> =
        group::list(tx, account).await?.into_iter().map(|group| group.name).collect();
    Err(Error::not_found(
        Subject::User,
        format!("there is no group {name}; there are {}", known.join(", ")),
    )
    .into())
}

/// Accounts and users are created by the command line and by boot only.
pub(crate) fn only_system(ctx: &Context) -> Result<()> {
    match ctx.actor {
        Actor::System(_) => Ok(()),
        Actor::User(_) | Actor::Anonymous => Err(Error::new(
            ErrorKind::Denied,
            Subject::Account,
            "you do not have permission to do this",
        )),
    }
}

pub(crate) fn taken(failed: Failed, table: &str, subject: Subject) -> Error {
    match failed {
        Failed::Store(StoreError::NotUnique { table: found }) if found == table => {
            Error::new(ErrorKind::AlreadyExists, subject, "this name is taken")
        }
        other => other.into(),
    }
}

#[cfg(test)]
mod tests;
