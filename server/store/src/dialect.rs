//! The few places where the databases differ, side by side. Everything else is one text.
//!
//! Byte order of names needs nothing here: every text column of the PostgreSQL schema has `COLLATE "C"`, which is how
//! SQLite compares anyway.

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl Dialect {
    /// Ends a SELECT whose rows will be changed: other writers wait. SQLite has one writer anyway.
    pub(crate) const fn for_update(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE",
        }
    }

    /// Ends the inner SELECT of a claim: rows that another worker is claiming are passed over.
    pub(crate) const fn skip_locked(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE SKIP LOCKED",
        }
    }

    /// Ends the SELECT of links `l` and their blobs `b` that are to be removed: what a push is using is passed over, and
    /// what was changed meanwhile is looked at again.
    pub(crate) const fn skip_locked_links(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE OF l, b SKIP LOCKED",
        }
    }

    /// Where the audit log is searched: the events that have all tokens of the next argument.
    pub(crate) const fn audit_search(self) -> &'static str {
        match self {
            Self::Sqlite => {
                "audit_search JOIN audit_events e ON e.id = audit_search.rowid WHERE audit_search MATCH "
            }
            Self::Postgres => {
                "audit_events e WHERE string_to_array(e.grams, ' ') @> string_to_array("
            }
        }
    }

    /// Ends what [`Dialect::audit_search`] began.
    pub(crate) const fn audit_search_end(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => ", ' ')",
        }
    }

    /// The last events first; SQLite's index gives its rows in this order.
    pub(crate) const fn audit_search_order(self) -> &'static str {
        match self {
            Self::Sqlite => " ORDER BY audit_search.rowid DESC LIMIT ",
            Self::Postgres => " ORDER BY e.id DESC LIMIT ",
        }
    }

    /// The first change sequence that a reader must not pass yet, because a transaction below it may still commit.
    pub(crate) const fn change_horizon(self) -> &'static str {
        match self {
            Self::Sqlite => "SELECT coalesce(max(sequence), 0) + 1 FROM changes",
            Self::Postgres => "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint",
        }
    }
}

/// The pattern that finds `text` anywhere, for `lower(column) LIKE $n ESCAPE '\'`.
pub(crate) fn contains(text: &str) -> String {
    format!("%{}%", escape(text))
}

/// The pattern that finds what begins with `text`.
pub(crate) fn begins(text: &str) -> String {
    format!("{}%", escape(text))
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(character.to_ascii_lowercase());
    }
    escaped
}
