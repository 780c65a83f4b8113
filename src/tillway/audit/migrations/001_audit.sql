-- tillway: expand
-- The evidence. Writers put one line each into `staged`, inside the transaction that makes it true; the one leased
-- sealer moves committed lines to `entries`, numbers them and chains their hashes; anchors sign the ends of the chains.

CREATE SCHEMA audit;

-- Waits for the sealer, a second at most. One narrow row and one index: a write pays for nothing more.
CREATE TABLE audit.staged (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    line text NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_insert_threshold = -1);

CREATE TABLE audit.entries (
    -- Dense over everything that is sealed: the cursor of readers.
    number bigint NOT NULL,
    -- The chain is the class of retention; `seq` is dense in it.
    class text NOT NULL,
    seq bigint NOT NULL,
    sealed_at timestamptz NOT NULL,
    at timestamptz NOT NULL,
    node uuid NOT NULL,
    principal text,
    kind text,
    actor text,
    operation text NOT NULL,
    api text,
    subject text,
    status int NOT NULL,
    code text,
    policies text[] NOT NULL,
    release text NOT NULL,
    correlation text,
    network text NOT NULL,
    -- Requests that this entry stands for: more than one only for those of nobody known.
    count int NOT NULL,
    -- Personal parts, with a salt of their own: the chain holds their salted digest alone, so both can be nulled.
    personal text,
    salt bytea,
    personal_digest bytea,
    hash bytea NOT NULL
) PARTITION BY LIST (class);

-- Readers page by number; verifying looks for the last of a class before a number.
CREATE INDEX entries_number ON audit.entries (number);
CREATE INDEX entries_principal ON audit.entries (principal, number);
CREATE INDEX entries_operation ON audit.entries (operation, number);
CREATE INDEX entries_subject ON audit.entries (subject, number) WHERE subject IS NOT NULL;
CREATE INDEX entries_correlation ON audit.entries (correlation, number) WHERE correlation IS NOT NULL;

CREATE TABLE audit.entries_act PARTITION OF audit.entries FOR VALUES IN ('act') PARTITION BY RANGE (sealed_at);
CREATE TABLE audit.entries_write PARTITION OF audit.entries FOR VALUES IN ('write') PARTITION BY RANGE (sealed_at);
CREATE TABLE audit.entries_read PARTITION OF audit.entries FOR VALUES IN ('read') PARTITION BY RANGE (sealed_at);
CREATE TABLE audit.entries_refusal PARTITION OF audit.entries FOR VALUES IN ('refusal') PARTITION BY RANGE (sealed_at);

-- Where each chain ends, and where it begins once its oldest months were dropped.
CREATE TABLE audit.chains (
    class text PRIMARY KEY,
    seq bigint NOT NULL DEFAULT 0,
    hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    floor_seq bigint NOT NULL DEFAULT 0,
    floor_hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex')
) WITH (fillfactor = 50);
INSERT INTO audit.chains (class) VALUES ('act'), ('write'), ('read'), ('refusal');

-- The last number given, the last anchor made, and the lease of the sealer.
CREATE TABLE audit.head (
    singleton bool PRIMARY KEY DEFAULT true CHECK (singleton),
    number bigint NOT NULL DEFAULT 0,
    sealed_at timestamptz NOT NULL DEFAULT now(),
    anchor bigint NOT NULL DEFAULT 0,
    owner uuid,
    fence bigint NOT NULL DEFAULT 0,
    expires_at timestamptz NOT NULL DEFAULT '-infinity'
) WITH (fillfactor = 50);
INSERT INTO audit.head DEFAULT VALUES;

-- Signed statements of where the chains ended, each naming the one before it. Never dropped.
CREATE TABLE audit.anchors (
    anchor bigint PRIMARY KEY,
    number bigint NOT NULL,
    at timestamptz NOT NULL,
    token text NOT NULL
);
CREATE INDEX anchors_number ON audit.anchors (number);
CREATE INDEX anchors_at ON audit.anchors (at);

-- Makes the monthly partitions from the month of `since` on; safe to call at any time, from any node.
CREATE FUNCTION audit.ensure_partitions(since timestamptz, months int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    class text;
    starts timestamp;
    made int := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('audit.ensure_partitions'));
    FOREACH class IN ARRAY ARRAY['act', 'write', 'read', 'refusal'] LOOP
        FOR step IN 0 .. months LOOP
            starts := date_trunc('month', since AT TIME ZONE 'UTC') + make_interval(months => step);
            IF to_regclass(format('audit.entries_%s_%s', class, to_char(starts, 'YYYYMM'))) IS NULL THEN
                EXECUTE format('CREATE TABLE audit.entries_%s_%s PARTITION OF audit.entries_%s FOR VALUES FROM (%L) TO (%L)',
                    class, to_char(starts, 'YYYYMM'), class,
                    to_char(starts, 'YYYY-MM-DD') || ' 00:00:00+00',
                    to_char(starts + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00');
                made := made + 1;
            END IF;
        END LOOP;
    END LOOP;
    RETURN made;
END $$;

SELECT audit.ensure_partitions(now(), 2);

-- Drops the months of a class that ended before `until`, the oldest first, and remembers where the chain begins now.
CREATE FUNCTION audit.drop_partitions(given_class text, until timestamptz) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    month text;
    dropped int := 0;
    last record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('audit.ensure_partitions'));
    FOR month IN
        SELECT right(c.relname, 6) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = format('audit.entries_%s', given_class)::regclass ORDER BY 1
    LOOP
        EXIT WHEN (to_date(month, 'YYYYMM') + interval '1 month') AT TIME ZONE 'UTC' > until;
        EXECUTE format('SELECT seq, hash FROM audit.entries_%s_%s ORDER BY number DESC LIMIT 1', given_class, month) INTO last;
        IF last.seq IS NOT NULL THEN
            UPDATE audit.chains SET floor_seq = last.seq, floor_hash = last.hash WHERE class = given_class;
        END IF;
        EXECUTE format('DROP TABLE audit.entries_%s_%s', given_class, month);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;
