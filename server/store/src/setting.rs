//! Settings saved in the console. They rank between the defaults and the configuration file.

use roadstead::Timestamp;
use roadstead::id::UserId;

use crate::change::{Change, ChangeKind};
use crate::error::Result;
use crate::row::record;
use crate::sql::sql;
use crate::tx::Tx;

record! {
    /// A saved setting.
    SettingRecord {
        /// Its name, dotted: `registry.create_on_push`.
        name: String,
        /// Its value.
        value: serde_json::Value,
        /// When it was saved.
        updated_at: Timestamp,
        /// By whom.
        updated_by: Option<UserId>,
    }
}

/// One setting, if it was saved.
pub async fn get(tx: &mut Tx<'_>, name: &str) -> Result<Option<SettingRecord>> {
    sql("SELECT name, value, updated_at, updated_by FROM settings WHERE name = $1")
        .bind(name)
        .optional(tx)
        .await
}

/// Every saved setting, by name.
pub async fn all(tx: &mut Tx<'_>) -> Result<Vec<SettingRecord>> {
    sql("SELECT name, value, updated_at, updated_by FROM settings ORDER BY name").all(tx).await
}

/// Saves a setting.
pub async fn set(
    tx: &mut Tx<'_>,
    name: &str,
    value: &serde_json::Value,
    by: Option<UserId>,
    at: Timestamp,
) -> Result<()> {
    sql("INSERT INTO settings (name, value, updated_at, updated_by) VALUES ($1, $2, $3, $4) ON CONFLICT (name) \
         DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at, updated_by = excluded.updated_by")
    .bind(name)
    .bind(value)
    .bind(at)
    .bind(by)
    .queue(tx)
    .await?;
    tx.change(Change::new(ChangeKind::Setting, at).of(name));
    Ok(())
}

/// Forgets a setting: the default is in force again.
pub async fn remove(tx: &mut Tx<'_>, name: &str, at: Timestamp) -> Result<()> {
    sql("DELETE FROM settings WHERE name = $1").bind(name).execute(tx).await?;
    tx.change(Change::new(ChangeKind::Setting, at).of(name));
    Ok(())
}
