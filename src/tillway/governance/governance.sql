-- name: keep_bundle
INSERT INTO governance.bundles (digest, texts) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING

-- name: bundle
SELECT texts FROM governance.bundles WHERE digest = $1

-- name: add_change
INSERT INTO governance.changes (
    id, kind, state, proposer, proposer_kind, reason, base, base_bundle, hash, bundle, rolls_back_to, evidence, proposed_at
) VALUES ($1, $2, 'open', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)

-- name: change
SELECT * FROM governance.changes WHERE id = $1

-- name: lock_change
SELECT * FROM governance.changes WHERE id = $1 FOR UPDATE

-- name: changes
-- Newest first; ids are made in the order of time.
SELECT * FROM governance.changes WHERE id < $1 ORDER BY id DESC LIMIT $2

-- name: changes_of_state
SELECT * FROM governance.changes WHERE state = $3 AND id < $1 ORDER BY id DESC LIMIT $2

-- name: owed_reviews
SELECT * FROM governance.changes WHERE reviewed_at IS NULL AND review_due IS NOT NULL ORDER BY review_due LIMIT $1

-- name: votes
SELECT change, person, roles, decision, hash, reason, at FROM governance.votes WHERE change = ANY($1::uuid[])
ORDER BY change, at, person

-- name: vote
-- Who votes again says something else.
INSERT INTO governance.votes (change, person, roles, decision, hash, reason, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (change, person) DO UPDATE
SET roles = excluded.roles, decision = excluded.decision, hash = excluded.hash, reason = excluded.reason, at = excluded.at

-- name: end_change
UPDATE governance.changes SET state = $2, ended_at = $3, release = $4, review_due = $5 WHERE id = $1

-- name: review_change
UPDATE governance.changes SET reviewed_at = $2, reviewer = $3, review_outcome = $4, review_note = $5 WHERE id = $1

-- name: head
SELECT released.number AS release, released.hash, released.bundle, released.activated_at,
    activation.id AS activation, activation.bundle AS wanted
FROM governance.head
LEFT JOIN governance.releases AS released ON released.number = head.release
LEFT JOIN governance.activations AS activation ON activation.id = head.preparing

-- name: lock_head
-- Of all publications one has its turn at a time.
SELECT release, preparing FROM governance.head FOR UPDATE

-- name: move_head
UPDATE governance.head SET release = $1, preparing = NULL

-- name: begin_activation
WITH activation AS (
    INSERT INTO governance.activations (id, change, hash, bundle, state, begun_by, expires_at)
    VALUES ($1, $2, $3, $4, 'preparing', $5, now() + $6 * interval '1 second')
    RETURNING id
)
UPDATE governance.head SET preparing = activation.id FROM activation

-- name: preparing
SELECT id, change, expires_at < now() AS expired FROM governance.activations WHERE id = $1

-- name: end_activation
UPDATE governance.activations SET state = $2, error = $3, ended_at = now() WHERE id = $1 AND state = 'preparing'

-- name: free_head
UPDATE governance.head SET preparing = NULL WHERE preparing = $1

-- name: add_release
INSERT INTO governance.releases (number, hash, bundle, manifest, signature, activated_at) VALUES ($1, $2, $3, $4, $5, $6)

-- name: release
SELECT number, manifest, signature FROM governance.releases WHERE number = $1

-- name: releases
SELECT number, manifest, signature FROM governance.releases WHERE number < $1 ORDER BY number DESC LIMIT $2

-- name: beat
-- A sign of life with what is enforced, and a look at what should be, in one round trip.
WITH beaten AS (
    INSERT INTO governance.nodes (id, kind, host, pid, directory, version, release, hash, error)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (id) DO UPDATE
    SET beat_at = now(), release = excluded.release, hash = excluded.hash, error = excluded.error
)
SELECT released.number AS release, released.hash, released.bundle, released.activated_at,
    activation.id AS activation, activation.bundle AS wanted
FROM governance.head
LEFT JOIN governance.releases AS released ON released.number = head.release
LEFT JOIN governance.activations AS activation ON activation.id = head.preparing

-- name: leave
DELETE FROM governance.nodes WHERE id = $1

-- name: bury_nodes
DELETE FROM governance.nodes WHERE beat_at < now() - $1 * interval '1 second'

-- name: nodes
SELECT id, kind, host, pid, directory, version, started_at, beat_at,
    beat_at > now() - $1 * interval '1 second' AS alive, release, hash, error
FROM governance.nodes ORDER BY host, kind, started_at, id

-- name: say_ready
INSERT INTO governance.readiness (activation, node, error) VALUES ($1, $2, $3)
ON CONFLICT (activation, node) DO UPDATE SET error = excluded.error, at = now()

-- name: answers
-- Who is alive or has answered, and what they said.
SELECT node.id, node.kind, node.host, node.pid, said.node IS NOT NULL AS answered, said.error
FROM governance.nodes AS node
LEFT JOIN governance.readiness AS said ON said.node = node.id AND said.activation = $1
WHERE node.beat_at > now() - $2 * interval '1 second' OR said.error IS NOT NULL

-- name: see_files
INSERT INTO governance.files (host, directory, hash, error) VALUES ($1, $2, $3, $4)
ON CONFLICT (host, directory) DO UPDATE SET hash = excluded.hash, error = excluded.error, since = now()
WHERE files.hash IS DISTINCT FROM excluded.hash OR files.error IS DISTINCT FROM excluded.error

-- name: files
SELECT host, directory, hash, error, since FROM governance.files ORDER BY host, directory
