-- name: claim
-- No ON CONFLICT: that the key is taken must fail the effect that this stands beside.
INSERT INTO gateway.idempotency (consumer, key, fingerprint, status, headers, body)
VALUES ($1, $2, $3, $4, $5::jsonb, $6)

-- name: kept
SELECT fingerprint, status, headers, body FROM gateway.idempotency WHERE consumer = $1 AND key = $2

-- name: forget
WITH old AS (
    SELECT consumer, key FROM gateway.idempotency WHERE kept_at < $1 ORDER BY kept_at LIMIT $2 FOR UPDATE SKIP LOCKED
), gone AS (
    DELETE FROM gateway.idempotency i USING old WHERE i.consumer = old.consumer AND i.key = old.key RETURNING 1
)
SELECT count(*) FROM gone

-- name: open_quota
INSERT INTO gateway.quota (consumer, api, level, at, day, used, held)
VALUES ($1, $2, $3, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint, '', 0, '[]')
ON CONFLICT DO NOTHING

-- name: quota
SELECT level, at, day, used, held, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now
FROM gateway.quota WHERE consumer = $1 AND api = $2 FOR UPDATE

-- name: keep_quota
UPDATE gateway.quota SET level = $3, at = $4, day = $5, used = $6, held = $7::jsonb WHERE consumer = $1 AND api = $2
