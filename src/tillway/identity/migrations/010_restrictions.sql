-- tillway: expand

-- What takes rights away at once, for as long as it holds. Doors keep all of it in memory and read it by key alone.
CREATE TABLE identity.restrictions (
    kind text NOT NULL CHECK (kind IN ('consumer', 'token', 'device')),
    id text NOT NULL,
    reason text NOT NULL,
    by_whom text NOT NULL,
    since timestamptz NOT NULL,
    -- NULL: until somebody lifts it.
    until timestamptz,
    PRIMARY KEY (kind, id)
);

-- Upkeep forgets what has ended, the earliest first.
CREATE INDEX restrictions_until ON identity.restrictions (until) WHERE until IS NOT NULL;
