-- name: save_products
INSERT INTO records.products (sku, connection, variant, template, gtin, active, hash, document)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bool[], $7::bytea[], $8::jsonb[])
ON CONFLICT (sku) DO UPDATE SET connection = excluded.connection, variant = excluded.variant,
    template = excluded.template, gtin = excluded.gtin, active = excluded.active, hash = excluded.hash,
    document = excluded.document, updated_at = clock_timestamp()

-- name: lock_products
-- What is held under these codes, and under other codes of these variants: a code may have been changed over there.
SELECT sku, connection, hash, document FROM records.products
WHERE sku = ANY($1::text[]) OR (connection = $2 AND variant = ANY($3::text[]) AND active)
ORDER BY sku FOR UPDATE

-- name: products_by_sku
SELECT document FROM records.products WHERE sku = ANY($1::text[])

-- name: products_by_gtin
SELECT document FROM records.products WHERE gtin = $1 AND active ORDER BY sku LIMIT $2

-- name: products_page
SELECT document FROM records.products WHERE sku > $1 AND active ORDER BY sku LIMIT $2

-- name: products_matching
-- Active products whose code or name has a word that begins with each of those asked for.
SELECT document FROM records.products
WHERE active AND to_tsvector('simple', sku || ' ' || (document ->> 'name')) @@ to_tsquery('simple', $1) AND sku > $2
ORDER BY sku LIMIT $3

-- name: products_of
SELECT document FROM records.products WHERE connection = $1 AND sku > $2 ORDER BY sku LIMIT $3

-- name: variants_of
SELECT sku, variant FROM records.products WHERE connection = $1 AND active AND variant > $2 ORDER BY variant LIMIT $3

-- name: save_price_list
INSERT INTO records.price_lists (id, connection, hash, document, previous) VALUES ($1, $2, $3, $4::jsonb, $5::jsonb)
ON CONFLICT (id) DO UPDATE SET connection = excluded.connection, hash = excluded.hash, document = excluded.document,
    previous = excluded.previous, updated_at = clock_timestamp()

-- name: price_list
SELECT document FROM records.price_lists WHERE id = $1

-- name: price_lists_of
SELECT document FROM records.price_lists WHERE connection = $1 ORDER BY id

-- name: price_list_state
SELECT document, previous FROM records.price_lists WHERE id = $1

-- name: save_taxes
INSERT INTO records.taxes (connection, id, place, document)
SELECT $1, * FROM unnest($2::text[], $3::int[], $4::jsonb[])
ON CONFLICT (connection, id) DO UPDATE SET place = excluded.place, document = excluded.document

-- name: drop_taxes
-- Those of a connection that are not among the ones it has.
DELETE FROM records.taxes WHERE connection = $1 AND id <> ALL ($2::text[])

-- name: taxes
SELECT document FROM records.taxes ORDER BY connection, place

-- name: save_order
INSERT INTO records.orders (id, consumer, shop, reference, status, placed_at, document)
VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb)

-- name: settle_order
UPDATE records.orders SET status = $2, document = jsonb_set(document, '{status}', to_jsonb($2::text)),
    updated_at = clock_timestamp()
WHERE id = $1

-- name: order
SELECT consumer, document FROM records.orders WHERE id = $1

-- name: orders_by_reference
SELECT id FROM records.orders WHERE reference = $1 ORDER BY placed_at DESC LIMIT $2

-- name: save_sales
-- The first sale of an identity is kept; a repeated one comes back in no row.
INSERT INTO records.sales (id, consumer, till, epoch, sequence, shop, business_day, status, owner, violations,
    content_hash, document, device)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::date[], $8::text[],
    $9::text[], $10::jsonb[], $11::bytea[], $12::jsonb[], $13::text[])
ON CONFLICT (id) DO NOTHING
RETURNING id

-- name: sales_content
SELECT id, content_hash, status, violations FROM records.sales WHERE id = ANY($1::uuid[])

-- name: settle_sale
UPDATE records.sales SET status = $2, updated_at = clock_timestamp() WHERE id = $1

-- name: sale
SELECT id, consumer, till, epoch, sequence, shop, business_day, status, owner, violations,
    coalesce(corrected, document) AS document, received_at
FROM records.sales WHERE id = $1

-- name: quarantined
SELECT id, consumer, shop, till, epoch, sequence, business_day, owner, violations, received_at,
    document ->> 'gross' AS gross, document ->> 'currency' AS currency
FROM records.sales WHERE status = 'quarantined' ORDER BY received_at LIMIT $1

-- name: quarantined_one
SELECT id, consumer, shop, till, epoch, sequence, business_day, owner, violations, received_at, status,
    document ->> 'gross' AS gross, document ->> 'currency' AS currency, document
FROM records.sales WHERE id = $1

-- name: release_sale
UPDATE records.sales SET status = 'recorded', corrected = $2::jsonb, note = $3, till = $4, epoch = $5, sequence = $6,
    shop = $7, business_day = $8, updated_at = clock_timestamp()
WHERE id = $1 AND status = 'quarantined'
RETURNING id

-- name: close_sale
UPDATE records.sales SET status = 'closed', note = $2, updated_at = clock_timestamp()
WHERE id = $1 AND status = 'quarantined'
RETURNING id

-- name: sale_by_sequence
SELECT id FROM records.sales WHERE till = $1 AND epoch = $2 AND sequence = $3 LIMIT 1

-- name: save_link
INSERT INTO records.links (kind, ours, connection, theirs, name) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (kind, ours, connection) DO UPDATE SET theirs = excluded.theirs, name = excluded.name

-- name: link
SELECT theirs, name FROM records.links WHERE kind = $1 AND ours = $2 AND connection = $3

-- name: linked_by_name
SELECT kind, ours FROM records.links WHERE name = $1 LIMIT $2

-- name: refresh
SELECT cursor, fingerprint, loaded, read_at FROM records.refreshes WHERE connection = $1 AND domain = $2

-- name: save_refresh
INSERT INTO records.refreshes (connection, domain, cursor, fingerprint, loaded, read_at)
VALUES ($1, $2, $3, $4, $5, clock_timestamp())
ON CONFLICT (connection, domain) DO UPDATE SET cursor = excluded.cursor, fingerprint = excluded.fingerprint,
    loaded = excluded.loaded, read_at = excluded.read_at

-- name: refreshes
SELECT connection, domain, loaded, read_at FROM records.refreshes

-- name: keep_lease
-- Takes or renews the right to refresh a connection; no row when another node has it.
INSERT INTO records.refreshers AS r (connection, node, expires_at)
VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
ON CONFLICT (connection) DO UPDATE SET node = excluded.node, expires_at = excluded.expires_at
WHERE r.node = excluded.node OR r.expires_at < clock_timestamp()
RETURNING connection

-- name: price_clock
SELECT told_until, telling_to, telling_after FROM records.price_clocks WHERE connection = $1

-- name: start_price_clock
INSERT INTO records.price_clocks (connection, told_until) VALUES ($1, $2)
ON CONFLICT (connection) DO NOTHING
RETURNING connection

-- name: lock_price_clock
SELECT told_until, telling_to, telling_after FROM records.price_clocks WHERE connection = $1 FOR UPDATE

-- name: move_price_clock
UPDATE records.price_clocks SET told_until = $2, telling_to = $3, telling_after = $4 WHERE connection = $1

-- name: lock_products_of
SELECT document FROM records.products WHERE sku = ANY($1::text[]) AND connection = $2 ORDER BY sku FOR UPDATE

-- name: sweep
SELECT cursor, begun_at, ended_at, fingerprint FROM records.sweeps WHERE connection = $1 AND domain = $2

-- name: save_sweep
INSERT INTO records.sweeps (connection, domain, cursor, begun_at, ended_at, fingerprint)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (connection, domain) DO UPDATE SET cursor = excluded.cursor, begun_at = excluded.begun_at,
    ended_at = excluded.ended_at, fingerprint = excluded.fingerprint

-- name: orders_in_span
-- Ids alone, many at once: each page is sorted out of the whole span.
SELECT id FROM records.orders
WHERE id > $1 AND shop = ANY($2::text[]) AND placed_at >= $3 AND placed_at < $4 ORDER BY id LIMIT $5

-- name: orders_to_compare
-- But for those that people made over there: they carry no id of ours that a list there could show.
SELECT id, shop, status, placed_at, reference, document ->> 'gross' AS gross, document ->> 'currency' AS currency,
    jsonb_array_length(document -> 'lines') AS line_count
FROM records.orders WHERE id = ANY($1::uuid[]) AND consumer <> $2 ORDER BY id

-- name: orders_known
SELECT id, shop, placed_at AS at, status FROM records.orders WHERE id = ANY($1::uuid[])

-- name: sales_in_span
SELECT id FROM records.sales
WHERE id > $1 AND shop = ANY($2::text[]) AND received_at >= $3 AND received_at < $4 ORDER BY id LIMIT $5

-- name: sales_to_compare
SELECT id, shop, till, epoch, sequence, status, received_at, coalesce(corrected, document) ->> 'gross' AS gross,
    coalesce(corrected, document) ->> 'currency' AS currency
FROM records.sales WHERE id = ANY($1::uuid[]) AND status <> 'quarantined' ORDER BY id

-- name: sales_known
SELECT id, shop, received_at AS at, status FROM records.sales WHERE id = ANY($1::uuid[])

-- name: products_sampled
-- About so many products, chosen by whole blocks: cheap among millions, another choice for each seed.
SELECT sku, document FROM records.products TABLESAMPLE SYSTEM ($2) REPEATABLE ($3)
WHERE connection = $1 AND active LIMIT $4

-- name: products_estimated
SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = 'records.products'::regclass

-- name: open_findings
-- Only what differs is written: a page is read often and mostly says the same.
INSERT INTO records.data_findings AS f (connection, foreign_id, kind, sku, left_out, detail)
SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::bool[], $6::text[])
ON CONFLICT (connection, foreign_id, kind) WHERE ended_at IS NULL DO UPDATE SET sku = excluded.sku,
    left_out = excluded.left_out, detail = excluded.detail
WHERE (f.sku, f.left_out, f.detail) IS DISTINCT FROM (excluded.sku, excluded.left_out, excluded.detail)

-- name: end_findings
-- Of the records that were read, what was not found again.
UPDATE records.data_findings AS f SET ended_at = clock_timestamp()
WHERE f.connection = $1 AND f.foreign_id = ANY($2::text[]) AND f.ended_at IS NULL AND f.domain = 'products'
    AND NOT EXISTS (SELECT FROM unnest($3::text[], $4::text[]) AS n (foreign_id, kind)
        WHERE n.foreign_id = f.foreign_id AND n.kind = f.kind)

-- name: open_customer_findings
INSERT INTO records.data_findings AS f (connection, foreign_id, kind, left_out, detail, domain)
SELECT $1, n.foreign_id, n.kind, false, n.detail, 'customers'
FROM unnest($2::text[], $3::text[], $4::text[]) AS n (foreign_id, kind, detail)
ON CONFLICT (connection, foreign_id, kind) WHERE ended_at IS NULL DO UPDATE SET detail = excluded.detail
WHERE f.detail <> excluded.detail

-- name: customer_findings_open
SELECT id, foreign_id, kind FROM records.data_findings
WHERE connection = $1 AND id > $2 AND ended_at IS NULL AND domain = 'customers' ORDER BY id LIMIT $3

-- name: end_findings_of
UPDATE records.data_findings SET ended_at = clock_timestamp() WHERE id = ANY($1::bigint[]) AND ended_at IS NULL

-- name: left_out_records
SELECT DISTINCT foreign_id FROM records.data_findings
WHERE connection = $1 AND ended_at IS NULL AND left_out AND foreign_id > $2 ORDER BY foreign_id LIMIT $3

-- name: findings_page
SELECT * FROM records.data_findings
WHERE ended_at IS NULL AND ($1::text IS NULL OR connection = $1) AND ($2::text IS NULL OR kind = $2)
    AND ($3::text IS NULL OR sku = $3) AND id > $4 ORDER BY id LIMIT $5

-- name: findings_ended_page
SELECT * FROM records.data_findings
WHERE ended_at IS NOT NULL AND ($1::text IS NULL OR connection = $1) AND ($2::text IS NULL OR kind = $2)
    AND ($3::text IS NULL OR sku = $3) AND id > $4 ORDER BY id LIMIT $5

-- name: findings_counted
SELECT kind, count(*) AS count FROM records.data_findings
WHERE ended_at IS NULL AND ($1::text IS NULL OR connection = $1) GROUP BY kind ORDER BY kind

-- name: begin_sweep
-- One that is under way goes on: it has read what it has read.
-- What was never read is about to be read whole; of a domain that is read company by company, each has its own.
INSERT INTO records.sweeps AS s (connection, domain, begun_at)
SELECT r.connection, r.domain, clock_timestamp() FROM records.refreshes AS r
WHERE r.connection = $1 AND split_part(r.domain, '/', 1) = $2
ON CONFLICT (connection, domain) DO UPDATE SET begun_at = excluded.begun_at, cursor = NULL WHERE s.begun_at IS NULL

-- name: synced
SELECT r.connection, r.domain, r.loaded, r.read_at, s.begun_at, s.ended_at
FROM records.refreshes AS r LEFT JOIN records.sweeps AS s USING (connection, domain)
ORDER BY r.connection, r.domain

-- name: sweeps
-- Those that come round by themselves: they know by what. What was only asked for once is never late.
SELECT connection, domain, ended_at FROM records.sweeps WHERE fingerprint IS NOT NULL ORDER BY connection, domain
