-- tillway: expand
-- Who is told what, and what became of each delivery. How far a subscription is stands in the journal, as for every
-- follower; its name there is `webhook <id>`.

CREATE SCHEMA subscriptions;

CREATE TABLE subscriptions.subscriptions (
    id text PRIMARY KEY,
    -- 'api': made by the consumer. 'landscape': declared there; url and types are copies, the secret never is.
    origin text NOT NULL CHECK (origin IN ('api', 'landscape')),
    consumer text NOT NULL,
    types text[] NOT NULL,
    kind text NOT NULL,
    url text NOT NULL,
    -- Newest first; a delivery is signed with each, so that a receiver may change over in its own time.
    secrets text[] NOT NULL DEFAULT '{}',
    status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'disabled')),
    reason text,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX subscriptions_consumer ON subscriptions.subscriptions (consumer);

-- One row an event and subscription from its first attempt on; removed after a time (see `KEPT`).
CREATE TABLE subscriptions.deliveries (
    subscription text NOT NULL,
    event_id uuid NOT NULL,
    position bigint NOT NULL,
    attempts int NOT NULL,
    -- Of the last attempt; null: there was no answer.
    status_code int,
    failure text,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    delivered_at timestamptz,
    PRIMARY KEY (subscription, event_id)
) WITH (fillfactor = 80);
CREATE INDEX deliveries_event ON subscriptions.deliveries (event_id);
CREATE INDEX deliveries_first_at ON subscriptions.deliveries USING brin (first_at);
