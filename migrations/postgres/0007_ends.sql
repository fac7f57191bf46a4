-- Whether the audit log has been told that a share has ended: once, until it is given a new end.
ALTER TABLE shares ADD COLUMN is_end_recorded BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX shares_ended ON shares (expires_at) WHERE expires_at IS NOT NULL AND NOT is_end_recorded;
