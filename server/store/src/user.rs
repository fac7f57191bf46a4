//! Users. The account's own login is the user with `is_owner`, whose name is the account's.

use roadstead::access::{Allowed, UserKey};
use roadstead::id::{AccountId, PublicId, UserId};
use roadstead::manage::user::UserSort;
use roadstead::page::{Order, Page, Window};
use roadstead::{GroupName, RegionName, Secret, Timestamp, UserName};

use crate::account::State;
use crate::change::{Change, ChangeKind};
use crate::credential;
use crate::dialect::contains;
use crate::error::Result;
use crate::ledger::InAccount;
use crate::row::record;
use crate::sealed::{self, SealedPlace, SealedRecord, Shown};
use crate::sql::{Sql, sql};
use crate::tx::Tx;

record! {
    /// A user.
    UserRecord {
        /// Key.
        id: UserId,
        /// Id on the wire.
        public_id: PublicId,
        /// The account.
        account_id: AccountId,
        /// Name, as its creator wrote it; compared without case.
        name: UserName,
        /// Name to show; may be empty.
        display_name: String,
        /// May be empty.
        email: String,
        /// May be empty.
        description: String,
        /// Whether this is the account's own login.
        is_owner: bool,
        /// Whether it may be used.
        state: State,
        /// May sign in to the console.
        console_access: bool,
        /// May use clients and the management API.
        programmatic_access: bool,
        /// Whether the next sign-in must change the password.
        must_change_password: bool,
        /// Grows when the password or state changes.
        permission_epoch: u64,
        /// When it was created.
        created_at: Timestamp,
        /// When it last signed in.
        last_signed_in_at: Option<Timestamp>,
    }
}

/// What a new user is made of.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// Id on the wire.
    pub public_id: PublicId,
    /// The proof that a user may be created in this account.
    pub account: Allowed<AccountId>,
    /// Name.
    pub name: UserName,
    /// Name to show; may be empty.
    pub display_name: String,
    /// May be empty.
    pub email: String,
    /// May be empty.
    pub description: String,
    /// Whether this is the account's own login.
    pub is_owner: bool,
    /// May sign in to the console.
    pub console_access: bool,
    /// May use clients and the management API.
    pub programmatic_access: bool,
    /// Hash of the password, if there is one.
    pub password_hash: Option<Secret>,
    /// Whether the first sign-in must change the password.
    pub must_change_password: bool,
    /// Who creates it.
    pub created_by: Option<UserId>,
    /// Now.
    pub created_at: Timestamp,
}

record! {
    /// A user in the list of the account's.
    UserEntry {
        /// Key.
        id: UserId,
        /// Id on the wire.
        public_id: PublicId,
        /// Name.
        name: UserName,
        /// Name to show; may be empty.
        display_name: String,
        /// May be empty.
        email: String,
        /// May be empty.
        description: String,
        /// Whether this is the account's own login.
        is_owner: bool,
        /// Whether it may be used.
        state: State,
        /// May sign in to the console.
        console_access: bool,
        /// May use clients and the management API.
        programmatic_access: bool,
        /// Whether the next sign-in must change the password.
        must_change_password: bool,
        /// Access keys.
        key_count: u64,
        /// When the oldest of them was made.
        oldest_key_at: Option<Timestamp>,
        /// When it was created.
        created_at: Timestamp,
        /// When it last signed in.
        last_signed_in_at: Option<Timestamp>,
    }
}

/// Which users of an account.
#[derive(Debug, Clone, Default)]
pub struct UserFilter {
    /// Part of the name, the name to show or the address.
    pub search: Option<String>,
    /// Only those that may, or may not, be used.
    pub state: Option<State>,
    /// Only those who may sign in to the console.
    pub console: bool,
    /// Only those who may use clients.
    pub programmatic: bool,
    /// Only those in this group.
    pub group: Option<GroupName>,
}

/// What can be changed about a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserChange {
    /// Name to show; may be empty.
    pub display_name: String,
    /// May be empty.
    pub email: String,
    /// May be empty.
    pub description: String,
    /// May sign in to the console.
    pub console_access: bool,
    /// May use clients and the management API.
    pub programmatic_access: bool,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT u.id, u.public_id, u.account_id, u.name, u.display_name, u.email, u.description, u.is_owner, \
             u.state, u.console_access, u.programmatic_access, u.must_change_password, u.permission_epoch, \
             u.created_at, u.last_signed_in_at FROM users u ",
            $rest
        )
    };
}

/// Creates a user. `NotUnique { table: "users" }` when the name is taken in the account.
pub async fn create(tx: &mut Tx<'_>, new: &NewUser) -> Result<UserRecord> {
    let account = *new.account.target();
    let id: UserId = sql(
        "INSERT INTO users (public_id, account_id, name, name_key, display_name, email, description, is_owner, \
         console_access, programmatic_access, password_hash, password_changed_at, must_change_password, created_by, \
         created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) RETURNING id",
    )
    .bind(&new.public_id)
    .bind(account)
    .bind(&new.name)
    .bind(new.name.folded())
    .bind(new.display_name.as_str())
    .bind(new.email.as_str())
    .bind(new.description.as_str())
    .bind(new.is_owner)
    .bind(new.console_access)
    .bind(new.programmatic_access)
    .bind(new.password_hash.as_ref().map(|hash| hash.reveal().clone()))
    .bind(new.password_hash.as_ref().map(|_| new.created_at))
    .bind(new.must_change_password)
    .bind(new.created_by)
    .bind(new.created_at)
    .scalar(tx)
    .await?;
    tx.change(Change::new(ChangeKind::User, new.created_at).in_account(account).of(id));
    sql(select!("WHERE u.id = $1")).bind(id).one(tx).await
}

/// The user.
pub async fn find(tx: &mut Tx<'_>, user: Allowed<UserKey>) -> Result<Option<UserRecord>> {
    let key = user.target();
    sql(select!("WHERE u.id = $1 AND u.account_id = $2 AND u.deleted_at IS NULL"))
        .bind(key.id)
        .bind(key.account)
        .optional(tx)
        .await
}

/// The user of this name in an account, whatever its case, for whoever may do something there. The account's own name
/// finds its owner.
pub async fn find_by_name(
    tx: &mut Tx<'_>,
    within: &impl InAccount,
    name: &UserName,
) -> Result<Option<UserRecord>> {
    sql(select!("WHERE u.account_id = $1 AND u.name_key = $2 AND u.deleted_at IS NULL"))
        .bind(within.account())
        .bind(name.folded())
        .optional(tx)
        .await
}

/// Everything of a [`UserEntry`].
const ENTRY: &str = "SELECT u.id, u.public_id, u.name, u.display_name, u.email, u.description, u.is_owner, u.state, \
     u.console_access, u.programmatic_access, u.must_change_password, (SELECT count(*) FROM access_keys k \
     WHERE k.user_id = u.id) AS key_count, (SELECT min(k.created_at) FROM access_keys k WHERE k.user_id = u.id) \
     AS oldest_key_at, u.created_at, u.last_signed_in_at FROM users u WHERE ";

record! {
    /// A project of a user's account.
    ProjectRecord {
        /// Its id on the wire.
        public_id: PublicId,
        /// Its name: the region's id.
        name: RegionName,
        /// The region's name for people, where it is not this instance's own.
        region_name: String,
        /// Whether the region is this instance's own.
        is_local: bool,
    }
}

/// The projects of the user's account, the oldest first.
pub async fn projects(tx: &mut Tx<'_>, user: Allowed<UserKey>) -> Result<Vec<ProjectRecord>> {
    sql("SELECT j.public_id, j.name, r.name AS region_name, r.is_local FROM projects j \
         JOIN regions r ON r.id = j.region_id WHERE j.account_id = $1 AND j.deleted_at IS NULL ORDER BY j.id")
    .bind(user.target().account)
    .all(tx)
    .await
}

/// The user as a list shows it.
pub async fn entry(tx: &mut Tx<'_>, user: Allowed<UserKey>) -> Result<Option<UserEntry>> {
    sql(ENTRY).and("u.id = $1 AND u.deleted_at IS NULL").bind(user.target().id).optional(tx).await
}

/// The users of an account.
pub async fn list(
    tx: &mut Tx<'_>,
    account: Allowed<AccountId>,
    filter: &UserFilter,
    sort: (UserSort, Order),
    window: Window,
) -> Result<Page<UserEntry>> {
    let mut statement = sql(ENTRY);
    let mut total = sql("SELECT count(*) FROM users u WHERE ");
    for part in [&mut statement, &mut total] {
        matching(part, *account.target(), filter);
    }
    statement.push(match sort {
        (UserSort::Name, Order::Asc) => " ORDER BY u.name_key LIMIT ",
        (UserSort::Name, Order::Desc) => " ORDER BY u.name_key DESC LIMIT ",
        (UserSort::CreatedAt, Order::Asc) => " ORDER BY u.created_at, u.id LIMIT ",
        (UserSort::CreatedAt, Order::Desc) => " ORDER BY u.created_at DESC, u.id DESC LIMIT ",
        (UserSort::LastSignedInAt, Order::Asc) => {
            " ORDER BY coalesce(u.last_signed_in_at, 0), u.id LIMIT "
        }
        (UserSort::LastSignedInAt, Order::Desc) => {
            " ORDER BY coalesce(u.last_signed_in_at, 0) DESC, u.id DESC LIMIT "
        }
    });
    statement.push_bind(window.limit);
    statement.push(" OFFSET ").push_bind(window.offset);
    let items = statement.all(tx).await?;
    Ok(Page { items, total: total.scalar(tx).await?, window })
}

fn matching(statement: &mut Sql, account: AccountId, filter: &UserFilter) {
    statement.push("u.account_id = ").push_bind(account).push(" AND u.deleted_at IS NULL");
    if let Some(text) = &filter.search {
        let pattern = contains(text);
        statement.push(" AND (u.name_key LIKE ").push_bind(pattern.as_str());
        statement.push(" ESCAPE '\\' OR lower(u.display_name) LIKE ").push_bind(pattern.as_str());
        statement.push(" ESCAPE '\\' OR lower(u.email) LIKE ").push_bind(pattern.as_str());
        statement.push(" ESCAPE '\\')");
    }
    if let Some(state) = filter.state {
        statement.push(" AND u.state = ").push_bind(state);
    }
    if filter.console {
        statement.push(" AND u.console_access = TRUE");
    }
    if filter.programmatic {
        statement.push(" AND u.programmatic_access = TRUE");
    }
    if let Some(group) = &filter.group {
        statement.push(
            " AND EXISTS (SELECT 1 FROM group_members m JOIN groups g ON g.id = m.group_id WHERE m.user_id = u.id \
             AND g.deleted_at IS NULL AND g.name_key = ",
        );
        statement.push_bind(group.folded()).push(")");
    }
}

/// The hash of a user's password; `None` when there is none.
pub async fn password_hash(tx: &mut Tx<'_>, user: Allowed<UserKey>) -> Result<Option<Secret>> {
    let found = sql("SELECT password_hash FROM users WHERE id = $1 AND deleted_at IS NULL")
        .bind(user.target().id)
        .optional::<(Option<String>,)>(tx)
        .await?;
    Ok(found.and_then(|(hash,)| hash).map(Secret::new))
}

/// Sets the password, and whether the next sign-in must change it. Every cached success of the old one is stale from the
/// commit on, and tokens made with it end.
pub async fn set_password_hash(
    tx: &mut Tx<'_>,
    user: Allowed<UserKey>,
    hash: &Secret,
    must_change: bool,
    at: Timestamp,
) -> Result<()> {
    sql(
        "UPDATE users SET password_hash = $2, password_changed_at = $3, must_change_password = $4, shown_to = NULL, \
         permission_epoch = permission_epoch + 1 WHERE id = $1 AND deleted_at IS NULL",
    )
    .bind(user.target().id)
    .bind(hash.reveal().as_str())
    .bind(at)
    .bind(must_change)
    .execute(tx)
    .await?;
    changed(tx, user, at);
    Ok(())
}

/// Where a new password is sealed while it is shown.
#[must_use]
pub fn password_place(user: UserId) -> SealedPlace {
    SealedPlace::new("users", user, "password")
}

/// Lets one console session see the password that was just given and is sealed at [`password_place`]. The next password
/// ends it.
pub async fn show_password(tx: &mut Tx<'_>, user: Allowed<UserKey>, shown: &Shown) -> Result<()> {
    sql("UPDATE users SET shown_to = $2, shown_until = $3 WHERE id = $1 AND deleted_at IS NULL")
        .bind(user.target().id)
        .bind(shown.to.as_str())
        .bind(shown.until)
        .execute(tx)
        .await?;
    Ok(())
}

/// The password of a user that this session may see now.
pub async fn shown_password(
    tx: &mut Tx<'_>,
    user: Allowed<UserKey>,
    session: &str,
    now: Timestamp,
) -> Result<Option<SealedRecord>> {
    let id = user.target().id;
    let is_shown = sql(
        "SELECT EXISTS (SELECT 1 FROM users WHERE id = $1 AND shown_to = $2 AND shown_until > $3 \
                        AND deleted_at IS NULL)",
    )
    .bind(id)
    .bind(session)
    .bind(now)
    .scalar::<bool>(tx)
    .await?;
    if is_shown { sealed::get(tx, &password_place(id)).await } else { Ok(None) }
}

/// Forgets passwords that nobody may see any more, at most `limit`.
pub async fn forget_shown(tx: &mut Tx<'_>, now: Timestamp, limit: u32) -> Result<u64> {
    let ids = sql("SELECT id FROM users WHERE shown_until IS NOT NULL AND shown_until <= $1 ORDER BY shown_until LIMIT $2")
        .bind(now)
        .bind(limit)
        .all::<(UserId,)>(tx)
        .await?;
    for (id,) in &ids {
        sealed::remove(tx, &password_place(*id)).await?;
        sql("UPDATE users SET shown_to = NULL, shown_until = NULL WHERE id = $1")
            .bind(*id)
            .execute(tx)
            .await?;
    }
    Ok(ids.len() as u64)
}

/// Enables or disables a user. When it is disabled its console sessions end; tokens end either way.
pub async fn set_state(
    tx: &mut Tx<'_>,
    user: Allowed<UserKey>,
    state: State,
    at: Timestamp,
) -> Result<()> {
    sql("UPDATE users SET state = $2, permission_epoch = permission_epoch + 1 WHERE id = $1 AND deleted_at IS NULL")
        .bind(user.target().id)
        .bind(state)
        .execute(tx)
        .await?;
    if state == State::Disabled {
        crate::session::delete_of_user(tx, user, None).await?;
    }
    changed(tx, user, at);
    Ok(())
}

/// Changes what is said of a user, and how it may come in.
pub async fn update(
    tx: &mut Tx<'_>,
    user: Allowed<UserKey>,
    change: &UserChange,
    at: Timestamp,
) -> Result<()> {
    // Tokens end when a way in is closed, not when a name is written differently.
    sql("UPDATE users SET display_name = $2, email = $3, description = $4, console_access = $5, \
         programmatic_access = $6, permission_epoch = permission_epoch + CASE WHEN console_access = $5 \
         AND programmatic_access = $6 THEN 0 ELSE 1 END WHERE id = $1 AND deleted_at IS NULL")
    .bind(user.target().id)
    .bind(change.display_name.as_str())
    .bind(change.email.as_str())
    .bind(change.description.as_str())
    .bind(change.console_access)
    .bind(change.programmatic_access)
    .execute(tx)
    .await?;
    changed(tx, user, at);
    Ok(())
}

fn changed(tx: &mut Tx<'_>, user: Allowed<UserKey>, at: Timestamp) {
    let key = user.target();
    tx.change(Change::new(ChangeKind::User, at).in_account(key.account).of(key.id));
}

/// Deletes a user and everything that lets it in. Its name is free again and inherits nothing.
pub async fn delete(tx: &mut Tx<'_>, user: Allowed<UserKey>, at: Timestamp) -> Result<()> {
    let id = user.target().id;
    credential::remove_of_user(tx, id).await?;
    for text in [
        "DELETE FROM sessions WHERE user_id = $1",
        "DELETE FROM group_members WHERE user_id = $1",
        "DELETE FROM attachments WHERE user_id = $1",
        "DELETE FROM organization_grants WHERE user_id = $1",
        "DELETE FROM repository_grants WHERE user_id = $1",
        "DELETE FROM identities WHERE user_id = $1",
    ] {
        sql(text).bind(id).execute(tx).await?;
    }
    sql("UPDATE users SET deleted_at = $2, password_hash = NULL, permission_epoch = permission_epoch + 1 \
         WHERE id = $1 AND deleted_at IS NULL")
    .bind(id)
    .bind(at)
    .execute(tx)
    .await?;
    changed(tx, user, at);
    Ok(())
}

/// Notes a sign-in.
pub async fn note_sign_in(tx: &mut Tx<'_>, user: Allowed<UserKey>, at: Timestamp) -> Result<()> {
    sql("UPDATE users SET last_signed_in_at = $2 WHERE id = $1")
        .bind(user.target().id)
        .bind(at)
        .execute(tx)
        .await?;
    Ok(())
}

/// What the user prefers, as the console wrote it; `None` when there is no such user.
pub async fn preferences(
    tx: &mut Tx<'_>,
    user: Allowed<UserKey>,
) -> Result<Option<serde_json::Value>> {
    let found = sql("SELECT preferences FROM users WHERE id = $1 AND deleted_at IS NULL")
        .bind(user.target().id)
        .optional::<(serde_json::Value,)>(tx)
        .await?;
    Ok(found.map(|(preferences,)| preferences))
}

/// Writes what the user prefers.
pub async fn set_preferences(
    tx: &mut Tx<'_>,
    user: Allowed<UserKey>,
    preferences: &serde_json::Value,
) -> Result<()> {
    sql("UPDATE users SET preferences = $2 WHERE id = $1")
        .bind(user.target().id)
        .bind(preferences)
        .execute(tx)
        .await?;
    Ok(())
}

/// The user whom an outside identity signs in.
pub async fn find_by_identity(
    tx: &mut Tx<'_>,
    issuer: &str,
    subject: &str,
) -> Result<Option<UserRecord>> {
    sql(select!(
        "JOIN identities i ON i.user_id = u.id WHERE i.issuer = $1 AND i.subject = $2 AND u.deleted_at IS NULL"
    ))
    .bind(issuer)
    .bind(subject)
    .optional(tx)
    .await
}

/// Lets an outside identity sign a user in. `NotUnique { table: "identities" }` when it signs in somebody already.
pub async fn add_identity(
    tx: &mut Tx<'_>,
    user: Allowed<UserKey>,
    issuer: &str,
    subject: &str,
    at: Timestamp,
) -> Result<()> {
    sql("INSERT INTO identities (user_id, issuer, subject, created_at) VALUES ($1, $2, $3, $4)")
        .bind(user.target().id)
        .bind(issuer)
        .bind(subject)
        .bind(at)
        .execute(tx)
        .await?;
    Ok(())
}
