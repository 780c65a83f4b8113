-- name: sealing_keys
SELECT id, purpose, wrapped, created_at FROM identity.sealing_keys ORDER BY created_at DESC, id

-- name: lock_sealing_keys
-- Held to the end of the transaction, so that of all nodes that start at once one makes the keys.
SELECT pg_advisory_xact_lock($1)

-- name: add_sealing_key
INSERT INTO identity.sealing_keys (id, purpose, wrapped, created_at) VALUES ($1, $2, $3, $4)

-- name: rewrap
UPDATE identity.sealing_keys SET wrapped = $3 WHERE id = $1 AND wrapped = $2
