-- tillway: expand
-- Who may tell us that something changed over there, and what they told and was not looked at yet.

CREATE SCHEMA inbox;

-- A source is known by the SHA-256 of the secret in its address: what is kept here opens nothing.
CREATE TABLE inbox.sources (
    digest bytea PRIMARY KEY,
    connection text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- One row for each connection and domain, however often it was told: a few dozen in all.
CREATE TABLE inbox.nudges (
    connection text NOT NULL,
    domain text NOT NULL,
    -- When the first one came that was not taken yet, and the last.
    first_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    taken_at timestamptz,
    heard bigint NOT NULL,
    PRIMARY KEY (connection, domain)
) WITH (fillfactor = 50);
