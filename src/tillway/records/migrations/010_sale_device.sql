-- tillway: expand
-- The enrolled device that sent a sale; NULL when its consumer sent it otherwise.
ALTER TABLE records.sales ADD COLUMN device text;
