-- name: stage
INSERT INTO audit.staged (line) VALUES ($1)

-- name: stage_many
INSERT INTO audit.staged (line) SELECT unnest($1::text[])

-- name: lease_sealer
UPDATE audit.head SET owner = $1, fence = fence + (owner IS DISTINCT FROM $1)::int,
    expires_at = clock_timestamp() + make_interval(secs => $2)
WHERE owner = $1 OR expires_at < clock_timestamp()
RETURNING fence

-- name: release_sealer
UPDATE audit.head SET expires_at = '-infinity' WHERE owner = $1 AND fence = $2 RETURNING fence

-- name: staged
SELECT id, line FROM audit.staged ORDER BY id LIMIT $1

-- name: head
SELECT number, sealed_at, clock_timestamp() AS now, anchor FROM audit.head

-- name: chains
SELECT class, seq, hash, floor_seq, floor_hash FROM audit.chains

-- name: state
-- Both at once, as of one instant: one row a chain.
SELECT h.number, h.anchor, c.class, c.seq, c.hash, c.floor_seq, c.floor_hash FROM audit.head h CROSS JOIN audit.chains c

-- name: seal
-- The fence and the number that was sealed upon are checked in this very statement, which the server finishes or rolls
-- back alone: a sealer that was stopped and replaced can do nothing when it wakes.
WITH mine AS MATERIALIZED (
    UPDATE audit.head SET number = $4, sealed_at = $5
    WHERE owner = $1 AND fence = $2 AND expires_at > clock_timestamp() AND number = $3
    RETURNING number
), gone AS (
    DELETE FROM audit.staged WHERE id = ANY($6::bigint[]) AND EXISTS (SELECT FROM mine)
), ends AS (
    UPDATE audit.chains c SET seq = u.seq, hash = u.hash
    FROM unnest($7::text[], $8::bigint[], $9::bytea[]) AS u(class, seq, hash)
    WHERE c.class = u.class AND EXISTS (SELECT FROM mine)
), kept AS (
    INSERT INTO audit.entries (number, class, seq, sealed_at, at, node, principal, kind, actor, operation, api, subject,
        status, code, policies, release, correlation, network, count, personal, salt, personal_digest, hash)
    SELECT u.number, u.class, u.seq, $5, u.at, u.node, u.principal, u.kind, u.actor, u.operation, u.api, u.subject,
        u.status, u.code, string_to_array(u.policies, chr(31)), u.release, u.correlation, u.network, u.count, u.personal,
        u.salt, u.personal_digest, u.hash
    FROM unnest($10::bigint[], $11::text[], $12::bigint[], $13::timestamptz[], $14::uuid[], $15::text[], $16::text[],
        $17::text[], $18::text[], $19::text[], $20::text[], $21::int[], $22::text[], $23::text[], $24::text[],
        $25::text[], $26::text[], $27::int[], $28::text[], $29::bytea[], $30::bytea[], $31::bytea[])
        AS u(number, class, seq, at, node, principal, kind, actor, operation, api, subject, status, code, policies,
            release, correlation, network, count, personal, salt, personal_digest, hash)
    WHERE EXISTS (SELECT FROM mine)
)
SELECT number FROM mine

-- name: add_anchor
WITH mine AS MATERIALIZED (
    UPDATE audit.head SET anchor = $3
    WHERE owner = $1 AND fence = $2 AND expires_at > clock_timestamp() AND anchor = $3 - 1 AND number = $4
    RETURNING anchor
)
INSERT INTO audit.anchors (anchor, number, at, token) SELECT anchor, $4, $5, $6 FROM mine RETURNING anchor

-- name: last_anchor
SELECT anchor, number, at, token FROM audit.anchors ORDER BY anchor DESC LIMIT 1

-- name: anchor
SELECT anchor, number, at, token FROM audit.anchors WHERE anchor = $1

-- name: anchors_of
-- Those made over entries from number $1 to $2.
SELECT anchor, number, at, token FROM audit.anchors WHERE number BETWEEN $1 AND $2 ORDER BY anchor

-- name: first_anchor_since
SELECT anchor, number, at, token FROM audit.anchors WHERE at >= $1 ORDER BY at, anchor LIMIT 1

-- name: walk
-- In the order of their numbers, after $1.
SELECT number, class, seq, sealed_at, at, node, principal, kind, actor, operation, api, subject, status, code, policies,
    release, correlation, network, count, personal, salt, personal_digest, hash
FROM audit.entries WHERE number > $1 ORDER BY number LIMIT $2

-- name: page_end
-- The number of the entry that is $2 entries after the first one beyond $1; NULL when there are not so many.
SELECT number FROM audit.entries WHERE number > $1 ORDER BY number OFFSET $2 LIMIT 1

-- name: ends_before
-- The last entry of each chain up to a number.
SELECT c.class, e.seq, e.hash FROM audit.chains c
CROSS JOIN LATERAL (
    SELECT seq, hash FROM audit.entries WHERE class = c.class AND number <= $1 ORDER BY number DESC LIMIT 1
) AS e

-- name: number_at
-- The number of the last entry sealed before a time: 0 when there is none.
SELECT coalesce((SELECT max(number) FROM audit.entries WHERE sealed_at < $1), 0)

-- name: search
-- Newest first, below number $1.
SELECT number, class, seq, sealed_at, at, node, principal, kind, actor, operation, api, subject, status, code, policies,
    release, correlation, network, count, personal, salt, personal_digest, hash
FROM audit.entries
WHERE number < $1 AND sealed_at >= $3 AND at >= $4 AND at < $5 AND status BETWEEN $6 AND $7
ORDER BY number DESC LIMIT $2

-- name: search_principal
SELECT number, class, seq, sealed_at, at, node, principal, kind, actor, operation, api, subject, status, code, policies,
    release, correlation, network, count, personal, salt, personal_digest, hash
FROM audit.entries
WHERE principal = $8 AND -number > -$1::bigint AND sealed_at >= $3 AND at >= $4 AND at < $5 AND status BETWEEN $6 AND $7
  AND ($9::text IS NULL OR operation = $9)
ORDER BY -number LIMIT $2

-- name: search_operation
SELECT number, class, seq, sealed_at, at, node, principal, kind, actor, operation, api, subject, status, code, policies,
    release, correlation, network, count, personal, salt, personal_digest, hash
FROM audit.entries
WHERE operation = $8 AND -number > -$1::bigint AND sealed_at >= $3 AND at >= $4 AND at < $5 AND status BETWEEN $6 AND $7
ORDER BY -number LIMIT $2

-- name: search_subject
SELECT number, class, seq, sealed_at, at, node, principal, kind, actor, operation, api, subject, status, code, policies,
    release, correlation, network, count, personal, salt, personal_digest, hash
FROM audit.entries
WHERE subject = $8 AND -number > -$1::bigint AND sealed_at >= $3 AND at >= $4 AND at < $5 AND status BETWEEN $6 AND $7
  AND ($9::text IS NULL OR operation = $9) AND ($10::text IS NULL OR principal = $10)
ORDER BY -number LIMIT $2

-- name: search_correlation
SELECT number, class, seq, sealed_at, at, node, principal, kind, actor, operation, api, subject, status, code, policies,
    release, correlation, network, count, personal, salt, personal_digest, hash
FROM audit.entries
WHERE correlation = $8 AND -number > -$1::bigint AND sealed_at >= $3 AND at >= $4 AND at < $5 AND status BETWEEN $6 AND $7
  AND ($9::text IS NULL OR operation = $9) AND ($10::text IS NULL OR principal = $10)
  AND ($11::text IS NULL OR subject = $11)
ORDER BY -number LIMIT $2

-- name: ensure_partitions
SELECT audit.ensure_partitions($1, $2)

-- name: drop_partitions
SELECT audit.drop_partitions($1, $2)

-- name: count_usage
-- In the order of their keys, so that doors that count the same at once wait instead of standing in a circle.
WITH fields AS (
    INSERT INTO audit.usage_fields AS f (day, consumer, operation, direction, pointer, seen, last_seen)
    SELECT * FROM unnest($8::date[], $9::text[], $10::text[], $11::text[], $12::text[], $13::bigint[], $14::timestamptz[])
    ON CONFLICT (consumer, day, operation, direction, pointer)
    DO UPDATE SET seen = f.seen + excluded.seen, last_seen = greatest(f.last_seen, excluded.last_seen)
)
INSERT INTO audit.usage AS u (day, consumer, operation, calls, refused, sampled, last_seen)
SELECT * FROM unnest($1::date[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[], $7::timestamptz[])
ON CONFLICT (consumer, day, operation) DO UPDATE SET calls = u.calls + excluded.calls,
    refused = u.refused + excluded.refused, sampled = u.sampled + excluded.sampled,
    last_seen = greatest(u.last_seen, excluded.last_seen)

-- name: usage
SELECT operation, sum(calls)::bigint AS calls, sum(refused)::bigint AS refused, sum(sampled)::bigint AS sampled,
    max(last_seen) AS last_seen
FROM audit.usage WHERE consumer = $1 AND day BETWEEN $2 AND $3 GROUP BY operation ORDER BY operation

-- name: calls
-- Of everybody: who proposes a change asks whom it hits.
SELECT consumer, operation, sum(calls)::bigint AS calls FROM audit.usage WHERE day BETWEEN $1 AND $2
GROUP BY consumer, operation

-- name: usage_of_all
SELECT consumer, operation, sum(calls)::bigint AS calls, sum(refused)::bigint AS refused, max(last_seen) AS last_seen
FROM audit.usage WHERE day BETWEEN $1 AND $2 GROUP BY consumer, operation ORDER BY consumer, operation LIMIT $3

-- name: usage_fields
SELECT operation, direction, pointer, sum(seen)::bigint AS seen, max(last_seen) AS last_seen
FROM audit.usage_fields WHERE consumer = $1 AND day BETWEEN $2 AND $3
GROUP BY operation, direction, pointer ORDER BY operation, direction, pointer

-- name: unknown_fields
SELECT consumer, operation, pointer, sum(seen)::bigint AS seen, max(last_seen) AS last_seen
FROM audit.usage_fields
WHERE direction = 'unknown' AND day BETWEEN $1 AND $2 AND ($4::text IS NULL OR consumer = $4)
GROUP BY consumer, operation, pointer ORDER BY seen DESC, consumer, operation, pointer LIMIT $3

-- name: forget_usage
WITH fields AS (DELETE FROM audit.usage_fields WHERE day < $1)
DELETE FROM audit.usage WHERE day < $1

-- name: count_calls
-- In the order of their keys, as count_usage.
WITH told AS MATERIALIZED (
    SELECT * FROM unnest($3::text[], $4::int[], $5::text[], $6::text[], $7::text[], $8::bigint[])
        AS t(api, version, consumer, device, shop, calls)
), callers AS (
    INSERT INTO audit.callers AS c (api, version, consumer, first_seen, last_seen)
    SELECT DISTINCT api, version, consumer, $2::timestamptz, $2::timestamptz FROM told ORDER BY api, version, consumer
    ON CONFLICT (api, version, consumer) DO UPDATE SET last_seen = greatest(c.last_seen, excluded.last_seen)
)
INSERT INTO audit.calls AS c (day, api, version, consumer, device, shop, calls, last_seen)
SELECT $1::date, api, version, consumer, device, shop, calls, $2::timestamptz FROM told
ON CONFLICT (api, version, consumer, device, day) DO UPDATE SET calls = c.calls + excluded.calls,
    shop = excluded.shop, last_seen = greatest(c.last_seen, excluded.last_seen)

-- name: first_seen
-- The census of operations is older than that of versions.
SELECT least(
    (SELECT first_seen FROM audit.callers WHERE api = $1 AND version = $2 AND consumer = $3),
    (SELECT min(day)::timestamptz FROM audit.usage
     WHERE consumer = $3 AND operation = ANY($4::text[]) AND calls > refused)
) AS first_seen

-- name: callers
-- A page of them, with when the same last called the version that follows (NULL: none does).
WITH seen AS (
    SELECT consumer, device, max(shop) AS shop, sum(calls)::bigint AS calls, max(last_seen) AS last_seen
    FROM audit.calls
    WHERE api = $1 AND version = $2 AND day >= $3 AND (consumer, device) > ($6, $7)
    GROUP BY consumer, device ORDER BY consumer, device LIMIT $8
)
SELECT s.consumer, s.device, s.shop, s.calls, coalesce(c.first_seen, s.last_seen) AS first_seen, s.last_seen,
    (SELECT max(f.last_seen) FROM audit.calls f
     WHERE f.api = $4::text AND f.version = $5::int AND f.consumer = s.consumer AND f.device = s.device)
        AS following_seen
FROM seen s
LEFT JOIN audit.callers c ON c.api = $1 AND c.version = $2 AND c.consumer = s.consumer
ORDER BY s.consumer, s.device

-- name: last_calls
SELECT consumer, max(last_seen) AS last_seen FROM audit.callers GROUP BY consumer

-- name: used_operations
SELECT consumer, array_agg(DISTINCT operation) AS operations FROM audit.usage
WHERE day >= $1 AND calls > refused GROUP BY consumer

-- name: forget_calls
DELETE FROM audit.calls WHERE day < $1
