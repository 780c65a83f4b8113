-- tillway: expand

-- Consumers that left for good. A row outlives the landscape's entry: its id is not given away again.
CREATE TABLE identity.offboardings (
    consumer text PRIMARY KEY,
    reason text NOT NULL,
    by_whom text NOT NULL,
    since timestamptz NOT NULL,
    -- What ended with it, for whoever asks later.
    devices integer NOT NULL,
    subscriptions text[] NOT NULL
);

-- Which process enforces it since when: it says so itself.
CREATE TABLE identity.enforced (
    consumer text NOT NULL REFERENCES identity.offboardings,
    node uuid NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (consumer, node)
);
