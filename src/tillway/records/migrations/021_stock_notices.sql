-- tillway: expand
-- Counts and transfers on their way to the back office.
CREATE TABLE records.adjustments (
    id uuid PRIMARY KEY,
    consumer text NOT NULL,
    shop text NOT NULL,
    state text NOT NULL,
    document jsonb NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE records.transfers (
    id uuid PRIMARY KEY,
    consumer text NOT NULL,
    shop text NOT NULL,
    destination text NOT NULL,
    state text NOT NULL,
    document jsonb NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
