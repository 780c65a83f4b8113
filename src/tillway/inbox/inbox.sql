-- name: sources
SELECT digest, connection, made_at FROM inbox.sources

-- name: add_source
INSERT INTO inbox.sources (digest, connection) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING

-- name: drop_sources
-- All of a connection but these.
DELETE FROM inbox.sources WHERE connection = $1 AND NOT digest = ANY($2::bytea[])

-- name: keep_nudges
INSERT INTO inbox.nudges AS n (connection, domain, heard)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[]) ORDER BY 1, 2
ON CONFLICT (connection, domain) DO UPDATE SET heard = n.heard + excluded.heard, last_at = clock_timestamp(),
    first_at = CASE WHEN n.taken_at >= n.last_at THEN clock_timestamp() ELSE n.first_at END

-- name: take_nudges
-- What was told since it was taken last, for those connections that this node reads.
UPDATE inbox.nudges SET taken_at = clock_timestamp()
WHERE connection = ANY($1::text[]) AND (taken_at IS NULL OR taken_at < last_at)
RETURNING connection, domain, first_at

-- name: nudges
SELECT connection, domain, first_at, last_at, taken_at, heard FROM inbox.nudges ORDER BY connection, domain
