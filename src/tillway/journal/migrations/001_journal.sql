-- tillway: expand
-- What happened. Writers append to `staged` inside their own transaction; the one leased sequencer moves committed
-- rows to `events` and gives them a dense position; everybody follows `events` by position.

CREATE SCHEMA journal;

-- Drawn after the locks of the keys are held, so that order of ids is order of commits for one key.
CREATE SEQUENCE journal.append_id AS bigint CACHE 1;

-- One row a partition key: its lock is the key's lock, its number the key's last sequence.
CREATE TABLE journal.keys (
    partitionkey text PRIMARY KEY,
    sequence bigint NOT NULL
) WITH (fillfactor = 80);

CREATE TABLE journal.staged (
    append_id bigint PRIMARY KEY,
    id uuid NOT NULL,
    type text NOT NULL,
    subject text NOT NULL,
    partitionkey text NOT NULL,
    sequence bigint NOT NULL,
    time timestamptz NOT NULL,
    correlationid text NOT NULL,
    causationid text,
    traceparent text,
    dataclass text NOT NULL,
    retention text NOT NULL,
    data jsonb NOT NULL,
    -- Personal fields apart, so that erasure and early retention can null them without touching the fact.
    personal jsonb
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_insert_threshold = -1);

CREATE TABLE journal.events (
    position bigint NOT NULL,
    append_id bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    id uuid NOT NULL,
    type text NOT NULL,
    subject text NOT NULL,
    partitionkey text NOT NULL,
    sequence bigint NOT NULL,
    time timestamptz NOT NULL,
    correlationid text NOT NULL,
    causationid text,
    traceparent text,
    dataclass text NOT NULL,
    retention text NOT NULL,
    data jsonb NOT NULL,
    personal jsonb
) PARTITION BY LIST (retention);

CREATE INDEX events_position ON journal.events (position);
CREATE INDEX events_subject ON journal.events (subject, position);
CREATE INDEX events_correlation ON journal.events (correlationid, position);

CREATE TABLE journal.events_brief PARTITION OF journal.events FOR VALUES IN ('brief') PARTITION BY RANGE (recorded_at);
CREATE TABLE journal.events_standard PARTITION OF journal.events FOR VALUES IN ('standard') PARTITION BY RANGE (recorded_at);
CREATE TABLE journal.events_long PARTITION OF journal.events FOR VALUES IN ('long') PARTITION BY RANGE (recorded_at);

-- Makes the monthly partitions from the month of `since` on; safe to call at any time, from any node.
CREATE FUNCTION journal.ensure_partitions(since timestamptz, months int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    class text;
    starts timestamp;
    made int := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('journal.ensure_partitions'));
    FOREACH class IN ARRAY ARRAY['brief', 'standard', 'long'] LOOP
        FOR step IN 0 .. months LOOP
            starts := date_trunc('month', since AT TIME ZONE 'UTC') + make_interval(months => step);
            IF to_regclass(format('journal.events_%s_%s', class, to_char(starts, 'YYYYMM'))) IS NULL THEN
                EXECUTE format('CREATE TABLE journal.events_%s_%s PARTITION OF journal.events_%s FOR VALUES FROM (%L) TO (%L)',
                    class, to_char(starts, 'YYYYMM'), class,
                    to_char(starts, 'YYYY-MM-DD') || ' 00:00:00+00',
                    to_char(starts + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00');
                made := made + 1;
            END IF;
        END LOOP;
    END LOOP;
    RETURN made;
END $$;

SELECT journal.ensure_partitions(now(), 2);

-- Takes the locks of the keys in sorted order and counts `counts[i]` events on each; returns the last sequence a key.
CREATE FUNCTION journal.take(given_keys text[], counts bigint[]) RETURNS TABLE (taken_key text, last bigint)
LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY
        INSERT INTO journal.keys AS k (partitionkey, sequence)
        SELECT u.key, u.n FROM unnest(given_keys, counts) AS u(key, n) ORDER BY u.key COLLATE "C"
        ON CONFLICT (partitionkey) DO UPDATE SET sequence = k.sequence + excluded.sequence
        RETURNING k.partitionkey, k.sequence;
END $$;

-- The last position given, the epoch it belongs to, and the lease of the sequencer.
CREATE TABLE journal.head (
    singleton bool PRIMARY KEY DEFAULT true CHECK (singleton),
    epoch uuid NOT NULL DEFAULT gen_random_uuid(),
    position bigint NOT NULL DEFAULT 0,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    owner uuid,
    fence bigint NOT NULL DEFAULT 0,
    expires_at timestamptz NOT NULL DEFAULT '-infinity'
);
INSERT INTO journal.head DEFAULT VALUES;

-- A sparse map from positions to times, so that a reader prunes partitions by its position.
CREATE TABLE journal.marks (
    position bigint PRIMARY KEY,
    recorded_at timestamptz NOT NULL
);

-- Live nodes: a lane belongs to its owner as long as the owner's row has not expired.
CREATE TABLE journal.nodes (
    node uuid PRIMARY KEY,
    kind text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL
);

CREATE TABLE journal.followers (
    name text NOT NULL,
    lane int NOT NULL,
    lanes int NOT NULL,
    position bigint NOT NULL,
    owner uuid,
    fence bigint NOT NULL DEFAULT 0,
    attempts int NOT NULL DEFAULT 0,
    held_until timestamptz,
    held_for text,
    moved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (name, lane)
) WITH (fillfactor = 50);

-- Events that a follower could not apply, and those that wait behind them on the same key, by reference.
CREATE TABLE journal.parked (
    follower text NOT NULL,
    position bigint NOT NULL,
    lane int NOT NULL,
    partitionkey text NOT NULL,
    event_id uuid NOT NULL,
    behind bool NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    attempts int NOT NULL DEFAULT 0,
    next_attempt timestamptz,
    owner text NOT NULL,
    value_at_stake text,
    parked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (follower, position)
);
CREATE INDEX parked_key ON journal.parked (follower, partitionkey, position);
CREATE INDEX parked_due ON journal.parked (follower, lane, next_attempt) WHERE NOT behind AND next_attempt IS NOT NULL;
