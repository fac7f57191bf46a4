-- Image packages that are uploaded through the page: received in parts, imported by a job, remembered for a day.
CREATE TABLE packages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    public_id TEXT NOT NULL,
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    organization_id INTEGER NOT NULL REFERENCES organizations (id),
    user_id INTEGER NOT NULL REFERENCES users (id),
    address TEXT NOT NULL DEFAULT '',
    file_name TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    size INTEGER NOT NULL,
    repository TEXT,
    is_public INTEGER NOT NULL DEFAULT FALSE,
    -- Parts that need not be sent, because the registry has what is in them.
    gaps TEXT NOT NULL DEFAULT '[]',
    state TEXT NOT NULL CHECK (state IN ('receiving', 'queued', 'importing', 'done', 'failed')),
    received INTEGER NOT NULL DEFAULT 0,
    progress TEXT NOT NULL DEFAULT '{}',
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX packages_public ON packages (public_id);
CREATE INDEX packages_user ON packages (user_id, id);
CREATE INDEX packages_account ON packages (account_id, state);
CREATE INDEX packages_organization ON packages (organization_id);
CREATE INDEX packages_expiry ON packages (expires_at, id);

-- One chunk of a package. The row is there before the bytes are, and goes after them.
CREATE TABLE package_parts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    package_id INTEGER NOT NULL REFERENCES packages (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    size INTEGER NOT NULL,
    object_key TEXT NOT NULL,
    is_kept INTEGER NOT NULL DEFAULT FALSE
) STRICT;
CREATE INDEX package_parts_package ON package_parts (package_id, position);
CREATE UNIQUE INDEX package_parts_key ON package_parts (object_key);

-- A file of a package that may be a layer, staged by the import; facts when all of it is.
CREATE TABLE package_files (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    package_id INTEGER NOT NULL REFERENCES packages (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    name TEXT NOT NULL,
    object_key TEXT NOT NULL,
    facts TEXT
) STRICT;
CREATE INDEX package_files_package ON package_files (package_id, number);
CREATE UNIQUE INDEX package_files_key ON package_files (object_key);

-- What a layer is when it is unpacked: the diff_id of configurations, for blobs that an import has read.
CREATE TABLE unpacked_layers (
    blob_id INTEGER PRIMARY KEY REFERENCES blobs (id) ON DELETE CASCADE,
    unpacked TEXT NOT NULL,
    unpacked_size INTEGER NOT NULL,
    form TEXT NOT NULL
) STRICT;
CREATE INDEX unpacked_layers_unpacked ON unpacked_layers (unpacked, blob_id);
