-- tillway: expand
-- What was asked of an order is looked up by the order; orders and sales are compared by when they were taken in: their
-- ids are drawn from the index alone.
CREATE INDEX order_changes_order ON records.order_changes (order_id);
CREATE INDEX orders_placed ON records.orders (placed_at) INCLUDE (id, shop);
CREATE INDEX sales_received ON records.sales (received_at) INCLUDE (id, shop);
