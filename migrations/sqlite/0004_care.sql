-- What collection leaves alone: bytes that were live when a backup began, until the hold ends or is given back.
CREATE TABLE holds (
    id TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    since INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
