-- name: claim_documents
-- A row for each, in one order: of two who read the same at once, the second waits here and then sees what was decided.
INSERT INTO records.documents (connection, kind, theirs)
SELECT $1, $2, named.theirs FROM unnest($3::text[]) AS named (theirs) ORDER BY named.theirs
ON CONFLICT DO NOTHING

-- name: lock_documents
SELECT theirs, hash, mark FROM records.documents
WHERE connection = $1 AND kind = $2 AND theirs = ANY($3::text[]) ORDER BY theirs FOR UPDATE

-- name: save_documents
UPDATE records.documents AS kept
SET hash = new.hash, mark = new.mark, waiting = new.waiting, updated_at = clock_timestamp()
FROM unnest($3::text[], $4::bytea[], $5::text[], $6::jsonb[]) AS new (theirs, hash, mark, waiting)
WHERE kept.connection = $1 AND kept.kind = $2 AND kept.theirs = new.theirs

-- name: waiting_documents
SELECT waiting FROM records.documents
WHERE connection = $1 AND kind = $2 AND waiting IS NOT NULL ORDER BY updated_at LIMIT $3

-- name: orders_linked
-- Our ids of orders that are linked to these of theirs.
SELECT theirs, ours FROM records.links WHERE kind = 'order' AND connection = $1 AND theirs = ANY($2::text[])

-- name: orders_unlinked
-- Which of these are orders of ours that are linked to none of theirs yet.
SELECT id FROM records.orders AS held
WHERE id = ANY($2::uuid[]) AND NOT EXISTS (
    SELECT FROM records.links
    WHERE links.kind = 'order' AND links.ours = held.id::text AND links.connection = $1
)

-- name: lock_orders
-- Nobody asks for a change of these, and none is settled, while this transaction lasts.
SELECT id, status, document, coalesce(last_line, jsonb_array_length(document -> 'lines')) AS last_line, EXISTS (
    SELECT FROM records.order_changes AS changes
    WHERE changes.order_id = held.id AND changes.status IN ('asked', 'exception')
) AS changing
FROM records.orders AS held WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE OF held

-- name: shops_of_orders
SELECT id, shop FROM records.orders WHERE id = ANY($1::uuid[])

-- name: invoicings
-- When the hub was asked to invoice these orders, and when it had done so.
SELECT order_id, asked_at, updated_at FROM records.order_changes
WHERE order_id = ANY($1::uuid[]) AND kind = 'invoice' AND status NOT IN ('asked', 'exception', 'refused')

-- name: save_orders_there
INSERT INTO records.orders AS held (id, consumer, shop, reference, status, placed_at, document, last_line)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::jsonb[], $8::int[])
ON CONFLICT (id) DO UPDATE SET status = excluded.status, document = excluded.document,
    last_line = greatest(held.last_line, excluded.last_line), updated_at = clock_timestamp()

-- name: save_links
INSERT INTO records.links (kind, ours, connection, theirs, name)
SELECT $1, new.ours, $2, new.theirs, new.name
FROM unnest($3::text[], $4::text[], $5::text[]) AS new (ours, theirs, name)
ON CONFLICT (kind, ours, connection) DO UPDATE SET theirs = excluded.theirs, name = excluded.name

-- name: shipments_held
SELECT theirs, document FROM records.shipments WHERE id = ANY($1::uuid[])

-- name: save_shipments
INSERT INTO records.shipments (id, connection, theirs, order_id, shop, milestone, document)
SELECT new.id, $1, new.theirs, new.order_id, new.shop, new.milestone, new.document
FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::jsonb[])
    AS new (id, theirs, order_id, shop, milestone, document)
ON CONFLICT (id) DO UPDATE SET order_id = excluded.order_id, shop = excluded.shop, milestone = excluded.milestone,
    document = excluded.document, updated_at = clock_timestamp()

-- name: shipment
SELECT document FROM records.shipments WHERE id = $1

-- name: shipments_of_order
SELECT id, updated_at, document FROM records.shipments
WHERE order_id = $1 AND ($2::text[] IS NULL OR shop = ANY($2)) AND updated_at >= $3 AND (updated_at, id) > ($4, $5)
ORDER BY updated_at, id LIMIT $6

-- name: shipments_of_shop
SELECT id, updated_at, document FROM records.shipments
WHERE shop = $1 AND ($2::text[] IS NULL OR shop = ANY($2)) AND updated_at >= $3 AND (updated_at, id) > ($4, $5)
ORDER BY updated_at, id LIMIT $6

-- name: shipments_changed
SELECT id, updated_at, document FROM records.shipments
WHERE ($1::text[] IS NULL OR shop = ANY($1)) AND updated_at >= $2 AND (updated_at, id) > ($3, $4)
ORDER BY updated_at, id LIMIT $5

-- name: sales_known
-- Receipts that came another way: ours, or known already.
SELECT id FROM records.sales WHERE id = ANY($1::uuid[])

-- name: save_sales_there
INSERT INTO records.sales (id, consumer, till, epoch, sequence, shop, business_day, status, content_hash, document)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::date[], $8::text[],
    $9::bytea[], $10::jsonb[])
ON CONFLICT (id) DO NOTHING
RETURNING id
