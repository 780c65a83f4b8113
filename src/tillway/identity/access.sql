-- name: restrictions_in_force
SELECT kind, id, until FROM identity.restrictions WHERE until IS NULL OR until > $1 LIMIT $2

-- name: list_restrictions
SELECT r.kind, r.id, r.reason, r.by_whom, r.since, r.until, o.consumer IS NOT NULL AS permanent
FROM identity.restrictions r
LEFT JOIN identity.offboardings o ON r.kind = 'consumer' AND o.consumer = r.id
WHERE r.until IS NULL OR r.until > $1
ORDER BY r.since DESC, r.kind, r.id
LIMIT $2

-- name: restrict
-- Whoever restricts again says anew why, by whom and until when.
INSERT INTO identity.restrictions (kind, id, reason, by_whom, since, until)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (kind, id) DO UPDATE
SET reason = excluded.reason, by_whom = excluded.by_whom, since = excluded.since, until = excluded.until

-- name: is_offboarded
SELECT EXISTS (SELECT FROM identity.offboardings WHERE consumer = $1)

-- name: lift
DELETE FROM identity.restrictions WHERE kind = $1 AND id = $2 AND (until IS NULL OR until > $3) RETURNING since

-- name: forget_restrictions
-- What has ended restricts nobody; the journal still tells of it.
DELETE FROM identity.restrictions WHERE until < $1
