-- name: restrictions_in_force
SELECT kind, id, until FROM identity.restrictions WHERE until IS NULL OR until > $1 LIMIT $2

-- name: list_restrictions
SELECT kind, id, reason, by_whom, since, until FROM identity.restrictions
WHERE until IS NULL OR until > $1
ORDER BY since DESC, kind, id
LIMIT $2

-- name: restrict
-- Whoever restricts again says anew why, by whom and until when.
INSERT INTO identity.restrictions (kind, id, reason, by_whom, since, until)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (kind, id) DO UPDATE
SET reason = excluded.reason, by_whom = excluded.by_whom, since = excluded.since, until = excluded.until

-- name: lift
DELETE FROM identity.restrictions WHERE kind = $1 AND id = $2 AND (until IS NULL OR until > $3) RETURNING since

-- name: forget_restrictions
-- What has ended restricts nobody; the journal still tells of it.
DELETE FROM identity.restrictions WHERE until < $1
