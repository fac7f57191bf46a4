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

    /// Ends the SELECT of shares `s` that are to be marked: what another server is marking is passed over.
    pub(crate) const fn skip_locked_shares(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR UPDATE OF s SKIP LOCKED",
        }
    }

    /// Finds the tags whose names have all tokens of the argument: the text before and after it.
    pub(crate) const fn tag_search(self) -> [&'static str; 2] {
        match self {
            Self::Sqlite => ["SELECT rowid AS id FROM tag_search WHERE tag_search MATCH ", ""],
            Self::Postgres => [
                "SELECT id FROM tags WHERE string_to_array(grams, ' ') @> string_to_array(",
                ", ' ')",
            ],
        }
    }

    /// Finds the audit events that have all tokens of the first argument, their ids from the second to before the third, the
    /// last recorded first, at most the fourth: the text before each. PostgreSQL must not go along the ids, whose order
    /// promises little of rare tokens; the tokens themselves name the neighbourhood ([`Dialect::audit_neighbourhood`]).
    pub(crate) const fn audit_search(self) -> [&'static str; 4] {
        match self {
            Self::Sqlite => [
                "SELECT rowid AS id FROM audit_search WHERE audit_search MATCH ",
                " AND rowid >= ",
                " AND rowid < ",
                " ORDER BY rowid DESC LIMIT ",
            ],
            Self::Postgres => [
                "SELECT id FROM audit_events WHERE (string_to_array(grams, ' ') || \
                 ARRAY['near' || (id >> 12)::text, 'around' || (id >> 16)::text]) @> string_to_array(",
                ", ' ') AND id + 0 >= ",
                " AND id + 0 < ",
                " ORDER BY id + 0 DESC LIMIT ",
            ],
        }
    }

    /// Which ids before `end` one search of the audit log looks at, from the first one on, and the token of that
    /// neighbourhood. SQLite's index gives its rows in order and stops; of PostgreSQL's, every hit is fetched before the first
    /// is known, so it begins with little and goes on with more when little was found.
    pub(crate) fn audit_neighbourhood(self, end: i64) -> (i64, String) {
        const SMALL: u32 = 12;
        const LARGE: u32 = 16;
        let is_small = self == Self::Postgres && end % (1 << LARGE) != 0;
        let (bits, name) = if is_small { (SMALL, "near") } else { (LARGE, "around") };
        let number = (end - 1).max(0) >> bits;
        (number << bits, format!("{name}{number}"))
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

/// The pattern that means what `wildcards` with its `*` and `?` does, for `column LIKE $n ESCAPE '\'`.
pub(crate) fn like(wildcards: &str) -> String {
    let mut pattern = String::with_capacity(wildcards.len());
    let mut is_after_star = false;
    for character in wildcards.chars() {
        match character {
            // Several in a row mean one, and cost one.
            '*' if is_after_star => {}
            '*' => pattern.push('%'),
            '?' => pattern.push('_'),
            other => pattern.push_str(&escape(other.encode_utf8(&mut [0; 4]))),
        }
        is_after_star = character == '*';
    }
    pattern
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_like_understands_itself_is_escaped() {
        for (wildcards, expected) in [
            ("team/*", "team/%"),
            ("**a?b***", "%a_b%"),
            ("t_x/a%*", "t\\_x/a\\%%"),
            ("a\\*", "a\\\\%"),
        ] {
            assert_eq!(like(wildcards), expected);
        }
    }
}
