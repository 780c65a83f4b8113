-- tillway: expand
-- Programmes as the back office last had them, by content: no change, no event. `in_force` is what was last told of
-- whether its days include today.
CREATE TABLE records.promotions (
    id text PRIMARY KEY,
    connection text NOT NULL,
    place int NOT NULL,
    hash bytea NOT NULL,
    document jsonb NOT NULL,
    in_force bool NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX promotions_of_connection ON records.promotions (connection, place, id);
