-- tillway: expand
-- Taxes on sales as each back office charges them: a few dozen rows, written whole when one of them differs.
CREATE TABLE records.taxes (
    connection text NOT NULL,
    id text NOT NULL,
    place int NOT NULL,
    document jsonb NOT NULL,
    PRIMARY KEY (connection, id)
);
