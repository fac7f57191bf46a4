//! Accounts: as the command line and set-up create them, and as those who look after the instance list, create and disable
//! them.
//!
//! A new account has its owner, its project in this region, and three groups: `admin` (SWR FullAccess), `operators`
//! (SWR OperateAccess) and `readers` (SWR ReadOnlyAccess).

use std::sync::Arc;

use roadstead::access::{
    Access as WaysIn, AccountTarget, Action, Allowed, GroupTarget, SystemPolicy, UserTarget,
};
use roadstead::audit::TraceName;
use roadstead::error::Subject;
use roadstead::id::{AccountId, PublicId, UserId};
use roadstead::manage::account::{Account as AccountRow, AccountQuery};
use roadstead::page::{Page, Window};
use roadstead::{AccountName, Error, ErrorKind, RegionName, Result, Secret, Timestamp, UserName};
use roadstead_store::account::{AccountKind, NewAccount, State};
use roadstead_store::attachment::{Holder, Right};
use roadstead_store::group::NewGroup;
use roadstead_store::maintenance::Whole;
use roadstead_store::{Durability, Store, StoreError, Tx, account, attachment, group, user};

use crate::access::{Access, Account, Instance, Tenant, made_here};
use crate::audit::{self, Event, Origin};
use crate::context::Context;
use crate::error::{Failed, Outcome, stored};
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
    access: Access,
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
        access: Access,
        settings: SettingsCell,
        ports: Ports,
        passwords: Arc<Passwords>,
    ) -> Self {
        Self { store, access, settings, ports, passwords }
    }

    /// The accounts of the instance, by name.
    ///
    /// # Errors
    /// `Denied` unless the caller looks after the instance; those of the store.
    #[tracing::instrument(name = "service.account.list", skip_all)]
    pub async fn list(&self, ctx: &Context, query: AccountQuery) -> Result<Page<AccountRow>> {
        let allowed = self.access.authorize(ctx, Action::ListAccounts, Instance).await?;
        let whole = Whole::of(&allowed);
        let search = crate::user::searched(query.search);
        let page = self
            .store
            .read("account.list", |tx| {
                let search = search.clone();
                Box::pin(
                    async move { account::list(tx, whole, search.as_deref(), query.window).await },
                )
            })
            .await
            .map_err(stored)?;
        Ok(page.map(|entry| AccountRow {
            name: entry.name,
            id: entry.public_id,
            is_operator: entry.kind == AccountKind::Operator,
            is_active: entry.state == State::Active,
            users: entry.user_count,
            organizations: entry.organization_count,
            images: entry.repository_count,
            size: entry.size,
            created_at: entry.created_at,
        }))
    }

    /// Disables or enables an account. From then on all its users, their sessions, tokens and keys are refused.
    ///
    /// # Errors
    /// `Denied` unless the caller looks after the instance; `NotFound`; `Conflict` about the operator account, which
    /// cannot be disabled.
    #[tracing::instrument(name = "service.account.set_state", skip_all, fields(account = %name))]
    pub async fn set_active(
        &self,
        ctx: &Context,
        name: &AccountName,
        is_active: bool,
    ) -> Result<()> {
        let allowed = self.access.authorize(ctx, Action::SetAccountState, Tenant(name)).await?;
        let (key, at) = (allowed.key(), ctx.now());
        let state = if is_active { State::Active } else { State::Disabled };
        let event = Origin::of(ctx, &self.ports)
            .event(TraceName::UpdateAccount)
            .in_account(allowed.target().id)
            .named(&allowed.target().name)
            .detail(serde_json::json!({ "state": state.as_str() }));
        self.store
            .run("account.set_state", Durability::Durable, move |tx| {
                let event = event.clone();
                Box::pin(async move {
                    let found = account::lock(tx, key).await?;
                    if found.is_some_and(|found| found.kind == AccountKind::Operator) && !is_active {
                        return Err(Failed::from(
                            Error::new(
                                ErrorKind::Conflict,
                                Subject::Account,
                                "the operator account looks after the instance and cannot be disabled",
                            )
                            .because("operator_account"),
                        ));
                    }
                    account::set_state(tx, key, state, at).await?;
                    audit::append(tx, event).await
                })
            })
            .await?;
        Ok(())
    }

    /// Creates an account and its owner, who signs in as the account. The first account of an instance is the operator
    /// account.
    ///
    /// # Errors
    /// `Denied` unless the caller looks after the instance, or is the system (command line, boot); Invalid for a bad
    /// password; `AlreadyExists`.
    #[tracing::instrument(name = "service.account.create", skip_all, fields(account = %name))]
    pub async fn create(
        &self,
        ctx: &Context,
        name: &AccountName,
        password: &Secret,
    ) -> Result<Created> {
        let allowed = self.access.authorize(ctx, Action::CreateAccount, Instance).await?;
        let whole = Whole::of(&allowed);
        let region = self.settings.current().region.value.parse()?;
        let plan = self.plan(name, password, region).await?;
        let event = Origin::of(ctx, &self.ports).event(TraceName::CreateAccount).named(name);
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
                    create_in(tx, whole, &plan, kind, event).await
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

    /// Creates a user of any account: the command line. With access to the console they must choose a password of their own when they first sign in there;
    /// clients may go on with the one given here.
    ///
    /// # Errors
    /// `NotFound` for the account or group; `AlreadyExists`; Invalid for the account's own name or a bad password; that
    /// the caller does not see the account, or may not create users.
    #[tracing::instrument(name = "service.account.create_user", skip_all, fields(account = %account, user = %new.name))]
    pub async fn create_user(
        &self,
        ctx: &Context,
        account: &AccountName,
        new: NewUser,
    ) -> Result<Created> {
        let allowed = self.access.authorize(ctx, Action::CreateUser, Account(account)).await?;
        let key = allowed.key();
        crate::user::check_name(account, &new.name)?;
        let password_hash = match &new.password {
            Some(password) => {
                check_rules(password, new.name.as_str())?;
                Some(self.passwords.hash(password).await?)
            }
            None => None,
        };
        let event = Origin::of(ctx, &self.ports)
            .event(TraceName::CreateUser)
            .in_account(*key.target())
            .named(&new.name);
        let at = ctx.now();
        let public_id = self.ports.public_id();
        let created = self
            .store
            .run("account.create_user", Durability::Durable, move |tx| {
                let (new, hash) = (new.clone(), password_hash.clone());
                let (event, public_id) = (event.clone(), public_id.clone());
                Box::pin(async move {
                    let record = user::create(
                        tx,
                        &user::NewUser {
                            public_id: public_id.clone(),
                            account: key,
                            name: new.name.clone(),
                            display_name: String::new(),
                            email: String::new(),
                            description: String::new(),
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
                        join(tx, key, &target_of(&record), name, at).await?;
                    }
                    audit::append(tx, event.id(&public_id)).await?;
                    let account = record.account_id;
                    Ok::<_, Failed>(Created { account, user: record.id, public_id })
                })
            })
            .await;
        created.map_err(|failed| taken(failed, "users", Subject::User))
    }
}

/// Creates what was planned, inside the caller's transaction.
pub(crate) async fn create_in(
    tx: &mut Tx<'_>,
    whole: Whole,
    plan: &Plan,
    kind: AccountKind,
    event: Event,
) -> Outcome<Created> {
    let [account_id, user_id, project_id] = plan.ids.clone();
    let new =
        NewAccount { public_id: account_id, name: plan.name.clone(), kind, created_at: plan.at };
    let record = account::create(tx, whole, &new).await?;
    let target = AccountTarget { id: record.id, name: record.name };
    let account = made_here(&target)?.key();
    let owner = user::create(
        tx,
        &user::NewUser {
            public_id: user_id.clone(),
            account,
            name: plan.owner.clone(),
            display_name: String::new(),
            email: String::new(),
            description: String::new(),
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
    attachment::ensure_project(tx, account, &plan.region, &project_id, plan.at).await?;
    for ((name, policy), id) in GROUPS.into_iter().zip(&plan.group_ids) {
        let new = NewGroup {
            account,
            public_id: id.clone(),
            name: name.parse()?,
            description: String::new(),
            created_by: Some(owner.id),
            created_at: plan.at,
        };
        let made = group::create(tx, &new).await?;
        let target = GroupTarget { id: made.id, account: made.account_id, name: made.name };
        let holder = Holder::Group(made_here(&target)?.key());
        let right = Right::Role(policy);
        attachment::attach(tx, holder, right, None, Some(owner.id), plan.at).await?;
    }
    audit::append(tx, event.in_account(record.id).id(&new.public_id)).await?;
    Ok(Created { account: record.id, user: owner.id, public_id: user_id })
}

/// A user that was just read, as the target of a decision.
pub(crate) fn target_of(record: &user::UserRecord) -> UserTarget {
    UserTarget {
        id: record.id,
        account: record.account_id,
        name: record.name.clone(),
        is_owner: record.is_owner,
    }
}

/// Puts a user that was just made in the group of this name; the name of a system policy is attached to the user itself.
async fn join(
    tx: &mut Tx<'_>,
    account: Allowed<AccountId>,
    user: &UserTarget,
    name: &str,
    at: Timestamp,
) -> Outcome<()> {
    if let Ok(name) = name.parse()
        && let Some(found) = group::find_by_name(tx, &account, &name).await?
    {
        let target = GroupTarget { id: found.id, account: found.account_id, name: found.name };
        group::add_member(tx, made_here(&target)?.key(), user.id, at).await?;
        return Ok(());
    }
    if let Some(policy) = SystemPolicy::by_name(name) {
        let holder = Holder::User(made_here(user)?.key());
        attachment::attach(tx, holder, Right::Role(policy), None, None, at).await?;
        return Ok(());
    }
    let all = Window { offset: 0, limit: 100 };
    let known: Vec<String> = group::list(tx, account, None, all)
        .await?
        .items
        .into_iter()
        .map(|group| group.name.into())
        .collect();
    Err(Error::not_found(
        Subject::Group,
        format!("there is no group {name}; there are {}", known.join(", ")),
    )
    .into())
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
