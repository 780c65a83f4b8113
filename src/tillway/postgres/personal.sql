-- name: columns
-- Every table of a schema that has rows of its own, and its columns that hold text of any kind; one row with no column
-- for a table without.
SELECT c.oid::regclass::text AS leaf, coalesce(r.relname, c.relname)::text AS root,
    (pg_relation_size(c.oid) / current_setting('block_size')::int)::bigint AS pages,
    a.attname::text AS name, format_type(a.atttypid, NULL) AS kind
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_class r ON r.oid = pg_partition_root(c.oid)
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    AND a.atttypid IN ('text'::regtype, 'varchar'::regtype, 'json'::regtype, 'jsonb'::regtype, 'bytea'::regtype,
        'text[]'::regtype)
WHERE n.nspname = $1 AND c.relkind = 'r'
ORDER BY root, leaf, a.attnum
