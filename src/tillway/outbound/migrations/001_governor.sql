-- tillway: expand
-- Who may call which far side just now: permits that processes hold, the limit that was found, and what is being
-- changed over there.

CREATE SCHEMA outbound;

CREATE TABLE outbound.governed (
    connection text PRIMARY KEY,
    -- The ledger: limit, who holds and who waits. Read and written whole, under this row's lock.
    ledger jsonb NOT NULL,
    kept_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50); -- a row is only ever updated in place: room for that on its page

CREATE TABLE outbound.touched (
    connection text NOT NULL,
    -- What a call is changing over there: an order, a SKU.
    key text NOT NULL,
    -- The call that does.
    call uuid NOT NULL,
    until timestamptz NOT NULL,
    CONSTRAINT touched_pkey PRIMARY KEY (connection, key)
) WITH (fillfactor = 50);
