//! Which rows a caller may see, as conditions of a query.
//!
//! # Invariants
//! - Each begins with the account: nothing here is of another one's, and its index narrows first.
//! - What a policy denies is left out whatever else allows it.
//! - Patterns are arguments, never text of a statement, and in them `%`, `_` and `\` mean themselves.

use roadstead::access::{ByPolicy, NamePattern, Names, Visibility};
use roadstead::id::UserId;

use crate::dialect::like;
use crate::sql::Sql;

/// Conditions over `repositories r`: only what the caller may see.
pub(crate) fn images(statement: &mut Sql, visibility: &Visibility) {
    images_once(statement, visibility);
    statement.push(" AND r.deleted_at IS NULL");
}

/// Conditions over `repositories r`: what the caller may see, and what they could see before it was deleted.
pub(crate) fn images_once(statement: &mut Sql, visibility: &Visibility) {
    statement.push("r.account_id = ");
    match visibility {
        Visibility::Account { account, .. } => {
            statement.push_bind(*account);
        }
        Visibility::Granted { account, user, policies, .. } => {
            statement.push_bind(*account).push(" AND (");
            statement.push("EXISTS (SELECT 1 FROM organization_grants v WHERE v.user_id = ");
            statement.push_bind(*user);
            statement.push(
                " AND v.organization_id = r.organization_id) OR EXISTS (SELECT 1 FROM repository_grants v WHERE v.user_id = ",
            );
            statement.push_bind(*user).push(" AND v.repository_id = r.id)");
            by_policy(statement, "r.path", &policies.images);
        }
    }
}

/// More conditions over `repositories r`, in a list of what the caller may see: only those whose shares they may see too.
pub(crate) fn shares(statement: &mut Sql, visibility: &Visibility) {
    let Visibility::Granted { user, policies, .. } = visibility else {
        return;
    };
    let manages = |statement: &mut Sql, text: &'static str, user: UserId| {
        statement.push(text).push_bind(user).push(")");
    };
    manages(
        statement,
        " AND (EXISTS (SELECT 1 FROM organization_grants m WHERE m.organization_id = r.organization_id \
         AND m.permission = 7 AND m.user_id = ",
        *user,
    );
    manages(
        statement,
        " OR EXISTS (SELECT 1 FROM repository_grants m WHERE m.repository_id = r.id \
         AND m.permission = 7 AND m.user_id = ",
        *user,
    );
    by_policy(statement, "r.path", &policies.shares);
}

/// Ends the WHERE of a statement over `organizations o`: only what the caller may see.
pub(crate) fn organizations(statement: &mut Sql, visibility: &Visibility) {
    statement.push("o.account_id = ");
    match visibility {
        Visibility::Account { account, .. } => {
            statement.push_bind(*account);
        }
        Visibility::Granted { account, user, policies, .. } => {
            statement.push_bind(*account).push(" AND (");
            statement.push("EXISTS (SELECT 1 FROM organization_grants v WHERE v.organization_id = o.id AND v.user_id = ");
            statement.push_bind(*user);
            statement.push(") OR EXISTS (SELECT 1 FROM repository_grants v WHERE v.organization_id = o.id AND v.user_id = ");
            statement.push_bind(*user).push(")");
            by_policy(statement, "o.name", &policies.organizations);
        }
    }
    statement.push(" AND o.deleted_at IS NULL");
}

/// Whether policies say anything about which images the caller sees: then what they see of an organization is no counter
/// of it.
pub(crate) const fn counts_by_policy(policies: &ByPolicy) -> bool {
    !policies.images.is_silent()
}

/// Ends the parenthesis of what grants allow with what policies allow, and takes away what they deny.
fn by_policy(statement: &mut Sql, column: &'static str, names: &Names) {
    if !names.allowed().is_empty() {
        statement.push(" OR ");
        meant(statement, column, names.allowed());
    }
    statement.push(")");
    if !names.denied().is_empty() {
        statement.push(" AND NOT ");
        meant(statement, column, names.denied());
    }
}

fn meant(statement: &mut Sql, column: &'static str, patterns: &[NamePattern]) {
    if patterns.iter().any(NamePattern::is_everything) {
        statement.push("(1 = 1)");
        return;
    }
    statement.push("EXISTS (SELECT 1 FROM (");
    statement.push_rows(patterns.iter().map(|pattern| like(pattern.as_str())));
    statement.push(") p WHERE ").push(column).push(" LIKE p.column1 ESCAPE '\\')");
}
