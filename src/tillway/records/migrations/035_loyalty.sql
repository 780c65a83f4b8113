-- tillway: expand
-- Cards that were asked about, and every movement on them. What may be spent is `points` (what the back office was last
-- seen to hold) and `pending` (the sum of our movements that are not there yet); both change in one row, under its lock.
CREATE TABLE records.loyalty_cards (
    id uuid PRIMARY KEY,
    connection text NOT NULL,
    company text NOT NULL,
    foreign_id text NOT NULL,
    programme text NOT NULL,
    kind text NOT NULL,
    unit text,
    customer text,
    -- A digest that only this hub can make: the code itself can be spent, so it is not kept.
    code_digest text NOT NULL,
    points numeric NOT NULL,
    pending numeric NOT NULL DEFAULT 0,
    opening numeric NOT NULL,
    -- The movement that is being brought to the back office: one at a time, because a balance is set there absolutely.
    in_hand uuid,
    active bool NOT NULL,
    expires_on date,
    -- When a movement of ours was last taken in hand or settled: what was read there before that is not believed.
    touched_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    read_at timestamptz NOT NULL
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX loyalty_cards_foreign ON records.loyalty_cards (connection, foreign_id);
CREATE INDEX loyalty_cards_code ON records.loyalty_cards (connection, code_digest);
CREATE INDEX loyalty_cards_customer ON records.loyalty_cards (connection, customer) WHERE customer IS NOT NULL;

CREATE TABLE records.loyalty_movements (
    id uuid PRIMARY KEY,
    card uuid NOT NULL REFERENCES records.loyalty_cards,
    -- Drawn under the card's lock: the order in which movements of a card were taken.
    number bigint GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL,
    points numeric NOT NULL,
    status text NOT NULL,
    consumer text,
    shop text,
    reference text,
    reason text,
    reverses uuid,
    made_at timestamptz NOT NULL,
    settled_at timestamptz
) WITH (fillfactor = 80);
CREATE INDEX loyalty_movements_card ON records.loyalty_movements (card, number);
CREATE INDEX loyalty_movements_pending ON records.loyalty_movements (card, number) WHERE status = 'pending';
-- The asker's reference has one effect on a card, and a movement is taken back once.
CREATE UNIQUE INDEX loyalty_movements_reference ON records.loyalty_movements (card, consumer, reference)
    WHERE reference IS NOT NULL;
CREATE UNIQUE INDEX loyalty_movements_reverses ON records.loyalty_movements (reverses)
    WHERE reverses IS NOT NULL AND status <> 'cancelled';
