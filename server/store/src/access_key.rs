//! Access keys: long-term credentials of a user. How one logs in with them is [`crate::credential`]'s.
//!
//! Every function takes the proof that somebody may do it to this user's keys, and finds a key by that user and its id.

use roadstead::Timestamp;
use roadstead::access::{AccessKeyId, Allowed, CredentialHolder};
use roadstead::id::CredentialId;
use roadstead::manage::credential::UsedService;

use crate::account::State;
use crate::credential::{NewCredential, changed};
use crate::error::Result;
use crate::row::record;
use crate::sealed::{self, SealedPlace, Shown};
use crate::sql::sql;
use crate::tx::Tx;

record! {
    /// An access key in its holder's list.
    AccessKeyRecord {
        /// The access key id.
        access_key: AccessKeyId,
        /// May be empty.
        description: String,
        /// Whether it may be used.
        state: State,
        /// Since when.
        created_at: Timestamp,
        /// When it ends, if it does.
        expires_at: Option<Timestamp>,
        /// Last use that was noted.
        last_used_at: Option<Timestamp>,
        /// Whence; empty when unknown.
        last_used_from: String,
        /// For what.
        last_used_by: UsedService,
    }
}

record! {
    /// A new key whose secret is still shown.
    ShownRecord {
        /// Key in its table.
        id: CredentialId,
        /// When the key ends, if it does.
        expires_at: Option<Timestamp>,
        /// When its file was given, if it was.
        file_taken_at: Option<Timestamp>,
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT access_key, description, state, created_at, expires_at, last_used_at, last_used_from, last_used_by \
             FROM access_keys ",
            $rest
        )
    };
}

/// Whether the user may use clients. Until the end of the transaction nobody else creates a key for them. `None` when
/// they have been deleted.
pub async fn lock_holder(
    tx: &mut Tx<'_>,
    holder: &Allowed<CredentialHolder>,
) -> Result<Option<bool>> {
    let found = sql("SELECT programmatic_access FROM users WHERE id = $1 AND deleted_at IS NULL")
        .bind(holder.target().user)
        .and(tx.dialect().for_update())
        .optional::<(bool,)>(tx)
        .await?;
    Ok(found.map(|(is_programmatic,)| is_programmatic))
}

/// How many keys the user has, of whatever state.
pub async fn count(tx: &mut Tx<'_>, holder: &Allowed<CredentialHolder>) -> Result<u64> {
    sql("SELECT count(*) FROM access_keys WHERE user_id = $1")
        .bind(holder.target().user)
        .scalar(tx)
        .await
}

/// Creates a key. How many there are is for the caller to look at, after [`lock_holder`]; without `shown` nobody sees its
/// secret again.
pub async fn create(
    tx: &mut Tx<'_>,
    new: &NewCredential,
    description: &str,
    expires_at: Option<Timestamp>,
    shown: Option<&Shown>,
) -> Result<CredentialId> {
    let holder = new.holder.target();
    let id = sql(
        "INSERT INTO access_keys (account_id, user_id, access_key, login_key_hash, description, created_at, expires_at, \
         shown_to, shown_until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id",
    )
    .bind(holder.account)
    .bind(holder.user)
    .bind(&new.access_key)
    .bind(new.login_key_hash.as_slice())
    .bind(description)
    .bind(new.created_at)
    .bind(expires_at)
    .bind(shown.map(|shown| shown.to.as_str()))
    .bind(shown.map(|shown| shown.until))
    .scalar(tx)
    .await?;
    changed(tx, holder.account, &new.access_key, new.created_at);
    Ok(id)
}

/// The keys of a user, the oldest first, and whether the user may use clients; `None` when they have been deleted.
pub async fn list(
    tx: &mut Tx<'_>,
    holder: &Allowed<CredentialHolder>,
) -> Result<Option<(bool, Vec<AccessKeyRecord>)>> {
    let user = holder.target().user;
    let found = sql("SELECT programmatic_access FROM users WHERE id = $1 AND deleted_at IS NULL")
        .bind(user)
        .optional::<(bool,)>(tx)
        .await?;
    let Some((is_programmatic,)) = found else {
        return Ok(None);
    };
    let keys = sql(select!("WHERE user_id = $1 ORDER BY id")).bind(user).all(tx).await?;
    Ok(Some((is_programmatic, keys)))
}

/// One key of a user.
pub async fn find(
    tx: &mut Tx<'_>,
    holder: &Allowed<CredentialHolder>,
    access_key: &AccessKeyId,
) -> Result<Option<AccessKeyRecord>> {
    sql(select!("WHERE access_key = $1 AND user_id = $2"))
        .bind(access_key)
        .bind(holder.target().user)
        .optional(tx)
        .await
}

/// A user's key whose secret this session may see now.
pub async fn shown(
    tx: &mut Tx<'_>,
    holder: &Allowed<CredentialHolder>,
    access_key: &AccessKeyId,
    session: &str,
    now: Timestamp,
) -> Result<Option<ShownRecord>> {
    sql("SELECT id, expires_at, file_taken_at FROM access_keys \
         WHERE access_key = $1 AND user_id = $2 AND shown_to = $3 AND shown_until > $4")
    .bind(access_key)
    .bind(holder.target().user)
    .bind(session)
    .bind(now)
    .optional(tx)
    .await
}

/// Notes that the file of a user's key is given; `false` when it was given before.
pub async fn take_file(
    tx: &mut Tx<'_>,
    holder: &Allowed<CredentialHolder>,
    access_key: &AccessKeyId,
    at: Timestamp,
) -> Result<bool> {
    let rows = sql("UPDATE access_keys SET file_taken_at = $3 \
                    WHERE access_key = $1 AND user_id = $2 AND file_taken_at IS NULL")
    .bind(access_key)
    .bind(holder.target().user)
    .bind(at)
    .execute(tx)
    .await?;
    Ok(rows > 0)
}

/// Ends that the secret of a user's key is shown.
pub async fn hide(
    tx: &mut Tx<'_>,
    holder: &Allowed<CredentialHolder>,
    access_key: &AccessKeyId,
) -> Result<()> {
    sql("UPDATE access_keys SET shown_to = NULL, shown_until = NULL WHERE access_key = $1 AND user_id = $2")
        .bind(access_key)
        .bind(holder.target().user)
        .execute(tx)
        .await?;
    Ok(())
}

/// Changes description and state of a user's key; `false` when there is none.
pub async fn update(
    tx: &mut Tx<'_>,
    holder: &Allowed<CredentialHolder>,
    access_key: &AccessKeyId,
    description: Option<&str>,
    state: Option<State>,
    at: Timestamp,
) -> Result<bool> {
    let rows = sql("UPDATE access_keys SET description = coalesce($3, description), state = coalesce($4, state) \
                    WHERE access_key = $1 AND user_id = $2")
    .bind(access_key)
    .bind(holder.target().user)
    .bind(description)
    .bind(state)
    .execute(tx)
    .await?;
    if rows > 0 {
        changed(tx, holder.target().account, access_key, at);
    }
    Ok(rows > 0)
}

/// Deletes a user's key with its secret; `false` when there is none.
pub async fn delete(
    tx: &mut Tx<'_>,
    holder: &Allowed<CredentialHolder>,
    access_key: &AccessKeyId,
    at: Timestamp,
) -> Result<bool> {
    let found = sql("DELETE FROM access_keys WHERE access_key = $1 AND user_id = $2 RETURNING id")
        .bind(access_key)
        .bind(holder.target().user)
        .optional::<(CredentialId,)>(tx)
        .await?;
    let Some((id,)) = found else {
        return Ok(false);
    };
    sealed::remove(tx, &SealedPlace::new("access_keys", id, "secret")).await?;
    changed(tx, holder.target().account, access_key, at);
    Ok(true)
}
