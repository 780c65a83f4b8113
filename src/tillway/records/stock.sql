-- name: clock
SELECT clock_timestamp()

-- name: held
-- What counts for pairs of place ($1) and SKU ($2), where a first reading is complete. Shops ($3) stand beside their
-- places ($4). Expired promises do not count, whether they were swept or not.
SELECT a.place, a.sku, p.read_began_at, coalesce(l.quantity, 0) AS quantity, coalesce(l.reserved, 0) AS reserved,
    coalesce(l.promised, 0) - coalesce(expired.quantity, 0) AS promised, coalesce(claimed.quantity, 0) AS unseen
FROM unnest($1::text[], $2::text[]) AS a(place, sku)
JOIN records.stock_places AS p ON p.place = a.place AND p.swept_began_at IS NOT NULL
LEFT JOIN records.stock_levels AS l ON l.place = a.place AND l.sku = a.sku
LEFT JOIN LATERAL (
    SELECT sum(e.quantity) AS quantity FROM records.promises AS e
    WHERE e.place = a.place AND e.sku = a.sku AND e.state = 'open' AND e.expires_at <= $5
) AS expired ON true
LEFT JOIN LATERAL (
    SELECT sum(c.quantity) AS quantity FROM records.stock_claims AS c
    WHERE c.sku = a.sku
        AND c.shop = ANY(ARRAY(SELECT o.shop FROM unnest($3::text[], $4::text[]) AS o(shop, place) WHERE o.place = a.place))
) AS claimed ON true

-- name: set_aside
-- Takes the quantity out of the row if it is there; no row when it is not. Having waited for another one's promise,
-- Postgres looks at the row as that one left it. What orders and sales claim comes from the moment the statement began:
-- they wait for nobody, and one that came meanwhile counts as having come after.
UPDATE records.stock_levels AS l SET promised = l.promised + $3
WHERE l.place = $1 AND l.sku = $2
    AND l.quantity - l.reserved - l.promised - $4::numeric
        - (SELECT coalesce(sum(c.quantity), 0) FROM records.stock_claims AS c WHERE c.sku = $2 AND c.shop = ANY($5::text[]))
        >= $3::numeric
RETURNING l.quantity - l.reserved - l.promised AS left_there

-- name: save_promise
-- Fails by its check when nothing could be set aside.
INSERT INTO records.promises (id, consumer, shop, place, sku, quantity, reference, state, promised_at, expires_at,
    correlation, left_after)
SELECT $1::uuid, $2::text, $3::text, $4::text, $5::text, $6::numeric, $7::text, 'open', $8::timestamptz,
    $9::timestamptz, $10::text, coalesce((SELECT a.left_there FROM stock_set_aside AS a), -1)

-- name: promise
SELECT id, consumer, shop, sku, quantity, reference,
    CASE WHEN state = 'open' AND expires_at <= $2 THEN 'expired' ELSE state END AS state,
    promised_at, expires_at, order_id
FROM records.promises WHERE id = $1

-- name: release_promise
UPDATE records.promises SET state = 'released', ended_at = clock_timestamp()
WHERE id = $1 AND state = 'open' AND expires_at > $2
RETURNING place, shop, sku, quantity

-- name: due_promises
-- What nobody came for. Those that somebody is just at are left to them.
UPDATE records.promises SET state = 'expired', ended_at = clock_timestamp()
WHERE id = ANY(ARRAY(
    SELECT p.id FROM records.promises AS p WHERE p.state = 'open' AND p.expires_at <= $1
    ORDER BY p.expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
))
RETURNING id, place, shop, sku, quantity, correlation

-- name: due_promises_here
UPDATE records.promises SET state = 'expired', ended_at = clock_timestamp()
WHERE id = ANY(ARRAY(
    SELECT p.id FROM records.promises AS p
    WHERE p.place = $2 AND p.sku = $3 AND p.state = 'open' AND p.expires_at <= $1
    ORDER BY p.expires_at LIMIT $4 FOR UPDATE SKIP LOCKED
))
RETURNING id, place, shop, sku, quantity, correlation

-- name: lock_levels
SELECT place, sku FROM records.stock_levels
WHERE (place, sku) IN (SELECT * FROM unnest($1::text[], $2::text[])) ORDER BY place, sku FOR UPDATE

-- name: give_back
UPDATE records.stock_levels AS l SET promised = l.promised - g.quantity
FROM (
    SELECT u.place, u.sku, sum(u.quantity) AS quantity
    FROM unnest($1::text[], $2::text[], $3::numeric[]) AS u(place, sku, quantity) GROUP BY u.place, u.sku
) AS g
WHERE l.place = g.place AND l.sku = g.sku

-- name: convert_promises
UPDATE records.promises SET state = 'converted', order_id = $2, ended_at = clock_timestamp()
WHERE id = ANY($1::uuid[]) AND state = 'open' AND expires_at > $5 AND consumer = $3 AND shop = $4
RETURNING id, sku, shop, quantity

-- name: promises_named
SELECT id, consumer, shop, sku, quantity,
    CASE WHEN state = 'open' AND expires_at <= $2 THEN 'expired' ELSE state END AS state
FROM records.promises WHERE id = ANY($1::uuid[])

-- name: promised_to_order
SELECT sku, sum(quantity) AS quantity FROM records.promises WHERE order_id = $1 GROUP BY sku ORDER BY sku

-- name: save_claims
INSERT INTO records.stock_claims (source, sku, shop, kind, quantity)
SELECT c.source, c.sku, c.shop, $4::text, c.quantity
FROM unnest($1::uuid[], $2::text[], $3::text[], $5::numeric[]) AS c(source, sku, shop, quantity)
ON CONFLICT (source, sku) DO NOTHING

-- name: commit_claims
UPDATE records.stock_claims SET committed_at = clock_timestamp() WHERE source = $1 AND committed_at IS NULL

-- name: commit_promises
UPDATE records.promises SET committed_at = clock_timestamp()
WHERE order_id = $1 AND state = 'converted' AND committed_at IS NULL

-- name: drop_claims
DELETE FROM records.stock_claims WHERE source = $1

-- name: drop_converted
UPDATE records.promises SET seen_at = clock_timestamp()
WHERE order_id = $1 AND state = 'converted' AND seen_at IS NULL
RETURNING place, sku, quantity

-- name: give_back_converted
UPDATE records.stock_levels AS l SET promised = l.promised - g.quantity
FROM (
    SELECT d.place, d.sku, sum(d.quantity) AS quantity FROM stock_dropped_promises AS d GROUP BY d.place, d.sku
) AS g
WHERE l.place = g.place AND l.sku = g.sku

-- name: read_levels
-- What is held of these at a place, locked in the order in which everybody locks.
SELECT sku, quantity, reserved, read_began_at FROM records.stock_levels
WHERE place = $1 AND sku = ANY($2::text[]) ORDER BY sku FOR UPDATE

-- name: apply_levels
-- A reading that began at $5 shows all that was committed over there before: promises that orders took and claims of
-- these shops ($6) stop counting in the statement that stores what it showed.
WITH shown AS MATERIALIZED (
    SELECT * FROM unnest($2::text[], $3::numeric[], $4::numeric[]) AS r(sku, quantity, reserved)
), seen AS (
    UPDATE records.promises AS p SET seen_at = clock_timestamp() FROM shown AS r
    WHERE p.place = $1 AND p.sku = r.sku AND p.state = 'converted' AND p.seen_at IS NULL AND p.committed_at < $5
    RETURNING p.sku, p.quantity
), done AS (
    DELETE FROM records.stock_claims AS c USING shown AS r
    WHERE c.sku = r.sku AND c.shop = ANY($6::text[]) AND c.committed_at < $5
)
INSERT INTO records.stock_levels AS l (place, sku, quantity, reserved, read_began_at)
SELECT $1, r.sku, r.quantity, r.reserved, $5 FROM shown AS r ORDER BY r.sku
ON CONFLICT (place, sku) DO UPDATE SET quantity = excluded.quantity, reserved = excluded.reserved,
    read_began_at = excluded.read_began_at,
    promised = l.promised - coalesce((SELECT sum(s.quantity) FROM seen AS s WHERE s.sku = excluded.sku), 0)
WHERE l.read_began_at <= excluded.read_began_at

-- name: not_named
-- What a sweep that began at $2 did not name, and is held here as if it were.
SELECT sku FROM records.stock_levels
WHERE place = $1 AND sku > $3 AND read_began_at < $2 AND (quantity <> 0 OR reserved <> 0) ORDER BY sku LIMIT $4

-- name: waiting_to_be_seen
-- SKUs whose sale or reservation is committed over there, as far as we know, and was not seen here yet.
SELECT c.sku FROM records.stock_claims AS c WHERE c.shop = ANY($1::text[]) AND c.committed_at IS NOT NULL
UNION
SELECT p.sku FROM records.promises AS p
WHERE p.place = $2 AND p.state = 'converted' AND p.seen_at IS NULL AND p.committed_at IS NOT NULL
ORDER BY 1 LIMIT $3

-- name: place
SELECT read_began_at, swept_began_at FROM records.stock_places WHERE place = $1

-- name: place_read
-- How far back what is known of a place reaches; never back in time.
INSERT INTO records.stock_places AS p (place, read_began_at, swept_began_at)
VALUES ($1, $2::timestamptz, CASE WHEN $3::bool THEN $2::timestamptz END)
ON CONFLICT (place) DO UPDATE SET read_began_at = greatest(p.read_began_at, excluded.read_began_at),
    swept_began_at = coalesce(greatest(p.swept_began_at, excluded.swept_began_at), p.swept_began_at)

-- name: forget_promises
DELETE FROM records.promises WHERE id = ANY(ARRAY(
    SELECT p.id FROM records.promises AS p
    WHERE p.ended_at < $1 AND (p.state <> 'converted' OR p.seen_at IS NOT NULL) LIMIT $2
))

-- name: save_adjustment
INSERT INTO records.adjustments (id, consumer, shop, state, document) VALUES ($1, $2, $3, 'recorded', $4::jsonb)

-- name: adjustment
SELECT consumer, shop, state, document FROM records.adjustments WHERE id = $1

-- name: settle_adjustment
UPDATE records.adjustments SET state = $2, updated_at = clock_timestamp() WHERE id = $1

-- name: save_transfer
INSERT INTO records.transfers (id, consumer, shop, destination, state, document)
VALUES ($1, $2, $3, $4, 'recorded', $5::jsonb)

-- name: transfer
SELECT consumer, shop, destination, state, document FROM records.transfers WHERE id = $1

-- name: settle_transfer
UPDATE records.transfers SET state = $2, updated_at = clock_timestamp() WHERE id = $1

-- name: levels_of_place
SELECT sku, quantity FROM records.stock_levels WHERE place = $1 AND sku > $2 ORDER BY sku LIMIT $3

-- name: quantity
SELECT quantity FROM records.stock_levels WHERE place = $1 AND sku = $2
