-- tillway: expand
-- What is wrong with records of the back office, as its reading met it: opened once, ended when it is right or gone.
CREATE TABLE records.data_findings (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection text NOT NULL,
    foreign_id text NOT NULL,
    kind text NOT NULL,
    sku text,
    left_out bool NOT NULL,
    detail text NOT NULL,
    found_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz
);
CREATE UNIQUE INDEX data_findings_open ON records.data_findings (connection, foreign_id, kind) WHERE ended_at IS NULL;
CREATE INDEX data_findings_aged ON records.data_findings (id) WHERE ended_at IS NULL;
