-- tillway: expand
-- Customers. What tells who it is lies sealed in the document's member `personal`; they are found by digests that only
-- this hub can make. `merged_into` is always the one that remains, never another step. `delivered` is the version that
-- the back office has.
CREATE TABLE records.customers (
    id uuid PRIMARY KEY,
    connection text NOT NULL,
    status text NOT NULL,
    merged_into uuid,
    version int NOT NULL,
    delivered int NOT NULL,
    document jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 80);
CREATE INDEX customers_merged ON records.customers (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE records.customer_keys (
    digest text NOT NULL,
    customer uuid NOT NULL,
    kind text NOT NULL,
    PRIMARY KEY (digest, customer)
);
CREATE INDEX customer_keys_customer ON records.customer_keys (customer);
