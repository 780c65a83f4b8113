-- tillway: expand
-- What we know now. Documents are the canonical words (JSON of the retail types); columns beside them are what is
-- searched by. Every change of a row commits with the event that tells of it.

CREATE SCHEMA records;

CREATE TABLE records.products (
    sku text PRIMARY KEY,
    connection text NOT NULL,
    variant text NOT NULL,
    template text NOT NULL,
    gtin text,
    active bool NOT NULL,
    hash bytea NOT NULL,
    document jsonb NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE UNIQUE INDEX products_variant ON records.products (connection, variant);
CREATE INDEX products_gtin ON records.products (gtin) WHERE gtin IS NOT NULL;

CREATE TABLE records.price_lists (
    id text PRIMARY KEY,
    connection text NOT NULL,
    hash bytea NOT NULL,
    document jsonb NOT NULL,
    -- What was announced last, while the announcement of `document` is not complete.
    previous jsonb,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE records.orders (
    id uuid PRIMARY KEY,
    consumer text NOT NULL,
    shop text NOT NULL,
    reference text,
    status text NOT NULL,
    placed_at timestamptz NOT NULL,
    document jsonb NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 80);
CREATE INDEX orders_reference ON records.orders (reference) WHERE reference IS NOT NULL;

CREATE TABLE records.sales (
    id uuid PRIMARY KEY,
    consumer text NOT NULL,
    till text,
    epoch text,
    sequence bigint,
    shop text,
    business_day date,
    status text NOT NULL,
    owner text,
    violations jsonb,
    content_hash bytea NOT NULL,
    document jsonb NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 80);
-- Completeness of a till is asked by its sequence.
CREATE INDEX sales_till ON records.sales (till, epoch, sequence);
CREATE INDEX sales_quarantined ON records.sales (received_at) WHERE status = 'quarantined';

-- Our id of a thing to the id that an outside system knows it by.
CREATE TABLE records.links (
    kind text NOT NULL,
    ours text NOT NULL,
    connection text NOT NULL,
    theirs text NOT NULL,
    name text NOT NULL,
    linked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (kind, ours, connection)
);
CREATE INDEX links_theirs ON records.links (kind, connection, theirs);
CREATE INDEX links_name ON records.links (name);

-- How far each domain of a connection was read, and whether its first load is complete.
CREATE TABLE records.refreshes (
    connection text NOT NULL,
    domain text NOT NULL,
    cursor text,
    fingerprint text,
    loaded bool NOT NULL DEFAULT false,
    read_at timestamptz,
    PRIMARY KEY (connection, domain)
);

-- Which node refreshes a connection. Two at once do no harm, they only ask the ERP twice.
CREATE TABLE records.refreshers (
    connection text PRIMARY KEY,
    node uuid NOT NULL,
    expires_at timestamptz NOT NULL
);
