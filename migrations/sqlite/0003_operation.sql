-- What the server itself keeps: settings, secrets, work, the record of what happened.

CREATE TABLE settings (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    updated_by INTEGER REFERENCES users (id)
) STRICT, WITHOUT ROWID;

-- Keys that seal. The key itself lives outside the database; two may be active while values move to the new one.
CREATE TABLE master_keys (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('active', 'retiring', 'retired')),
    proof BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Every secret that must be read again. Sealed for its place: bytes moved to another row do not open.
CREATE TABLE sealed_values (
    table_name TEXT NOT NULL,
    row_key TEXT NOT NULL,
    column_name TEXT NOT NULL,
    version INTEGER NOT NULL,
    key_id TEXT NOT NULL,
    sealed BLOB NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (table_name, row_key, column_name)
) STRICT, WITHOUT ROWID;
CREATE INDEX sealed_values_key ON sealed_values (key_id);

-- Keys of access tokens; the secret is the sealed value (signing_keys, kid, secret).
CREATE TABLE signing_keys (
    kid TEXT PRIMARY KEY,
    algorithm TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    not_before INTEGER NOT NULL,
    retire_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    name TEXT NOT NULL,
    payload TEXT NOT NULL DEFAULT '{}',
    unique_key TEXT,
    account_id INTEGER REFERENCES accounts (id) ON DELETE CASCADE,
    creator_id INTEGER REFERENCES users (id),
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'dead')),
    priority INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    max_attempts INTEGER NOT NULL DEFAULT 10,
    run_at INTEGER NOT NULL,
    leased_by TEXT,
    leased_until INTEGER,
    last_error TEXT,
    created_at INTEGER NOT NULL,
    finished_at INTEGER
) STRICT;
CREATE INDEX jobs_waiting ON jobs (queue, run_at, id) WHERE state = 'waiting';
CREATE INDEX jobs_running ON jobs (leased_until, id) WHERE state = 'running';
CREATE INDEX jobs_finished ON jobs (state, finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX jobs_account ON jobs (account_id) WHERE account_id IS NOT NULL;
CREATE UNIQUE INDEX jobs_once ON jobs (queue, unique_key) WHERE state = 'waiting' AND unique_key IS NOT NULL;

-- When a job of this name is due next.
CREATE TABLE schedules (
    name TEXT PRIMARY KEY,
    next_at INTEGER NOT NULL,
    last_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    trace_id TEXT NOT NULL,
    account_id INTEGER REFERENCES accounts (id),
    user_id INTEGER REFERENCES users (id),
    actor TEXT NOT NULL,
    category TEXT NOT NULL CHECK (category IN ('management', 'data')),
    origin TEXT NOT NULL CHECK (origin IN ('ConsoleAction', 'ApiCall', 'SystemAction')),
    is_read INTEGER NOT NULL DEFAULT FALSE,
    source TEXT NOT NULL,
    name TEXT NOT NULL,
    resource_type TEXT NOT NULL,
    resource_id TEXT NOT NULL DEFAULT '',
    resource_name TEXT NOT NULL DEFAULT '',
    organization_id INTEGER REFERENCES organizations (id),
    repository_id INTEGER REFERENCES repositories (id),
    level TEXT NOT NULL CHECK (level IN ('normal', 'warning', 'incident')),
    code INTEGER NOT NULL,
    address TEXT NOT NULL DEFAULT '',
    -- The address in text whose order is that of addresses, for networks.
    address_key TEXT NOT NULL DEFAULT '',
    request_id TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT '{}',
    happened_at INTEGER NOT NULL,
    -- What it is found by: tokens of pairs of characters, and one for whatever events are filtered by.
    grams TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE VIRTUAL TABLE audit_search USING fts5 (
    grams, content = 'audit_events', content_rowid = 'id', detail = 'none', columnsize = 0, tokenize = 'ascii'
);
-- With a token of its neighbourhood, so that a search goes through the log piece by piece: a piece without a hit would else
-- be looked for to the end of the log.
CREATE TRIGGER audit_search_insert AFTER INSERT ON audit_events BEGIN
    INSERT INTO audit_search (rowid, grams) VALUES (new.id, new.grams || ' around' || (new.id >> 16));
END;
CREATE TRIGGER audit_search_delete AFTER DELETE ON audit_events BEGIN
    INSERT INTO audit_search (audit_search, rowid, grams)
    VALUES ('delete', old.id, old.grams || ' around' || (old.id >> 16));
END;
CREATE INDEX audit_events_time ON audit_events (happened_at, id);
CREATE INDEX audit_events_account ON audit_events (account_id, id);
CREATE INDEX audit_events_user ON audit_events (user_id, id);
CREATE INDEX audit_events_logins ON audit_events (user_id) WHERE name = 'createDockerConfig';
CREATE INDEX audit_events_trace ON audit_events (trace_id);
CREATE INDEX audit_events_organization ON audit_events (organization_id) WHERE organization_id IS NOT NULL;
CREATE INDEX audit_events_repository ON audit_events (repository_id) WHERE repository_id IS NOT NULL;

-- What caches, live pages and replicas follow. Rows become visible in the order of sequence.
CREATE TABLE changes (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    account_id INTEGER,
    organization_id INTEGER,
    repository_id INTEGER,
    subject TEXT NOT NULL DEFAULT '',
    happened_at INTEGER NOT NULL
) STRICT;
CREATE INDEX changes_time ON changes (happened_at);
