-- tillway: expand

-- A person is suspended like a consumer, by the name they have here.
ALTER TABLE identity.restrictions DROP CONSTRAINT restrictions_kind_check;
ALTER TABLE identity.restrictions ADD CONSTRAINT restrictions_kind_check
    CHECK (kind IN ('consumer', 'token', 'device', 'session', 'person'));
