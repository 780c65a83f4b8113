-- tillway: expand
-- What comes back of what was sold. One row a line of an order or sale of which anything ever came back; the
-- constraint holds whatever happens at once. `excess`: what tills gave back beyond what could still come back, a fact.
CREATE TABLE records.sold_lines (
    sold uuid NOT NULL,
    line int NOT NULL,
    quantity numeric NOT NULL,
    authorised numeric NOT NULL DEFAULT 0,
    received numeric NOT NULL DEFAULT 0,
    credited numeric NOT NULL DEFAULT 0,
    refunded numeric NOT NULL DEFAULT 0,
    excess numeric NOT NULL DEFAULT 0,
    PRIMARY KEY (sold, line),
    CONSTRAINT sold_lines_conserved CHECK (
        0 <= credited AND credited <= received AND received <= authorised
        AND 0 <= refunded AND 0 <= excess AND authorised + refunded <= quantity
    )
) WITH (fillfactor = 80);

CREATE TABLE records.returns (
    id uuid PRIMARY KEY,
    sold uuid NOT NULL,
    consumer text NOT NULL,
    shop text NOT NULL,
    status text NOT NULL,
    authorised_at timestamptz NOT NULL,
    document jsonb NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 80);
CREATE INDEX returns_sold ON records.returns (sold);
