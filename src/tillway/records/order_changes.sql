-- name: hold_order
-- No other change of the order is decided meanwhile. What it is decided by is read by a statement of its own: this one
-- may have waited, and would show other tables as they were before.
SELECT id FROM records.orders WHERE id = $1 FOR NO KEY UPDATE

-- name: held_order
SELECT o.consumer, o.document, o.status, o.invoiced_at IS NOT NULL AS invoiced,
    coalesce(o.last_line, jsonb_array_length(o.document -> 'lines')) AS last_line,
    (SELECT kind FROM records.order_changes c WHERE c.order_id = o.id AND c.status IN ('asked', 'exception')) AS changing,
    EXISTS (SELECT FROM records.sold_lines s WHERE s.sold = o.id AND s.authorised > 0) AS returned
FROM records.orders o WHERE o.id = $1

-- name: save_change
INSERT INTO records.order_changes (id, order_id, kind, status, asked_at, reason, amended)
VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb)

-- name: change
SELECT id, order_id, kind, status, asked_at, reason, detail, amended FROM records.order_changes WHERE id = $1

-- name: settle_change
UPDATE records.order_changes SET status = $2, detail = $3, updated_at = clock_timestamp() WHERE id = $1

-- name: amend_order
UPDATE records.orders SET document = $2::jsonb, last_line = $3, updated_at = clock_timestamp() WHERE id = $1

-- name: invoice_order
UPDATE records.orders SET invoiced_at = clock_timestamp(), updated_at = clock_timestamp() WHERE id = $1

-- name: orders_of
SELECT document, placed_at, id FROM records.orders
WHERE consumer = $1 AND (placed_at, id) < ($2, $3) ORDER BY placed_at DESC, id DESC LIMIT $4

-- name: orders_of_by_reference
SELECT document, placed_at, id FROM records.orders
WHERE reference = $5 AND consumer = $1 AND (placed_at, id) < ($2, $3) ORDER BY placed_at DESC, id DESC LIMIT $4
