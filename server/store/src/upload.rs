//! Upload sessions: one blob from `POST` to `PUT`. The repository may not exist before the first blob is complete, so a
//! session names it and refers only to its organization.

use roadstead::id::{AccountId, OrganizationId, UserId};
use roadstead::{Algorithm, RepositoryName, Timestamp};

use crate::error::Result;
use crate::row::record;
use crate::sql::sql;
use crate::tx::Tx;

record! {
    /// An upload session.
    UploadRecord {
        /// A UUID.
        id: String,
        /// The account of the organization.
        account_id: AccountId,
        /// The organization.
        organization_id: OrganizationId,
        /// The repository's name in it.
        repository_name: RepositoryName,
        /// Who may go on with it; as the service writes callers.
        owner: String,
        /// The user, if it is one.
        user_id: Option<UserId>,
        /// The digest algorithm that was announced.
        algorithm: Algorithm,
        /// Bytes received and kept.
        received: u64,
        /// State of the hash over them.
        hash_state: Option<Vec<u8>>,
        /// What staging needs to go on.
        staging_state: Option<String>,
        /// Key of the object that is being written.
        object_key: Option<String>,
        /// When it began.
        created_at: Timestamp,
        /// Last progress.
        updated_at: Timestamp,
        /// When it ends by itself.
        expires_at: Timestamp,
    }
}

/// What changes while bytes arrive.
#[derive(Debug, Clone)]
pub struct Progress {
    /// Bytes received and kept.
    pub received: u64,
    /// State of the hash over them.
    pub hash_state: Vec<u8>,
    /// What staging needs to go on.
    pub staging_state: String,
    /// Key of the object that is being written.
    pub object_key: String,
    /// Now.
    pub updated_at: Timestamp,
    /// When it ends by itself from now on.
    pub expires_at: Timestamp,
}

macro_rules! columns {
    () => {
        "id, account_id, organization_id, repository_name, owner, user_id, algorithm, received, hash_state, \
         staging_state, object_key, created_at, updated_at, expires_at"
    };
}

/// Begins a session.
pub async fn create(tx: &mut Tx<'_>, upload: &UploadRecord) -> Result<()> {
    sql("INSERT INTO uploads (id, account_id, organization_id, repository_name, owner, user_id, algorithm, received, \
         hash_state, staging_state, object_key, created_at, updated_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)")
    .bind(upload.id.as_str())
    .bind(upload.account_id)
    .bind(upload.organization_id)
    .bind(&upload.repository_name)
    .bind(upload.owner.as_str())
    .bind(upload.user_id)
    .bind(upload.algorithm)
    .bind(upload.received)
    .bind(upload.hash_state.as_deref())
    .bind(upload.staging_state.as_deref())
    .bind(upload.object_key.as_deref())
    .bind(upload.created_at)
    .bind(upload.updated_at)
    .bind(upload.expires_at)
    .execute(tx)
    .await?;
    Ok(())
}

/// The session, if it has not ended.
pub async fn find(tx: &mut Tx<'_>, id: &str, now: Timestamp) -> Result<Option<UploadRecord>> {
    sql(concat!("SELECT ", columns!(), " FROM uploads WHERE id = $1 AND expires_at > $2"))
        .bind(id)
        .bind(now)
        .optional(tx)
        .await
}

/// Takes the session for one writer until `until`; `None` when it is gone, or another writer has it. It does not end by
/// itself before that: a body may take longer to come than a session lives.
pub async fn lease(
    tx: &mut Tx<'_>,
    id: &str,
    holder: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<UploadRecord>> {
    sql(concat!(
        "UPDATE uploads SET lease_holder = $2, leased_until = $4, \
         expires_at = CASE WHEN expires_at < $4 THEN $4 ELSE expires_at END WHERE id = $1 AND expires_at > $3 \
         AND (lease_holder IS NULL OR lease_holder = $2 OR leased_until <= $3) RETURNING ",
        columns!()
    ))
    .bind(id)
    .bind(holder)
    .bind(now)
    .bind(until)
    .optional(tx)
    .await
}

/// Takes the session from a writer that is known to be gone; `None` when the session is gone too.
pub async fn seize(
    tx: &mut Tx<'_>,
    id: &str,
    holder: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<UploadRecord>> {
    sql(concat!(
        "UPDATE uploads SET lease_holder = $2, leased_until = $4, \
         expires_at = CASE WHEN expires_at < $4 THEN $4 ELSE expires_at END WHERE id = $1 AND expires_at > $3 RETURNING ",
        columns!()
    ))
    .bind(id)
    .bind(holder)
    .bind(now)
    .bind(until)
    .optional(tx)
    .await
}

/// Notes what arrived and gives the session back. `false` when the writer no longer has it: nothing was noted.
pub async fn save(tx: &mut Tx<'_>, id: &str, holder: &str, progress: &Progress) -> Result<bool> {
    let rows = sql(
        "UPDATE uploads SET received = $3, hash_state = $4, staging_state = $5, object_key = $6, \
                    updated_at = $7, expires_at = $8, lease_holder = NULL, leased_until = NULL \
                    WHERE id = $1 AND lease_holder = $2",
    )
    .bind(id)
    .bind(holder)
    .bind(progress.received)
    .bind(&progress.hash_state)
    .bind(progress.staging_state.as_str())
    .bind(progress.object_key.as_str())
    .bind(progress.updated_at)
    .bind(progress.expires_at)
    .execute(tx)
    .await?;
    Ok(rows > 0)
}

/// Gives the session back unchanged.
pub async fn release(tx: &mut Tx<'_>, id: &str, holder: &str) -> Result<()> {
    sql("UPDATE uploads SET lease_holder = NULL, leased_until = NULL WHERE id = $1 AND lease_holder = $2")
        .bind(id)
        .bind(holder)
        .execute(tx)
        .await?;
    Ok(())
}

/// Ends a session; `false` when it was gone. What it staged is the caller's to keep or to doom.
pub async fn delete(tx: &mut Tx<'_>, id: &str) -> Result<bool> {
    Ok(sql("DELETE FROM uploads WHERE id = $1").bind(id).execute(tx).await? > 0)
}

/// Sessions that ended by themselves before `now` and that nobody is writing, the oldest first.
pub async fn expired(tx: &mut Tx<'_>, now: Timestamp, limit: u32) -> Result<Vec<UploadRecord>> {
    sql(concat!(
        "SELECT ",
        columns!(),
        " FROM uploads WHERE expires_at <= $1 AND (leased_until IS NULL OR leased_until <= $1) ORDER BY expires_at LIMIT $2"
    ))
    .bind(now)
    .bind(limit)
    .all(tx)
    .await
}
