-- The management API goes through an account's repositories by their keys.
CREATE INDEX repositories_by_id ON repositories (account_id, id) WHERE deleted_at IS NULL;
