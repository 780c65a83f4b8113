-- tillway: expand
-- Up to when every change of a price by the clock (a rule begins or ends) was told, and how far the telling of the next
-- ones has come: it commits with the events, so each is told once, also by whoever goes on after a crash.
CREATE TABLE records.price_clocks (
    connection text PRIMARY KEY,
    told_until timestamptz NOT NULL,
    telling_to timestamptz,
    telling_after text NOT NULL DEFAULT ''
);
-- Sweeps that read everything anew: when the last one ended, and how far the one under way has come.
CREATE TABLE records.sweeps (
    connection text NOT NULL,
    domain text NOT NULL,
    cursor text,
    begun_at timestamptz,
    ended_at timestamptz,
    fingerprint text,
    PRIMARY KEY (connection, domain)
);
