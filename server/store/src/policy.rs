//! Policies that an account wrote itself. The built-in ones are in the code.

use roadstead::access::{Allowed, PolicyKey};
use roadstead::id::{AccountId, PolicyId, PublicId, UserId};
use roadstead::{GroupName, PolicyName, Timestamp, UserName};

use crate::account::bump_permission_epoch;
use crate::error::Result;
use crate::ledger::InAccount;
use crate::row::record;
use crate::sql::sql;
use crate::tx::Tx;

record! {
    /// A policy of an account.
    PolicyRecord {
        /// Key.
        id: PolicyId,
        /// Id on the wire.
        public_id: PublicId,
        /// The account.
        account_id: AccountId,
        /// Name; compared without case.
        name: PolicyName,
        /// May be empty.
        description: String,
        /// The document, version 1.1, as it was typed.
        document: String,
        /// How often it is attached.
        use_count: u64,
        /// When it was created.
        created_at: Timestamp,
        /// When it was last changed.
        updated_at: Timestamp,
    }
}

record! {
    /// Who has a policy: a user or a group.
    UserOfPolicy {
        /// The user.
        user_name: Option<UserName>,
        /// The group.
        group_name: Option<GroupName>,
    }
}

/// What a new policy is made of.
#[derive(Debug, Clone)]
pub struct NewPolicy {
    /// The proof that a policy may be created in this account.
    pub account: Allowed<AccountId>,
    /// Id on the wire.
    pub public_id: PublicId,
    /// Name.
    pub name: PolicyName,
    /// May be empty.
    pub description: String,
    /// The document.
    pub document: String,
    /// Who creates it.
    pub created_by: Option<UserId>,
    /// Now.
    pub created_at: Timestamp,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT p.id, p.public_id, p.account_id, p.name, p.description, p.document, (SELECT count(*) FROM attachments a \
             WHERE a.policy_id = p.id) AS use_count, p.created_at, p.updated_at FROM policies p ",
            $rest
        )
    };
}

/// Creates a policy. `NotUnique { table: "policies" }` when the name is taken in the account.
pub async fn create(tx: &mut Tx<'_>, new: &NewPolicy) -> Result<PolicyRecord> {
    let id: PolicyId = sql(
        "INSERT INTO policies (public_id, account_id, name, name_key, description, document, created_at, created_by, \
         updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $7) RETURNING id",
    )
    .bind(&new.public_id)
    .bind(*new.account.target())
    .bind(&new.name)
    .bind(new.name.folded())
    .bind(new.description.as_str())
    .bind(new.document.as_str())
    .bind(new.created_at)
    .bind(new.created_by)
    .scalar(tx)
    .await?;
    sql(select!("WHERE p.id = $1")).bind(id).one(tx).await
}

/// The policy.
pub async fn find(tx: &mut Tx<'_>, policy: Allowed<PolicyKey>) -> Result<Option<PolicyRecord>> {
    sql(select!("WHERE p.id = $1 AND p.deleted_at IS NULL"))
        .bind(policy.target().id)
        .optional(tx)
        .await
}

/// The policy of this name in an account, whatever its case, for whoever may do something there.
pub async fn find_by_name(
    tx: &mut Tx<'_>,
    within: &impl InAccount,
    name: &PolicyName,
) -> Result<Option<PolicyRecord>> {
    sql(select!("WHERE p.account_id = $1 AND p.name_key = $2 AND p.deleted_at IS NULL"))
        .bind(within.account())
        .bind(name.folded())
        .optional(tx)
        .await
}

/// The policies of an account, by name; at most 1,000.
pub async fn list(tx: &mut Tx<'_>, account: Allowed<AccountId>) -> Result<Vec<PolicyRecord>> {
    sql(select!("WHERE p.account_id = $1 AND p.deleted_at IS NULL ORDER BY p.name_key LIMIT 1000"))
        .bind(*account.target())
        .all(tx)
        .await
}

/// Who has the policy, by name; at most 1,000.
pub async fn users(tx: &mut Tx<'_>, policy: Allowed<PolicyKey>) -> Result<Vec<UserOfPolicy>> {
    sql("SELECT DISTINCT u.name AS user_name, g.name AS group_name FROM attachments a \
         LEFT JOIN users u ON u.id = a.user_id LEFT JOIN groups g ON g.id = a.group_id \
         WHERE a.policy_id = $1 ORDER BY user_name, group_name LIMIT 1000")
    .bind(policy.target().id)
    .all(tx)
    .await
}

/// How often a built-in policy is attached in an account.
pub async fn uses_of_role(
    tx: &mut Tx<'_>,
    account: Allowed<AccountId>,
) -> Result<Vec<(String, u64)>> {
    sql("SELECT role, count(*) FROM attachments WHERE account_id = $1 AND role IS NOT NULL GROUP BY role")
        .bind(*account.target())
        .all(tx)
        .await
}

/// Changes name, description and document. `NotUnique { table: "policies" }` when the name is taken in the account.
pub async fn update(
    tx: &mut Tx<'_>,
    policy: Allowed<PolicyKey>,
    name: &PolicyName,
    description: &str,
    document: &str,
    at: Timestamp,
) -> Result<()> {
    sql("UPDATE policies SET name = $2, name_key = $3, description = $4, document = $5, updated_at = $6 \
         WHERE id = $1 AND deleted_at IS NULL")
    .bind(policy.target().id)
    .bind(name)
    .bind(name.folded())
    .bind(description)
    .bind(document)
    .bind(at)
    .execute(tx)
    .await?;
    bump_permission_epoch(tx, policy.target().account, at).await
}

/// Deletes a policy that is attached to nobody; `false` when it is, or is no more.
pub async fn delete(tx: &mut Tx<'_>, policy: Allowed<PolicyKey>, at: Timestamp) -> Result<bool> {
    // The row is held first, so that nobody attaches it meanwhile.
    let deleted = sql("UPDATE policies SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL \
                       AND NOT EXISTS (SELECT 1 FROM attachments a WHERE a.policy_id = $1)")
    .bind(policy.target().id)
    .bind(at)
    .execute(tx)
    .await?;
    bump_permission_epoch(tx, policy.target().account, at).await?;
    Ok(deleted > 0)
}
