-- name: governed
SELECT ledger, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now
FROM outbound.governed WHERE connection = $1 FOR UPDATE

-- name: open_governed
INSERT INTO outbound.governed (connection, ledger) VALUES ($1, $2::jsonb) ON CONFLICT DO NOTHING

-- name: keep_governed
UPDATE outbound.governed SET ledger = $2::jsonb, kept_at = clock_timestamp() WHERE connection = $1

-- name: all_governed
SELECT connection, ledger, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now
FROM outbound.governed ORDER BY connection

-- name: touch
-- Takes what nobody is changing, in one order for everybody; the caller rolls back unless it got all.
INSERT INTO outbound.touched AS t (connection, key, call, until)
SELECT $1, key, $3, clock_timestamp() + $4 * interval '1 second' FROM unnest($2::text[]) AS key ORDER BY key
ON CONFLICT (connection, key) DO UPDATE SET call = EXCLUDED.call, until = EXCLUDED.until
WHERE t.until < clock_timestamp()
RETURNING key

-- name: keep_touching
UPDATE outbound.touched SET until = clock_timestamp() + $3 * interval '1 second'
WHERE connection = $1 AND call = ANY($2::uuid[])

-- name: let_go
-- And what processes that died were changing, long after their lease.
DELETE FROM outbound.touched
WHERE connection = $1
    AND ((key = ANY($2::text[]) AND call = $3) OR until < clock_timestamp() - interval '1 minute')
