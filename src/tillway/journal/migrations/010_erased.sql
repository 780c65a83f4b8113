-- tillway: expand
-- Entities whose person was erased: what is appended about them later carries no personal members.
CREATE TABLE journal.erased (
    subject text PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Asked after the lock of the key is held, with a snapshot of its own: whoever appends waits for an erasure under way
-- and then sees it.
CREATE FUNCTION journal.unless_erased(given_subject text, given_personal jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    IF given_personal IS NULL OR EXISTS (SELECT FROM journal.erased WHERE subject = given_subject) THEN
        RETURN NULL;
    END IF;
    RETURN given_personal;
END $$;
