-- tillway: expand
-- Money that moved for orders. The id is made of provider and reference, so that both name one payment.
CREATE TABLE records.payments (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL,
    status text NOT NULL,
    content_hash bytea NOT NULL,
    violations jsonb,
    document jsonb NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 80);
CREATE INDEX payments_order ON records.payments (order_id, recorded_at);

-- What has moved for one order; what is in quarantine is not in it. `ceiling` is the most that the order ever came to:
-- its total may fall after money was taken.
CREATE TABLE records.payment_ledgers (
    order_id uuid PRIMARY KEY,
    ceiling numeric NOT NULL,
    authorised numeric NOT NULL DEFAULT 0,
    captured numeric NOT NULL DEFAULT 0,
    refunded numeric NOT NULL DEFAULT 0,
    CONSTRAINT payment_ledgers_kept CHECK (captured - refunded <= ceiling),
    CONSTRAINT payment_ledgers_given_back CHECK (refunded >= 0 AND refunded <= captured)
) WITH (fillfactor = 80);
