-- tillway: expand
-- What every consumer has used of each API, and which node holds permits of it.

CREATE TABLE gateway.quota (
    consumer text NOT NULL,
    api text NOT NULL,
    -- The bucket's level in billionths of a permit.
    level bigint NOT NULL,
    -- When it was that full: microseconds since 1970.
    at bigint NOT NULL,
    -- The day in the organisation's zone, and the permits taken on it.
    day text NOT NULL,
    used bigint NOT NULL,
    held jsonb NOT NULL,
    CONSTRAINT quota_pkey PRIMARY KEY (consumer, api)
) WITH (fillfactor = 50); -- a row is only ever updated in place: room for that on its page
