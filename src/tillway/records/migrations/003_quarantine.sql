-- tillway: expand
-- What a person decided about a sale in quarantine: the members put right (the document stays as it was sent), and why.
ALTER TABLE records.sales ADD COLUMN corrected jsonb;
ALTER TABLE records.sales ADD COLUMN note text;
