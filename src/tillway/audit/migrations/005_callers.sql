-- tillway: expand
-- Who calls which version of which interface: counted in each door, added up here.

-- Since when, for good: who called a version before it was deprecated may call on, however long ago that was.
CREATE TABLE audit.callers (
    api text NOT NULL,
    version integer NOT NULL,
    consumer text NOT NULL,
    first_seen timestamptz NOT NULL,
    last_seen timestamptz NOT NULL,
    PRIMARY KEY (api, version, consumer)
) WITH (fillfactor = 70);

-- By day and device ('' for the consumer itself), so that a silent till can be named.
CREATE TABLE audit.calls (
    day date NOT NULL,
    api text NOT NULL,
    version integer NOT NULL,
    consumer text NOT NULL,
    device text NOT NULL,
    -- Where the device stands; '' for the consumer itself.
    shop text NOT NULL,
    calls bigint NOT NULL,
    last_seen timestamptz NOT NULL,
    PRIMARY KEY (api, version, consumer, device, day)
) WITH (fillfactor = 70);
-- For forgetting by age.
CREATE INDEX calls_day ON audit.calls (day);
-- For what one consumer calls.
CREATE INDEX callers_consumer ON audit.callers (consumer);

ALTER TABLE audit.usage_fields DROP CONSTRAINT usage_fields_direction_check;
-- deprecated: sent or read although it is on its way out, counted in every call.
ALTER TABLE audit.usage_fields ADD CONSTRAINT usage_fields_direction_check
    CHECK (direction IN ('sent', 'read', 'unknown', 'deprecated'));
