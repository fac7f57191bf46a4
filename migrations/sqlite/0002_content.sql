-- What is kept: organizations, repositories, bytes, manifests, tags.

CREATE TABLE organizations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    creator_id INTEGER REFERENCES users (id),
    creator_name TEXT NOT NULL DEFAULT '',
    default_public INTEGER NOT NULL DEFAULT FALSE,
    create_on_push INTEGER NOT NULL DEFAULT TRUE,
    docker_only INTEGER NOT NULL DEFAULT FALSE,
    immutable_tags TEXT NOT NULL DEFAULT '',
    settings TEXT NOT NULL DEFAULT '{}',
    repository_count INTEGER NOT NULL DEFAULT 0,
    tag_count INTEGER NOT NULL DEFAULT 0,
    size INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER,
    deleted_by INTEGER REFERENCES users (id),
    deleted_rule TEXT
) STRICT;
CREATE UNIQUE INDEX organizations_name ON organizations (name) WHERE deleted_at IS NULL;
CREATE INDEX organizations_account ON organizations (account_id, name) WHERE deleted_at IS NULL;

-- path is organization/repository: what the registry protocol calls the name, sorted as the catalog is.
CREATE TABLE repositories (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    organization_id INTEGER NOT NULL REFERENCES organizations (id),
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    is_public INTEGER NOT NULL DEFAULT FALSE,
    category TEXT NOT NULL DEFAULT 'other',
    description TEXT NOT NULL DEFAULT '',
    version INTEGER NOT NULL DEFAULT 1,
    settings TEXT NOT NULL DEFAULT '{}',
    creator_id INTEGER REFERENCES users (id),
    creator_name TEXT NOT NULL DEFAULT '',
    tag_count INTEGER NOT NULL DEFAULT 0,
    size INTEGER NOT NULL DEFAULT 0,
    pull_count INTEGER NOT NULL DEFAULT 0,
    pull_bytes INTEGER NOT NULL DEFAULT 0,
    push_count INTEGER NOT NULL DEFAULT 0,
    share_count INTEGER NOT NULL DEFAULT 0,
    last_pulled_at INTEGER,
    last_pushed_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER,
    deleted_by INTEGER REFERENCES users (id),
    deleted_rule TEXT
) STRICT;
CREATE UNIQUE INDEX repositories_path ON repositories (path) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX repositories_name ON repositories (organization_id, name) WHERE deleted_at IS NULL;
CREATE INDEX repositories_by_path ON repositories (account_id, path) WHERE deleted_at IS NULL;
CREATE INDEX repositories_by_name ON repositories (account_id, name, id) WHERE deleted_at IS NULL;
CREATE INDEX repositories_by_updated ON repositories (account_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX repositories_by_tags ON repositories (account_id, tag_count, id) WHERE deleted_at IS NULL;
CREATE INDEX repositories_by_size ON repositories (account_id, size, id) WHERE deleted_at IS NULL;
CREATE INDEX repositories_by_pulls ON repositories (account_id, pull_count, id) WHERE deleted_at IS NULL;
CREATE INDEX repositories_public ON repositories (updated_at, id) WHERE is_public AND deleted_at IS NULL;
CREATE INDEX repositories_deleted ON repositories (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE organization_grants (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id INTEGER NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    permission INTEGER NOT NULL CHECK (permission IN (1, 3, 7)),
    granted_by INTEGER REFERENCES users (id),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX organization_grants_user ON organization_grants (user_id, organization_id);
CREATE INDEX organization_grants_organization ON organization_grants (organization_id, user_id);

CREATE TABLE repository_grants (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository_id INTEGER NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    organization_id INTEGER NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    permission INTEGER NOT NULL CHECK (permission IN (1, 3, 7)),
    granted_by INTEGER REFERENCES users (id),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX repository_grants_user ON repository_grants (user_id, repository_id);
CREATE INDEX repository_grants_inside ON repository_grants (user_id, organization_id);
CREATE INDEX repository_grants_repository ON repository_grants (repository_id, user_id);
CREATE INDEX repository_grants_organization ON repository_grants (organization_id, user_id);

-- A share ends at the instant expires_at; NULL is for ever.
CREATE TABLE shares (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    repository_id INTEGER NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    target_account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    description TEXT NOT NULL DEFAULT '',
    expires_at INTEGER,
    creator_id INTEGER REFERENCES users (id),
    creator_name TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX shares_target ON shares (repository_id, target_account_id);
CREATE INDEX shares_received ON shares (target_account_id, repository_id);
CREATE INDEX shares_expiry ON shares (expires_at) WHERE expires_at IS NOT NULL;

-- Bytes in the object store. A key is never used twice.
CREATE TABLE objects (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    object_key TEXT NOT NULL,
    backend TEXT NOT NULL,
    size INTEGER NOT NULL,
    encryption_key_id TEXT,
    state TEXT NOT NULL DEFAULT 'live' CHECK (state IN ('live', 'doomed')),
    created_at INTEGER NOT NULL,
    doomed_at INTEGER,
    verified_at INTEGER,
    fault TEXT
) STRICT;
CREATE UNIQUE INDEX objects_key ON objects (object_key);
CREATE INDEX objects_doomed ON objects (doomed_at, id) WHERE state = 'doomed';
CREATE INDEX objects_verified ON objects (coalesce(verified_at, 0), id) WHERE state = 'live';

-- digest -> object. link_count is how many repositories hold the blob; linking and condemning change this row.
CREATE TABLE blobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    digest TEXT NOT NULL,
    size INTEGER NOT NULL,
    object_id INTEGER NOT NULL REFERENCES objects (id),
    link_count INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    touched_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX blobs_digest ON blobs (digest);
CREATE INDEX blobs_object ON blobs (object_id);
CREATE INDEX blobs_unlinked ON blobs (touched_at, id) WHERE link_count = 0;

-- A blob is visible where it is linked. manifest_count is how many stored manifests here name it.
CREATE TABLE repository_blobs (
    repository_id INTEGER NOT NULL REFERENCES repositories (id),
    blob_id INTEGER NOT NULL REFERENCES blobs (id),
    manifest_count INTEGER NOT NULL DEFAULT 0,
    linked_at INTEGER NOT NULL,
    PRIMARY KEY (repository_id, blob_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX repository_blobs_blob ON repository_blobs (blob_id, repository_id);
CREATE INDEX repository_blobs_unused ON repository_blobs (linked_at, repository_id, blob_id) WHERE manifest_count = 0;

-- How many repositories of an account hold a blob: what makes deduplicated sizes exact.
CREATE TABLE account_blobs (
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    blob_id INTEGER NOT NULL REFERENCES blobs (id),
    uses INTEGER NOT NULL,
    PRIMARY KEY (account_id, blob_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX account_blobs_blob ON account_blobs (blob_id, account_id);

-- What push parsed out of the exact bytes. total_size: configuration and layers; for an index 0.
CREATE TABLE manifests (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository_id INTEGER NOT NULL REFERENCES repositories (id),
    digest TEXT NOT NULL,
    media_type TEXT NOT NULL,
    is_index INTEGER NOT NULL DEFAULT FALSE,
    artifact_type TEXT,
    config_digest TEXT,
    config_media_type TEXT,
    os TEXT,
    architecture TEXT,
    variant TEXT,
    os_version TEXT,
    image_created_at INTEGER,
    size INTEGER NOT NULL,
    total_size INTEGER NOT NULL,
    layer_count INTEGER NOT NULL DEFAULT 0,
    subject_digest TEXT,
    annotations TEXT,
    pushed_at INTEGER NOT NULL,
    pusher_id INTEGER REFERENCES users (id),
    pusher_name TEXT NOT NULL DEFAULT '',
    pull_count INTEGER NOT NULL DEFAULT 0,
    last_pulled_at INTEGER,
    deleted_at INTEGER,
    deleted_by INTEGER REFERENCES users (id),
    deleted_rule TEXT
) STRICT;
CREATE UNIQUE INDEX manifests_digest ON manifests (repository_id, digest) WHERE deleted_at IS NULL;
CREATE INDEX manifests_subject ON manifests (repository_id, subject_digest, digest) WHERE deleted_at IS NULL AND subject_digest IS NOT NULL;
CREATE INDEX manifests_pushed ON manifests (repository_id, pushed_at, id) WHERE deleted_at IS NULL;
CREATE INDEX manifests_deleted ON manifests (deleted_at, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX manifests_repository ON manifests (repository_id, id);
CREATE INDEX manifests_platform ON manifests (
    repository_id, (substr(os, 1, 64) || '/' || substr(architecture, 1, 64) || '/' || substr(coalesce(variant, ''), 1, 64))
) WHERE deleted_at IS NULL AND os IS NOT NULL AND architecture IS NOT NULL;

-- The exact bytes, apart, so that lists do not read them.
CREATE TABLE manifest_bodies (
    manifest_id INTEGER PRIMARY KEY REFERENCES manifests (id) ON DELETE CASCADE,
    body BLOB NOT NULL
) STRICT;

-- manifest -> blob.
CREATE TABLE manifest_blobs (
    manifest_id INTEGER NOT NULL REFERENCES manifests (id) ON DELETE CASCADE,
    blob_id INTEGER NOT NULL REFERENCES blobs (id),
    PRIMARY KEY (manifest_id, blob_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX manifest_blobs_blob ON manifest_blobs (blob_id, manifest_id);

-- index -> child, in the index's order, by digest: an index may name a child that is not here.
CREATE TABLE manifest_children (
    parent_id INTEGER NOT NULL REFERENCES manifests (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    repository_id INTEGER NOT NULL REFERENCES repositories (id),
    digest TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size INTEGER NOT NULL,
    artifact_type TEXT,
    os TEXT,
    architecture TEXT,
    variant TEXT,
    os_version TEXT,
    attestation_for TEXT,
    PRIMARY KEY (parent_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX manifest_children_child ON manifest_children (repository_id, digest, parent_id);

-- is_hidden: fallback and signature tags (sha256-...), which are no image versions.
-- revision counts the moves of the tag, for compare-and-set.
CREATE TABLE tags (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository_id INTEGER NOT NULL REFERENCES repositories (id),
    name TEXT NOT NULL,
    manifest_id INTEGER NOT NULL REFERENCES manifests (id),
    digest TEXT NOT NULL,
    is_hidden INTEGER NOT NULL DEFAULT FALSE,
    revision INTEGER NOT NULL DEFAULT 1,
    created_at INTEGER NOT NULL,
    pushed_at INTEGER NOT NULL,
    pusher_id INTEGER REFERENCES users (id),
    pusher_name TEXT NOT NULL DEFAULT '',
    pull_count INTEGER NOT NULL DEFAULT 0,
    last_pulled_at INTEGER,
    deleted_at INTEGER,
    deleted_by INTEGER REFERENCES users (id),
    deleted_rule TEXT,
    -- What a search finds the name by: its repository, its characters and pairs of them.
    grams TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX tags_name ON tags (repository_id, name) WHERE deleted_at IS NULL;
CREATE INDEX tags_pushed ON tags (repository_id, pushed_at, name) WHERE deleted_at IS NULL;
CREATE INDEX tags_manifest ON tags (manifest_id, name) WHERE deleted_at IS NULL;
CREATE INDEX tags_manifest_all ON tags (manifest_id);
CREATE INDEX tags_deleted ON tags (repository_id, deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX tags_purge ON tags (deleted_at, id) WHERE deleted_at IS NOT NULL;
CREATE VIRTUAL TABLE tag_search USING fts5 (
    grams, content = 'tags', content_rowid = 'id', detail = 'none', columnsize = 0, tokenize = 'ascii'
);
CREATE TRIGGER tag_search_insert AFTER INSERT ON tags BEGIN
    INSERT INTO tag_search (rowid, grams) VALUES (new.id, new.grams);
END;
CREATE TRIGGER tag_search_delete AFTER DELETE ON tags BEGIN
    INSERT INTO tag_search (tag_search, rowid, grams) VALUES ('delete', old.id, old.grams);
END;

-- Every move of every tag. digest is NULL when the tag was deleted, previous_digest when it was new.
CREATE TABLE tag_history (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    repository_id INTEGER NOT NULL REFERENCES repositories (id),
    tag_id INTEGER REFERENCES tags (id) ON DELETE SET NULL,
    name TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('push', 'delete', 'restore')),
    digest TEXT,
    previous_digest TEXT,
    rule TEXT,
    actor_id INTEGER REFERENCES users (id),
    actor_name TEXT NOT NULL DEFAULT '',
    happened_at INTEGER NOT NULL
) STRICT;
CREATE INDEX tag_history_name ON tag_history (repository_id, name, id);
CREATE INDEX tag_history_time ON tag_history (repository_id, happened_at, id);
CREATE INDEX tag_history_tag ON tag_history (tag_id) WHERE tag_id IS NOT NULL;

-- One blob upload from POST to PUT. The repository may not exist before the first blob is complete.
CREATE TABLE uploads (
    id TEXT PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    organization_id INTEGER NOT NULL REFERENCES organizations (id),
    repository_name TEXT NOT NULL,
    owner TEXT NOT NULL,
    user_id INTEGER REFERENCES users (id),
    algorithm TEXT NOT NULL,
    received INTEGER NOT NULL DEFAULT 0,
    hash_state BLOB,
    staging_state TEXT,
    object_key TEXT,
    lease_holder TEXT,
    leased_until INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX uploads_expiry ON uploads (expires_at);
CREATE INDEX uploads_account ON uploads (account_id);
CREATE INDEX uploads_organization ON uploads (organization_id);

-- Pulls, pushes and traffic, rolled up. day counts days since 1970-01-01 UTC; size is the size at its end.
CREATE TABLE repository_days (
    repository_id INTEGER NOT NULL REFERENCES repositories (id) ON DELETE CASCADE,
    day INTEGER NOT NULL,
    pulls INTEGER NOT NULL DEFAULT 0,
    pushes INTEGER NOT NULL DEFAULT 0,
    pull_bytes INTEGER NOT NULL DEFAULT 0,
    push_bytes INTEGER NOT NULL DEFAULT 0,
    size INTEGER,
    PRIMARY KEY (repository_id, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX repository_days_day ON repository_days (day, repository_id);

CREATE TABLE account_days (
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    day INTEGER NOT NULL,
    pulls INTEGER NOT NULL DEFAULT 0,
    pushes INTEGER NOT NULL DEFAULT 0,
    pull_bytes INTEGER NOT NULL DEFAULT 0,
    push_bytes INTEGER NOT NULL DEFAULT 0,
    size INTEGER,
    plain_size INTEGER,
    PRIMARY KEY (account_id, day)
) STRICT, WITHOUT ROWID;
