-- tillway: expand
-- What was seen last of each document of a back office's people: only what differs from it is told.
CREATE TABLE records.documents (
    connection text NOT NULL,
    kind text NOT NULL,
    theirs text NOT NULL,
    -- Of its content; empty until it was decided for the first time.
    hash bytea NOT NULL DEFAULT '',
    -- What it was: state, milestone, payment.
    mark text NOT NULL DEFAULT '',
    -- The content itself, while something of ours is still at work on it and nothing may be concluded yet.
    waiting jsonb,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (connection, kind, theirs)
) WITH (fillfactor = 80);
CREATE INDEX documents_waiting ON records.documents (connection, kind) WHERE waiting IS NOT NULL;
