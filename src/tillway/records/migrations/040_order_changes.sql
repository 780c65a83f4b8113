-- tillway: expand
-- Changes that were asked of orders, one open at a time; `amended` is the order as it shall be, sealed like the order.
CREATE TABLE records.order_changes (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL,
    kind text NOT NULL,
    status text NOT NULL,
    asked_at timestamptz NOT NULL,
    reason text,
    detail text,
    amended jsonb,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE UNIQUE INDEX order_changes_open ON records.order_changes (order_id) WHERE status IN ('asked', 'exception');

-- When it was invoiced, and the highest number that a line of it ever had: a line's number is its name over there.
ALTER TABLE records.orders ADD COLUMN invoiced_at timestamptz;
ALTER TABLE records.orders ADD COLUMN last_line int;

-- A consumer's own orders are listed newest first.
CREATE INDEX orders_consumer ON records.orders (consumer, placed_at DESC, id DESC);
