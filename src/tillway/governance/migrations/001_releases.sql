-- tillway: expand
CREATE SCHEMA IF NOT EXISTS governance;

-- The texts that a landscape is built from, as JSON by file name; kept once however often they are proposed.
CREATE TABLE governance.bundles (
    -- SHA-256, in hexadecimal.
    digest text PRIMARY KEY,
    texts bytea NOT NULL
);

-- Change requests. What is proposed never changes; only what was decided about it is added.
CREATE TABLE governance.changes (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('change', 'emergency', 'rollback')),
    state text NOT NULL CHECK (state IN ('open', 'rejected', 'published')),
    proposer text NOT NULL,
    proposer_kind text NOT NULL,
    reason text NOT NULL,
    -- The landscape it was compared with, and the one it proposes: each its hash and its texts.
    base text NOT NULL,
    base_bundle text NOT NULL REFERENCES governance.bundles,
    hash text NOT NULL,
    bundle text NOT NULL REFERENCES governance.bundles,
    -- For a rollback: the release whose texts these are.
    rolls_back_to integer,
    -- JSON.
    evidence text NOT NULL,
    proposed_at timestamptz NOT NULL,
    ended_at timestamptz,
    -- The release that it became.
    release integer,
    review_due timestamptz,
    reviewed_at timestamptz,
    reviewer text,
    review_outcome text CHECK (review_outcome IN ('confirmed', 'to-be-undone')),
    review_note text
);

-- Lists are read by state, newest first.
CREATE INDEX changes_of_state ON governance.changes (state, id DESC);

-- After-reviews that are owed; each publication looks whether one is overdue.
CREATE INDEX changes_to_review ON governance.changes (review_due) WHERE reviewed_at IS NULL AND review_due IS NOT NULL;

CREATE TABLE governance.votes (
    change uuid NOT NULL REFERENCES governance.changes,
    person text NOT NULL,
    -- What their token said.
    roles text[] NOT NULL,
    decision text NOT NULL CHECK (decision IN ('approve', 'reject')),
    -- The hash of what they saw: a vote for anything else counts for nothing.
    hash text NOT NULL,
    reason text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (change, person)
);

-- What was put in force, one after the other. The manifest says all of it and is signed by the hub.
CREATE TABLE governance.releases (
    number integer PRIMARY KEY,
    hash text NOT NULL,
    bundle text NOT NULL REFERENCES governance.bundles,
    manifest text NOT NULL,
    signature text NOT NULL,
    activated_at timestamptz NOT NULL
);

CREATE FUNCTION governance.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was released stays as it is';
END
$$;

CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON governance.releases
    FOR EACH ROW EXECUTE FUNCTION governance.refuse();
CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON governance.bundles
    FOR EACH ROW EXECUTE FUNCTION governance.refuse();

-- Attempts to put a change in force on all nodes.
CREATE TABLE governance.activations (
    id uuid PRIMARY KEY,
    change uuid NOT NULL REFERENCES governance.changes,
    hash text NOT NULL,
    bundle text NOT NULL REFERENCES governance.bundles,
    state text NOT NULL CHECK (state IN ('preparing', 'active', 'failed')),
    begun_by text NOT NULL,
    begun_at timestamptz NOT NULL DEFAULT now(),
    -- Whoever prepares longer was lost on the way.
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    error text
);

CREATE INDEX activations_of_change ON governance.activations (change);

-- One row: the release in force, and the attempt under way. Its lock orders all publications.
CREATE TABLE governance.head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    release integer REFERENCES governance.releases,
    preparing uuid REFERENCES governance.activations
);
INSERT INTO governance.head DEFAULT VALUES;

-- Each process that enforces the landscape: written once a second, so rows are kept short of their page.
CREATE TABLE governance.nodes (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    host text NOT NULL,
    pid integer NOT NULL,
    directory text NOT NULL,
    version text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    beat_at timestamptz NOT NULL DEFAULT now(),
    -- What it enforces: NULL for the landscape of its files.
    release integer,
    hash text NOT NULL,
    error text
) WITH (fillfactor = 50);

-- What nodes say of the attempt under way.
CREATE TABLE governance.readiness (
    activation uuid NOT NULL REFERENCES governance.activations,
    node uuid NOT NULL,
    error text,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (activation, node)
);

-- What lies in the directories of nodes, and since when: it outlives the processes, so that drift has an age.
CREATE TABLE governance.files (
    host text NOT NULL,
    directory text NOT NULL,
    hash text,
    error text,
    since timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (host, directory)
);
