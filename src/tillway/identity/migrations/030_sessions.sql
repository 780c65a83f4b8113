-- tillway: expand

-- People who are signed in. Of the secret only its hash is kept; it is long and random, so no salt is needed.
CREATE TABLE identity.sessions (
    id uuid PRIMARY KEY,
    secret_hash bytea NOT NULL UNIQUE,
    kind text NOT NULL CHECK (kind IN ('browser', 'command-line')),
    -- RFC 7636: while this stands here, the secret is a one-time code that waits for its verifier.
    challenge text,
    -- A name of ours; what the provider calls them is not kept.
    person text NOT NULL,
    issuer text NOT NULL,
    -- Those values of the provider's claim that gave a role.
    belongs_to text[] NOT NULL,
    -- Sealed: name and e-mail address, as JSON.
    about text,
    auth_time timestamptz,
    acr text,
    opened_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL
);

-- Upkeep forgets what has ended.
CREATE INDEX sessions_end ON identity.sessions (ends_at);

-- A session that was ended restricts the tokens that were made for it.
ALTER TABLE identity.restrictions DROP CONSTRAINT restrictions_kind_check;
ALTER TABLE identity.restrictions ADD CONSTRAINT restrictions_kind_check
    CHECK (kind IN ('consumer', 'token', 'device', 'session'));
