-- name: offboard
-- Whoever does it again changes nothing: the first one counts.
INSERT INTO identity.offboardings (consumer, reason, by_whom, since, devices, subscriptions)
SELECT $1, $2, $3, $4, (SELECT count(*) FROM identity.devices WHERE consumer = $1), $5
ON CONFLICT (consumer) DO NOTHING
RETURNING consumer

-- name: offboarding
SELECT consumer, reason, by_whom, since, devices, subscriptions FROM identity.offboardings WHERE consumer = $1

-- name: offboardings
SELECT consumer, reason, by_whom, since, devices, subscriptions FROM identity.offboardings ORDER BY consumer

-- name: enforce
-- Only who was off-boarded lately: a process that starts enforces all others from its first moment.
INSERT INTO identity.enforced (consumer, node, at)
SELECT consumer, $1, clock_timestamp() FROM identity.offboardings WHERE consumer = ANY($2::text[]) AND since > $3
ON CONFLICT DO NOTHING

-- name: enforced
SELECT node, at FROM identity.enforced WHERE consumer = $1

-- name: forget_enforced
DELETE FROM identity.enforced WHERE at < $1
