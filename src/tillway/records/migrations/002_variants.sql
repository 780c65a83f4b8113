-- tillway: expand
-- Codes may be changed and exchanged between variants over there, so for one statement two rows may name one variant;
-- that the code left behind is archived is decided where the new one is stored.
DROP INDEX records.products_variant;
CREATE INDEX products_of_variant ON records.products (connection, variant);
