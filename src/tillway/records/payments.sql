-- name: open_ledger
INSERT INTO records.payment_ledgers (order_id, ceiling) VALUES ($1, $2) ON CONFLICT (order_id) DO NOTHING

-- name: lock_ledger
SELECT authorised, captured, refunded FROM records.payment_ledgers WHERE order_id = $1 FOR NO KEY UPDATE

-- name: ledger
SELECT authorised, captured, refunded FROM records.payment_ledgers WHERE order_id = $1

-- name: enter
UPDATE records.payment_ledgers SET ceiling = greatest(ceiling, $2), authorised = authorised + $3,
    captured = captured + $4, refunded = refunded + $5
WHERE order_id = $1

-- name: save_payment
INSERT INTO records.payments (id, order_id, status, content_hash, violations, document)
VALUES ($1, $2, $3, $4, $5::jsonb, $6::jsonb)

-- name: payment
SELECT id, order_id, status, content_hash, violations, document FROM records.payments WHERE id = $1

-- name: payments_of
SELECT id, order_id, status, content_hash, violations, document FROM records.payments
WHERE order_id = $1 ORDER BY recorded_at, id LIMIT $2

-- name: settle_payment
UPDATE records.payments SET status = $2, document = jsonb_set(document, '{status}', to_jsonb($2::text)),
    updated_at = clock_timestamp()
WHERE id = $1
