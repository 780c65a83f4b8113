-- name: lock_customer_keys
-- Whoever creates or changes a customer with one of these keys waits here; $1 is sorted, so that no two wait in a ring.
SELECT pg_advisory_xact_lock(hashtextextended(digest, 0)) FROM unnest($1::text[]) AS digest

-- name: customer
-- The customer of an id; of one that was merged, the one that it became.
SELECT s.id, s.status, s.version, s.delivered, s.document, c.merged_into
FROM records.customers c JOIN records.customers s ON s.id = coalesce(c.merged_into, c.id)
WHERE c.id = $1

-- name: lock_customers
-- In the order of their ids, so that no two wait for each other.
SELECT id, status, merged_into, version, delivered, document FROM records.customers WHERE id = ANY($1::uuid[])
ORDER BY id FOR UPDATE

-- name: customers_by_keys
SELECT DISTINCT ON (c.id) c.id, c.status, c.version, c.delivered, c.document
FROM records.customer_keys k JOIN records.customers c ON c.id = k.customer
WHERE k.digest = ANY($1::text[]) AND c.status = 'active' AND c.connection = ANY($2::text[])
ORDER BY c.id LIMIT $3

-- name: save_customers
INSERT INTO records.customers (id, connection, status, version, delivered, document)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::int[], $6::jsonb[])
ON CONFLICT (id) DO UPDATE SET connection = excluded.connection, status = excluded.status, version = excluded.version,
    delivered = greatest(records.customers.delivered, excluded.delivered), document = excluded.document,
    updated_at = clock_timestamp()

-- name: drop_customer_keys
DELETE FROM records.customer_keys WHERE customer = ANY($1::uuid[])

-- name: save_customer_keys
INSERT INTO records.customer_keys (digest, customer, kind) SELECT * FROM unnest($1::text[], $2::uuid[], $3::text[])
ON CONFLICT DO NOTHING

-- name: merge_customers
-- Those that were merged into one of these before go along.
UPDATE records.customers SET merged_into = $1, status = 'merged', document = document || '{"personal": null}',
    updated_at = clock_timestamp()
WHERE id = ANY($2::uuid[]) OR merged_into = ANY($2::uuid[])

-- name: customer_delivered
UPDATE records.customers SET delivered = greatest(delivered, $2) WHERE id = $1

-- name: erase_customers
UPDATE records.customers SET status = 'erased', document = document || '{"personal": null, "status": "erased"}',
    updated_at = clock_timestamp()
WHERE id = ANY($1::uuid[]) OR merged_into = ANY($1::uuid[])

-- name: customers_with_keys
SELECT DISTINCT customer FROM records.customer_keys WHERE digest = ANY($1::text[])

-- name: customers_there
-- What these foreign records are to us.
SELECT l.theirs, c.id, c.status, c.version, c.delivered, c.document, c.merged_into
FROM records.links l JOIN records.customers c ON c.id = l.ours::uuid
WHERE l.kind = 'customer' AND l.connection = $1 AND l.theirs = ANY($2::text[])
ORDER BY c.id FOR UPDATE OF c

-- name: customers_named
-- Customers by ids that the far side carries; merged ones as what they became.
SELECT c.id AS asked, s.id, s.status, s.version, s.delivered, s.document, s.merged_into
FROM records.customers c JOIN records.customers s ON s.id = coalesce(c.merged_into, c.id)
WHERE c.id = ANY($1::uuid[])
ORDER BY s.id FOR UPDATE OF s

-- name: customers_unlinked
-- Customers with one of these keys whom nobody over there stands for yet.
SELECT k.digest, c.id, c.status, c.version, c.delivered, c.document, c.merged_into
FROM records.customer_keys k JOIN records.customers c ON c.id = k.customer
WHERE k.digest = ANY($1::text[]) AND c.status = 'active' AND c.connection = $2
  AND NOT EXISTS (SELECT FROM records.links l WHERE l.kind = 'customer' AND l.ours = c.id::text AND l.connection = $2)
ORDER BY c.id FOR UPDATE OF c

-- name: link_customers
INSERT INTO records.links (kind, ours, connection, theirs, name)
SELECT 'customer', ours, $1, theirs, '' FROM unnest($2::text[], $3::text[]) AS each(ours, theirs)
ON CONFLICT (kind, ours, connection) DO UPDATE SET theirs = excluded.theirs

-- name: customer_links
-- Foreign ids of the customers alive on a connection, a page at a time.
SELECT l.ours, l.theirs FROM records.links l JOIN records.customers c ON c.id = l.ours::uuid
WHERE l.kind = 'customer' AND l.connection = $1 AND l.ours > $2 AND c.status = 'active'
ORDER BY l.ours LIMIT $3

-- name: customers_of
-- Who stands behind a foreign record, other than these.
SELECT l.ours FROM records.links l JOIN records.customers c ON c.id = l.ours::uuid
WHERE l.kind = 'customer' AND l.connection = $1 AND l.theirs = $2 AND c.merged_into IS NULL AND c.status <> 'erased' AND l.ours <> $3

-- name: duplicate_customers
SELECT kind, array_agg(customer ORDER BY customer) AS customers FROM records.customer_keys
WHERE kind IN ('email', 'reference') GROUP BY digest, kind HAVING count(*) > 1 ORDER BY min(customer::text) LIMIT $1

-- name: customer_ids
SELECT id FROM records.customers WHERE connection = $1 AND id > $2 AND merged_into IS NULL ORDER BY id LIMIT $3

-- name: customers_to_compare
-- With who stands for them over there, and the first of all who share that record. Whoever is erased counts where nobody
-- else is behind the record.
SELECT c.id, c.status, c.version, c.delivered, c.document, c.merged_into, c.updated_at, l.theirs,
    coalesce(alive.first, c.id::text) AS key
FROM records.customers c
LEFT JOIN records.links l ON l.kind = 'customer' AND l.connection = $1 AND l.ours = c.id::text
LEFT JOIN LATERAL (SELECT min(o.ours) AS first FROM records.links o JOIN records.customers a ON a.id = o.ours::uuid
    WHERE o.kind = 'customer' AND o.connection = $1 AND o.theirs = l.theirs AND a.merged_into IS NULL
        AND a.status <> 'erased') AS alive ON true
WHERE c.id = ANY($2::uuid[]) AND c.merged_into IS NULL AND (c.status <> 'erased' OR alive.first IS NULL)
ORDER BY c.id

-- name: customers_behind
-- Which of ours each foreign record is, those who were merged as what they became; and when ours changed last.
SELECT l.theirs, coalesce(min(coalesce(c.merged_into, c.id)::text) FILTER (WHERE c.status <> 'erased'),
    min(coalesce(c.merged_into, c.id)::text)) AS key, max(c.updated_at) AS changed_at
FROM records.links l JOIN records.customers c ON c.id = l.ours::uuid
WHERE l.kind = 'customer' AND l.connection = $1 AND l.theirs = ANY($2::text[]) GROUP BY l.theirs

-- name: customers_marked
-- Ours by an id that a foreign record carries.
SELECT id::text AS asked, coalesce(merged_into, id)::text AS key, updated_at AS changed_at
FROM records.customers WHERE id = ANY($1::uuid[]) AND connection = $2

-- name: shared_customer_keys
-- A page of what several customers share.
SELECT digest, min(kind) AS kind FROM records.customer_keys
WHERE digest > $1 AND kind IN ('email', 'phone', 'vat') GROUP BY digest HAVING count(*) > 1 ORDER BY digest LIMIT $2

-- name: customers_sharing
-- The foreign records behind those who share; a tax number is one company's, with all who buy for it.
SELECT k.digest, k.kind, array_agg(DISTINCT l.theirs) AS theirs
FROM records.customer_keys k
JOIN records.customers c ON c.id = k.customer AND c.status = 'active' AND c.connection = $1
JOIN records.links l ON l.kind = 'customer' AND l.connection = $1 AND l.ours = c.id::text
WHERE k.digest = ANY($2::text[]) AND (k.kind <> 'vat' OR (c.document ->> 'company')::bool)
GROUP BY k.digest, k.kind HAVING count(DISTINCT l.theirs) > 1
