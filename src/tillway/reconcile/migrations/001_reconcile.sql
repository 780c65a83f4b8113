-- tillway: expand
-- Do two sides agree: runs with their tally, and the breaks they found. A run that does not add up cannot be stored.

CREATE SCHEMA reconcile;

CREATE TABLE reconcile.runs (
    id uuid PRIMARY KEY,
    domain text NOT NULL,
    connection text NOT NULL,
    shop text,
    -- What was taken in from here on is compared, up to as_of; null where only the present counts.
    since timestamptz,
    fix bool NOT NULL DEFAULT false,
    -- Who asked for it and why; the schedule when nobody did.
    asked_by text NOT NULL,
    reason text NOT NULL,
    correlation text NOT NULL,
    status text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'done', 'failed')),
    leased_by uuid,
    fence bigint NOT NULL DEFAULT 0,
    leased_until timestamptz,
    attempts int NOT NULL DEFAULT 0,
    queued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    as_of timestamptz,
    finished_at timestamptz,
    left_count bigint NOT NULL DEFAULT 0,
    right_count bigint NOT NULL DEFAULT 0,
    paired bigint NOT NULL DEFAULT 0,
    matched bigint NOT NULL DEFAULT 0,
    breaks bigint NOT NULL DEFAULT 0,
    in_process bigint NOT NULL DEFAULT 0,
    total bigint NOT NULL DEFAULT 0,
    at_stake numeric NOT NULL DEFAULT 0,
    found int NOT NULL DEFAULT 0,
    ended int NOT NULL DEFAULT 0,
    fixed int NOT NULL DEFAULT 0,
    detail text,
    CONSTRAINT conserved CHECK (status <> 'done' OR
        (matched + breaks = total AND total + in_process + paired = left_count + right_count))
) WITH (fillfactor = 70);
-- One comparison of a domain at a time and connection: breaks are ended by what a whole run did not see.
CREATE UNIQUE INDEX runs_under_way ON reconcile.runs (domain, connection) WHERE status IN ('queued', 'running');
CREATE INDEX runs_open ON reconcile.runs (queued_at) WHERE status IN ('queued', 'running');
CREATE INDEX runs_latest ON reconcile.runs (domain, connection, queued_at DESC);

CREATE TABLE reconcile.breaks (
    id uuid PRIMARY KEY,
    domain text NOT NULL,
    connection text NOT NULL,
    shop text,
    key text NOT NULL,
    type text NOT NULL,
    units int NOT NULL,
    left_ref text,
    right_ref text,
    left_amount numeric,
    right_amount numeric,
    currency text,
    at_stake numeric NOT NULL,
    detail text NOT NULL,
    -- When what it is about happened; null where only the present counts.
    at timestamptz,
    owner text NOT NULL,
    status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'accepted', 'ended')),
    found_at timestamptz NOT NULL,
    found_run uuid NOT NULL,
    seen_at timestamptz NOT NULL,
    seen_run uuid NOT NULL,
    ended_at timestamptz,
    ended_run uuid,
    -- How it ended: unseen by a later run, or corrected by the declared policy.
    ending text,
    fix_tried_at timestamptz,
    fix_detail text,
    note text
) WITH (fillfactor = 70);
-- A break is opened once: the same one, found again, is the same row until it ended.
CREATE UNIQUE INDEX breaks_open ON reconcile.breaks (domain, connection, key, type) WHERE status <> 'ended';
CREATE INDEX breaks_aged ON reconcile.breaks (found_at, id) WHERE status <> 'ended';
CREATE INDEX breaks_seen ON reconcile.breaks (seen_run, id);

-- One side of a run, where it cannot be read in the order of its keys: it is put here and read back in order.
CREATE UNLOGGED TABLE reconcile.staged (
    run uuid NOT NULL,
    side text NOT NULL,
    key text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    entry jsonb NOT NULL,
    PRIMARY KEY (run, side, key, number)
);

-- When each declared comparison is due next.
CREATE TABLE reconcile.schedules (
    domain text NOT NULL,
    connection text NOT NULL,
    due_at timestamptz NOT NULL,
    PRIMARY KEY (domain, connection)
);
