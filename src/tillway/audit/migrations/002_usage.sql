-- tillway: expand
-- Who uses what: counted in each door, added up here once a second, one row a day.

CREATE TABLE audit.usage (
    day date NOT NULL,
    consumer text NOT NULL,
    operation text NOT NULL,
    calls bigint NOT NULL,
    refused bigint NOT NULL,
    -- Calls whose fields were looked at: what `seen` below is out of.
    sampled bigint NOT NULL,
    last_seen timestamptz NOT NULL,
    PRIMARY KEY (consumer, day, operation)
) WITH (fillfactor = 70);
-- For forgetting by age.
CREATE INDEX usage_day ON audit.usage (day);

CREATE TABLE audit.usage_fields (
    day date NOT NULL,
    consumer text NOT NULL,
    operation text NOT NULL,
    -- sent: in the request, read: in the answer, unknown: sent and in no contract.
    direction text NOT NULL CHECK (direction IN ('sent', 'read', 'unknown')),
    pointer text NOT NULL,
    seen bigint NOT NULL,
    last_seen timestamptz NOT NULL,
    PRIMARY KEY (consumer, day, operation, direction, pointer)
) WITH (fillfactor = 70);
CREATE INDEX usage_fields_day ON audit.usage_fields (day);
