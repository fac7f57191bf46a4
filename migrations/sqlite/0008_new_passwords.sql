-- Until shown_until the console session shown_to, which has made a user's new password, may see it once more; it is sealed.
ALTER TABLE users ADD COLUMN shown_to TEXT;
ALTER TABLE users ADD COLUMN shown_until INTEGER;
CREATE INDEX users_shown ON users (shown_until) WHERE shown_until IS NOT NULL;
