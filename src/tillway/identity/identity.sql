-- name: signing_keys
-- Youngest first. The kid breaks ties the same way on every node.
SELECT kid, private_jwk, created_at FROM identity.signing_keys ORDER BY created_at DESC, kid LIMIT $1

-- name: lock_signing_keys
-- Held to the end of the transaction, so that of all nodes that start at once one makes the key.
SELECT pg_advisory_xact_lock($1)

-- name: add_signing_key
INSERT INTO identity.signing_keys (kid, private_jwk, created_at) VALUES ($1, $2, $3)

-- name: drop_signing_keys
DELETE FROM identity.signing_keys WHERE kid = ANY($1::text[])
