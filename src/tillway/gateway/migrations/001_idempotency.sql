-- tillway: expand
-- Answers by Idempotency-Key, written in the transaction of the effect they tell of.

CREATE SCHEMA gateway;

CREATE TABLE gateway.idempotency (
    consumer text NOT NULL,
    key text NOT NULL,
    -- SHA-256 of operation, path and body: the same key with other content is refused.
    fingerprint bytea NOT NULL,
    status smallint NOT NULL,
    headers jsonb NOT NULL,
    body bytea,
    kept_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT idempotency_pkey PRIMARY KEY (consumer, key)
);
CREATE INDEX idempotency_kept_at ON gateway.idempotency (kept_at);
