-- tillway: expand
-- The keys that values are sealed with at rest, each sealed itself under the master key that nodes have in a file.
CREATE TABLE identity.sealing_keys (
    id text PRIMARY KEY,
    -- 'seal': the youngest seals, all open. 'digest': one for ever, for digests that must stay the same.
    purpose text NOT NULL CHECK (purpose IN ('seal', 'digest')),
    wrapped text NOT NULL,
    created_at timestamptz NOT NULL
);
