-- What collection leaves alone: bytes that were live when a backup began, until the hold ends or is given back.
CREATE TABLE holds (
    id TEXT COLLATE "C" PRIMARY KEY,
    reason TEXT COLLATE "C" NOT NULL,
    since BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
