-- tillway: expand
-- What the back office held of each SKU when it was last read, what was promised of it since, and what was sold or
-- ordered and is not to be seen there yet. A place is a warehouse of a connection: several shops may sell from one.

CREATE TABLE records.stock_places (
    place text PRIMARY KEY,
    -- When the last complete reading of what changed began, and the last complete sweep. Nothing is known before one.
    read_began_at timestamptz,
    swept_began_at timestamptz
);

-- `promised` is the sum over the promises of this SKU here that are open (expired ones until they are swept) or that
-- orders took whose reservation no reading has shown. It stands in the row that whoever promises locks: a sum over
-- other rows would be as of before the wait for the lock.
CREATE TABLE records.stock_levels (
    place text NOT NULL,
    sku text NOT NULL,
    quantity numeric NOT NULL,
    reserved numeric NOT NULL,
    promised numeric NOT NULL DEFAULT 0,
    read_began_at timestamptz NOT NULL,
    PRIMARY KEY (place, sku)
) WITH (fillfactor = 70);

-- `left_after` is what could still be promised after it, by the locked row. Its check is the promise of this table:
-- never more than is held.
CREATE TABLE records.promises (
    id uuid PRIMARY KEY,
    consumer text NOT NULL,
    shop text NOT NULL,
    place text NOT NULL,
    sku text NOT NULL,
    quantity numeric NOT NULL CHECK (quantity > 0),
    reference text,
    state text NOT NULL CHECK (state IN ('open', 'released', 'expired', 'converted')),
    promised_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    order_id uuid,
    -- When we knew that the order's reservation was committed over there, and when a reading had shown it.
    committed_at timestamptz,
    seen_at timestamptz,
    correlation text NOT NULL,
    left_after numeric NOT NULL CONSTRAINT promises_never_more_than_held CHECK (left_after >= 0)
) WITH (fillfactor = 80);
CREATE INDEX promises_open ON records.promises (place, sku, expires_at) INCLUDE (quantity) WHERE state = 'open';
CREATE INDEX promises_due ON records.promises (expires_at) WHERE state = 'open';
CREATE INDEX promises_converted ON records.promises (place, sku) WHERE state = 'converted' AND seen_at IS NULL;
CREATE INDEX promises_of_order ON records.promises (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX promises_ended ON records.promises (ended_at) WHERE ended_at IS NOT NULL;

-- Sold, ordered without a promise, or sent away, and not yet seen in a reading. Gone once it is.
CREATE TABLE records.stock_claims (
    source uuid NOT NULL,
    sku text NOT NULL,
    shop text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('order', 'sale', 'transfer')),
    quantity numeric NOT NULL CHECK (quantity > 0),
    claimed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    committed_at timestamptz,
    PRIMARY KEY (source, sku)
);
CREATE INDEX stock_claims_of_sku ON records.stock_claims (sku, shop) INCLUDE (quantity);
CREATE INDEX stock_claims_committed ON records.stock_claims (shop, sku) WHERE committed_at IS NOT NULL;
