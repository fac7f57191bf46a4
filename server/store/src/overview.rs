//! Numbers for the overview: of the whole account, or of what the caller may see.

use roadstead::access::{Allowed, UserKey, Visibility};
use roadstead::id::RepositoryId;
use roadstead::{ImageName, Timestamp};

use crate::error::Result;
use crate::row::record;
use crate::sql::sql;
use crate::tx::Tx;
use crate::usage::UsageDay;
use crate::visible;

record! {
    /// Counts.
    Counts {
        /// Organizations.
        organizations: u64,
        /// Repositories.
        repositories: u64,
        /// Visible tags.
        tags: u64,
        /// Bytes; of an account each blob once, of a part of it each blob once for every repository.
        size: u64,
        /// Bytes, each blob once for every repository that has it.
        plain_size: u64,
    }
}

record! {
    /// Bytes kept at the end of a day.
    SizeDay {
        /// Days since 1970-01-01 UTC.
        day: i32,
        /// Bytes, each blob once.
        size: u64,
    }
}

record! {
    /// Use of one repository.
    RepositoryUse {
        /// Key.
        id: RepositoryId,
        /// Organization and name.
        path: ImageName,
        /// Visible tags.
        tag_count: u64,
        /// Bytes.
        size: u64,
        /// Downloads in the time asked for.
        pulls: u64,
        /// Bytes sent in the time asked for.
        pull_bytes: u64,
        /// Pushes in the time asked for.
        pushes: u64,
        /// Last push or edit.
        updated_at: Timestamp,
    }
}

/// The counts.
pub async fn counts(tx: &mut Tx<'_>, visibility: &Visibility) -> Result<Counts> {
    match visibility {
        Visibility::Account { account, .. } => {
            sql("SELECT organization_count AS organizations, repository_count AS repositories, tag_count AS tags, size, \
                 plain_size FROM accounts WHERE id = $1")
            .bind(*account)
            .one(tx)
            .await
        }
        Visibility::Granted { .. } => {
            let mut statement = sql(
                "SELECT count(DISTINCT r.organization_id) AS organizations, count(*) AS repositories, \
                 CAST(coalesce(sum(r.tag_count), 0) AS BIGINT) AS tags, \
                 CAST(coalesce(sum(r.size), 0) AS BIGINT) AS size, \
                 CAST(coalesce(sum(r.size), 0) AS BIGINT) AS plain_size FROM repositories r WHERE ",
            );
            visible::images(&mut statement, visibility);
            statement.one(tx).await
        }
    }
}

/// How many repositories: the number beside the navigation of every page.
pub async fn images(tx: &mut Tx<'_>, visibility: &Visibility) -> Result<u64> {
    match visibility {
        Visibility::Account { account, .. } => {
            sql("SELECT repository_count FROM accounts WHERE id = $1")
                .bind(*account)
                .scalar(tx)
                .await
        }
        Visibility::Granted { .. } => {
            let mut statement = sql("SELECT count(*) FROM repositories r WHERE ");
            visible::images(&mut statement, visibility);
            statement.scalar(tx).await
        }
    }
}

/// Pulls, pushes and traffic by day from `first` to `last`; days without use are absent.
pub async fn days(
    tx: &mut Tx<'_>,
    visibility: &Visibility,
    first: i32,
    last: i32,
) -> Result<Vec<UsageDay>> {
    let mut statement = match visibility {
        Visibility::Account { account, .. } => {
            sql("SELECT day, pulls, pushes, pull_bytes, push_bytes FROM account_days \
                                             WHERE day >= $1 AND day <= $2 AND account_id = $3")
            .bind(first)
            .bind(last)
            .bind(*account)
        }
        Visibility::Granted { .. } => {
            let mut statement = sql(
                "SELECT d.day, CAST(sum(d.pulls) AS BIGINT) AS pulls, CAST(sum(d.pushes) AS BIGINT) AS pushes, \
                 CAST(sum(d.pull_bytes) AS BIGINT) AS pull_bytes, CAST(sum(d.push_bytes) AS BIGINT) AS push_bytes \
                 FROM repository_days d JOIN repositories r ON r.id = d.repository_id \
                 WHERE d.day >= $1 AND d.day <= $2 AND ",
            )
            .bind(first)
            .bind(last);
            visible::images(&mut statement, visibility);
            statement.and(" GROUP BY d.day")
        }
    };
    statement.push(" ORDER BY day");
    statement.all(tx).await
}

/// Bytes of the account at the end of the days on which they changed, from `first` to `last`, and the last such day before
/// `first`; nothing for whoever does not see all of it.
pub async fn size_days(
    tx: &mut Tx<'_>,
    visibility: &Visibility,
    first: i32,
    last: i32,
) -> Result<Vec<SizeDay>> {
    let Visibility::Account { account, .. } = visibility else {
        return Ok(Vec::new());
    };
    sql("SELECT day, size FROM account_days WHERE account_id = $1 AND size IS NOT NULL AND day <= $3 AND day >= coalesce(\
         (SELECT max(p.day) FROM account_days p WHERE p.account_id = $1 AND p.size IS NOT NULL AND p.day < $2), $2) \
         ORDER BY day")
    .bind(*account)
    .bind(first)
    .bind(last)
    .all(tx)
    .await
}

/// By how many bytes the repositories that the caller may see grew on each day since they exist, oldest first: summed up,
/// the bytes at the end of each day.
pub async fn growth(
    tx: &mut Tx<'_>,
    visibility: &Visibility,
    last: i32,
) -> Result<Vec<(i32, i64)>> {
    let mut statement = sql(
        "SELECT g.day, CAST(sum(g.delta) AS BIGINT) FROM (SELECT d.day AS day, d.size - coalesce(lag(d.size) OVER \
         (PARTITION BY d.repository_id ORDER BY d.day), 0) AS delta FROM repository_days d \
         JOIN repositories r ON r.id = d.repository_id WHERE d.size IS NOT NULL AND d.day <= $1 AND ",
    )
    .bind(last);
    visible::images(&mut statement, visibility);
    statement.push(") g GROUP BY g.day ORDER BY g.day");
    statement.all(tx).await
}

/// Whether a user has ever got a login command or has an access key.
pub async fn has_logged_in(tx: &mut Tx<'_>, user: Allowed<UserKey>) -> Result<bool> {
    sql("SELECT EXISTS (SELECT 1 FROM temporary_credentials WHERE user_id = $1) \
         OR EXISTS (SELECT 1 FROM access_keys WHERE user_id = $1) \
         OR EXISTS (SELECT 1 FROM audit_events WHERE name = 'createDockerConfig' AND user_id = $1)")
    .bind(user.target().id)
    .scalar(tx)
    .await
}

/// The most used repositories from day `first` on, by downloads.
pub async fn most_used(
    tx: &mut Tx<'_>,
    visibility: &Visibility,
    first: i32,
    limit: u32,
) -> Result<Vec<RepositoryUse>> {
    let mut statement = sql(
        "SELECT r.id, r.path, r.tag_count, r.size, CAST(sum(d.pulls) AS BIGINT) AS pulls, \
         CAST(sum(d.pull_bytes) AS BIGINT) AS pull_bytes, CAST(sum(d.pushes) AS BIGINT) AS pushes, r.updated_at \
         FROM repository_days d JOIN repositories r ON r.id = d.repository_id WHERE d.day >= $1 AND ",
    )
    .bind(first);
    visible::images(&mut statement, visibility);
    statement.push(
        " GROUP BY r.id, r.path, r.tag_count, r.size, r.updated_at ORDER BY 5 DESC, r.path LIMIT ",
    );
    statement.push_bind(limit);
    statement.all(tx).await
}
