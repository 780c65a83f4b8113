-- name: use
-- One round trip, one small transaction of its own; no row comes back when it was used before. Who comes second at the
-- same moment waits for the first. $3 is `off` where the loss of the last moments before a crash may be borne.
WITH durability AS MATERIALIZED (SELECT set_config('synchronous_commit', $3, true) AS set)
INSERT INTO identity.once (slot, digest)
SELECT $1, $2 FROM durability
ON CONFLICT DO NOTHING
RETURNING true

-- name: kept
-- Whether a slot holds anything: emptying an empty one would lock it for nothing.
SELECT EXISTS (SELECT 1 FROM identity.once WHERE slot = $1)

-- name: empty_0
TRUNCATE identity.once_0

-- name: empty_1
TRUNCATE identity.once_1

-- name: empty_2
TRUNCATE identity.once_2

-- name: empty_3
TRUNCATE identity.once_3

-- name: empty_4
TRUNCATE identity.once_4

-- name: empty_5
TRUNCATE identity.once_5
