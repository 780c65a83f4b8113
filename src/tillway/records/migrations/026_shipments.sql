-- tillway: expand
-- Deliveries and returns as they are now. Whoever asks for what changed goes by (updated_at, id).
CREATE TABLE records.shipments (
    id uuid PRIMARY KEY,
    connection text NOT NULL,
    theirs text NOT NULL,
    order_id uuid,
    shop text NOT NULL,
    milestone text NOT NULL,
    document jsonb NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 80);
CREATE INDEX shipments_order ON records.shipments (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX shipments_changed ON records.shipments (updated_at, id);
CREATE INDEX shipments_shop ON records.shipments (shop, updated_at, id);
