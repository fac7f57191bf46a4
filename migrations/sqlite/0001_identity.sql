-- Who there is: accounts, their people, and what they may do.
-- Times are microseconds since 1970 UTC. Flags are booleans. Names are compared byte by byte.
-- A foreign key is always a surrogate id, never a name: a name that is used again inherits nothing.

CREATE TABLE accounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    public_id TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('operator', 'tenant')),
    state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'disabled')),
    permission_epoch INTEGER NOT NULL DEFAULT 0,
    organization_count INTEGER NOT NULL DEFAULT 0,
    repository_count INTEGER NOT NULL DEFAULT 0,
    tag_count INTEGER NOT NULL DEFAULT 0,
    size INTEGER NOT NULL DEFAULT 0,
    plain_size INTEGER NOT NULL DEFAULT 0,
    organization_limit INTEGER,
    size_limit INTEGER,
    created_at INTEGER NOT NULL,
    deleted_at INTEGER
) STRICT;
CREATE UNIQUE INDEX accounts_public_id ON accounts (public_id);
CREATE UNIQUE INDEX accounts_name ON accounts (name_key) WHERE deleted_at IS NULL;

-- The account's own login is a user too: the one with is_owner, whose name is the account's.
CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    public_id TEXT NOT NULL,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    display_name TEXT NOT NULL DEFAULT '',
    email TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    is_owner INTEGER NOT NULL DEFAULT FALSE,
    state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'disabled')),
    console_access INTEGER NOT NULL DEFAULT TRUE,
    programmatic_access INTEGER NOT NULL DEFAULT TRUE,
    password_hash TEXT,
    password_changed_at INTEGER,
    must_change_password INTEGER NOT NULL DEFAULT FALSE,
    permission_epoch INTEGER NOT NULL DEFAULT 0,
    preferences TEXT NOT NULL DEFAULT '{}',
    created_at INTEGER NOT NULL,
    created_by INTEGER REFERENCES users (id),
    last_signed_in_at INTEGER,
    deleted_at INTEGER
) STRICT;
CREATE UNIQUE INDEX users_public_id ON users (public_id);
CREATE UNIQUE INDEX users_name ON users (account_id, name_key) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX users_owner ON users (account_id) WHERE is_owner AND deleted_at IS NULL;

-- Outside identities (OpenID Connect) that sign in as a user.
CREATE TABLE identities (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER
) STRICT;
CREATE UNIQUE INDEX identities_subject ON identities (issuer, subject);
CREATE INDEX identities_user ON identities (user_id);

CREATE TABLE groups (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    public_id TEXT NOT NULL,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    created_by INTEGER REFERENCES users (id),
    deleted_at INTEGER
) STRICT;
CREATE UNIQUE INDEX groups_public_id ON groups (public_id);
CREATE UNIQUE INDEX groups_name ON groups (account_id, name_key) WHERE deleted_at IS NULL;

CREATE TABLE group_members (
    group_id INTEGER NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    added_at INTEGER NOT NULL,
    PRIMARY KEY (group_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_members_user ON group_members (user_id, group_id);

CREATE TABLE regions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    is_local INTEGER NOT NULL DEFAULT FALSE,
    created_at INTEGER NOT NULL,
    deleted_at INTEGER
) STRICT;
CREATE UNIQUE INDEX regions_code ON regions (code) WHERE deleted_at IS NULL;

CREATE TABLE projects (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    public_id TEXT NOT NULL,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    region_id INTEGER NOT NULL REFERENCES regions (id),
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    deleted_at INTEGER
) STRICT;
CREATE UNIQUE INDEX projects_public_id ON projects (public_id);
CREATE UNIQUE INDEX projects_name ON projects (account_id, name) WHERE deleted_at IS NULL;

-- Custom policies. System policies are built in and are named by attachments.role.
CREATE TABLE policies (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    public_id TEXT NOT NULL,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    document TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by INTEGER REFERENCES users (id),
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER
) STRICT;
CREATE UNIQUE INDEX policies_public_id ON policies (public_id);
CREATE UNIQUE INDEX policies_name ON policies (account_id, name_key) WHERE deleted_at IS NULL;

-- (user or group) x (role or policy) x (one project or all).
CREATE TABLE attachments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    user_id INTEGER REFERENCES users (id) ON DELETE CASCADE,
    group_id INTEGER REFERENCES groups (id) ON DELETE CASCADE,
    role TEXT,
    policy_id INTEGER REFERENCES policies (id) ON DELETE CASCADE,
    project_id INTEGER REFERENCES projects (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    created_by INTEGER REFERENCES users (id),
    CHECK ((user_id IS NULL) <> (group_id IS NULL)),
    CHECK ((role IS NULL) <> (policy_id IS NULL))
) STRICT;
CREATE INDEX attachments_user ON attachments (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX attachments_group ON attachments (group_id) WHERE group_id IS NOT NULL;
CREATE INDEX attachments_policy ON attachments (policy_id) WHERE policy_id IS NOT NULL;
CREATE UNIQUE INDEX attachments_once ON attachments
    (coalesce(user_id, 0), coalesce(group_id, 0), coalesce(role, ''), coalesce(policy_id, 0), coalesce(project_id, 0));

-- Long-term keys. Of the login key only a SHA-256 is kept; the secret key is a sealed value. The last use is written now and
-- then; last_used_by says of which service it was. Until shown_until the console session shown_to, which made the key, may
-- see the secret key; its file was given at file_taken_at.
CREATE TABLE access_keys (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    access_key TEXT NOT NULL,
    login_key_hash BLOB NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'disabled')),
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    last_used_at INTEGER,
    last_used_from TEXT NOT NULL DEFAULT '',
    last_used_by TEXT NOT NULL DEFAULT 'registry',
    shown_to TEXT,
    shown_until INTEGER,
    file_taken_at INTEGER
) STRICT;
CREATE UNIQUE INDEX access_keys_access_key ON access_keys (access_key);
CREATE INDEX access_keys_user ON access_keys (user_id, id);

-- What a temporary login command carries. scope narrows what the user may do; empty is everything.
CREATE TABLE temporary_credentials (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    project_id INTEGER REFERENCES projects (id) ON DELETE CASCADE,
    access_key TEXT NOT NULL,
    login_key_hash BLOB NOT NULL,
    purpose TEXT NOT NULL DEFAULT 'login',
    scope TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER,
    last_used_at INTEGER,
    last_used_from TEXT NOT NULL DEFAULT '',
    last_used_by TEXT NOT NULL DEFAULT 'registry'
) STRICT;
CREATE UNIQUE INDEX temporary_credentials_access_key ON temporary_credentials (access_key);
CREATE INDEX temporary_credentials_user ON temporary_credentials (user_id, id);
CREATE INDEX temporary_credentials_expiry ON temporary_credentials (expires_at);

-- Console sessions. digest is the SHA-256 of the cookie's value, so that a copy of the table opens nothing.
CREATE TABLE sessions (
    digest TEXT PRIMARY KEY,
    account_id INTEGER REFERENCES accounts (id) ON DELETE CASCADE,
    user_id INTEGER REFERENCES users (id) ON DELETE CASCADE,
    data BLOB NOT NULL,
    address TEXT NOT NULL DEFAULT '',
    agent TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_user ON sessions (user_id, last_seen_at) WHERE user_id IS NOT NULL;
CREATE INDEX sessions_expiry ON sessions (expires_at);
