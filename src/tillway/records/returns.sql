-- name: open_lines
-- In the order of their numbers, so that two that return parts of the same never wait for each other in a ring.
INSERT INTO records.sold_lines (sold, line, quantity)
SELECT $1, u.line, u.quantity FROM unnest($2::int[], $3::numeric[]) AS u(line, quantity) ORDER BY u.line
ON CONFLICT (sold, line) DO NOTHING

-- name: lock_lines
SELECT line, quantity, authorised, received, credited, refunded FROM records.sold_lines
WHERE sold = $1 AND line = ANY($2::int[]) ORDER BY line FOR NO KEY UPDATE

-- name: authorise
UPDATE records.sold_lines s SET authorised = s.authorised + u.quantity
FROM unnest($2::int[], $3::numeric[]) AS u(line, quantity) WHERE s.sold = $1 AND s.line = u.line

-- name: receive
-- What was authorised and did not come is free to be returned another time.
UPDATE records.sold_lines s SET authorised = s.authorised - u.missing, received = s.received + u.received
FROM unnest($2::int[], $3::numeric[], $4::numeric[]) AS u(line, received, missing)
WHERE s.sold = $1 AND s.line = u.line

-- name: credit
UPDATE records.sold_lines s SET credited = s.credited + u.quantity
FROM unnest($2::int[], $3::numeric[]) AS u(line, quantity) WHERE s.sold = $1 AND s.line = u.line

-- name: refund
-- A till gave goods' money back by itself: as far as anything can still come back it counts, the rest is excess.
UPDATE records.sold_lines s SET refunded = s.refunded + least(u.quantity, s.quantity - s.authorised - s.refunded),
    excess = s.excess + greatest(0, u.quantity - (s.quantity - s.authorised - s.refunded))
FROM unnest($2::int[], $3::numeric[]) AS u(line, quantity) WHERE s.sold = $1 AND s.line = u.line

-- name: save_return
INSERT INTO records.returns (id, sold, consumer, shop, status, authorised_at, document)
VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb)

-- name: return
SELECT document FROM records.returns WHERE id = $1

-- name: lock_return
SELECT document FROM records.returns WHERE id = $1 FOR NO KEY UPDATE

-- name: change_return
UPDATE records.returns SET status = $2, document = $3::jsonb, updated_at = clock_timestamp() WHERE id = $1

-- name: settle_return
UPDATE records.returns SET status = $2, document = jsonb_set(document, '{status}', to_jsonb($2::text)),
    updated_at = clock_timestamp()
WHERE id = $1
