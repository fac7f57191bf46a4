//! Console sessions. The row's key is a digest of the cookie's value, made by the caller.

use roadstead::Timestamp;
use roadstead::access::{Allowed, UserKey};
use roadstead::id::{AccountId, UserId};

use crate::error::Result;
use crate::row::record;
use crate::sql::sql;
use crate::tx::Tx;

record! {
    /// A session.
    SessionRecord {
        /// Digest of the cookie's value.
        digest: String,
        /// The account that is signed in.
        account_id: Option<AccountId>,
        /// The user that is signed in.
        user_id: Option<UserId>,
        /// What the session layer wrote.
        data: Vec<u8>,
        /// Where it came from last.
        address: String,
        /// The browser's own words.
        agent: String,
        /// When it began.
        created_at: Timestamp,
        /// Last request that was noted.
        last_seen_at: Timestamp,
        /// When it ends.
        expires_at: Timestamp,
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT digest, account_id, user_id, data, address, agent, created_at, last_seen_at, expires_at FROM sessions ",
            $rest
        )
    };
}

/// Creates a session; `false` when the digest is taken.
pub async fn create(tx: &mut Tx<'_>, session: &SessionRecord) -> Result<bool> {
    let rows = sql("INSERT INTO sessions (digest, account_id, user_id, data, address, agent, created_at, last_seen_at, \
                    expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (digest) DO NOTHING")
    .bind(session.digest.as_str())
    .bind(session.account_id)
    .bind(session.user_id)
    .bind(&session.data)
    .bind(session.address.as_str())
    .bind(session.agent.as_str())
    .bind(session.created_at)
    .bind(session.last_seen_at)
    .bind(session.expires_at)
    .execute(tx)
    .await?;
    Ok(rows > 0)
}

/// Writes a session that is there. One that has been ended meanwhile stays ended: a request that was under way does not
/// bring it back.
pub async fn save(tx: &mut Tx<'_>, session: &SessionRecord) -> Result<()> {
    sql("UPDATE sessions SET account_id = $2, user_id = $3, data = $4, address = $5, agent = $6, last_seen_at = $7, \
         expires_at = $8 WHERE digest = $1")
    .bind(session.digest.as_str())
    .bind(session.account_id)
    .bind(session.user_id)
    .bind(&session.data)
    .bind(session.address.as_str())
    .bind(session.agent.as_str())
    .bind(session.last_seen_at)
    .bind(session.expires_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// The session, if it has not ended.
pub async fn load(tx: &mut Tx<'_>, digest: &str, now: Timestamp) -> Result<Option<SessionRecord>> {
    sql(select!("WHERE digest = $1 AND expires_at > $2")).bind(digest).bind(now).optional(tx).await
}

/// Ends a session; `false` when there was none.
pub async fn delete(tx: &mut Tx<'_>, digest: &str) -> Result<bool> {
    let deleted = sql("DELETE FROM sessions WHERE digest = $1").bind(digest).execute(tx).await?;
    Ok(deleted > 0)
}

/// The sessions of a user, the last seen first.
pub async fn of_user(
    tx: &mut Tx<'_>,
    user: Allowed<UserKey>,
    now: Timestamp,
) -> Result<Vec<SessionRecord>> {
    sql(select!("WHERE user_id = $1 AND expires_at > $2 ORDER BY last_seen_at DESC, digest"))
        .bind(user.target().id)
        .bind(now)
        .all(tx)
        .await
}

/// Ends one session of a user; `false` when there was none.
pub async fn delete_one_of_user(
    tx: &mut Tx<'_>,
    user: Allowed<UserKey>,
    digest: &str,
) -> Result<bool> {
    let deleted = sql("DELETE FROM sessions WHERE digest = $1 AND user_id = $2")
        .bind(digest)
        .bind(user.target().id)
        .execute(tx)
        .await?;
    Ok(deleted > 0)
}

/// Ends the sessions of a user, except one: after a change of the password.
pub async fn delete_of_user(
    tx: &mut Tx<'_>,
    user: Allowed<UserKey>,
    except: Option<&str>,
) -> Result<u64> {
    sql("DELETE FROM sessions WHERE user_id = $1 AND digest <> coalesce($2, '')")
        .bind(user.target().id)
        .bind(except)
        .execute(tx)
        .await
}

/// Removes sessions that ended before `before`.
pub async fn remove_expired(tx: &mut Tx<'_>, before: Timestamp) -> Result<u64> {
    sql("DELETE FROM sessions WHERE expires_at < $1").bind(before).execute(tx).await
}
