-- tillway: expand
-- Findings are of products, or of customers: one reading must not end what the other found under the same number.
ALTER TABLE records.data_findings ADD COLUMN domain text NOT NULL DEFAULT 'products';
CREATE INDEX data_findings_customers ON records.data_findings (connection, id)
    WHERE ended_at IS NULL AND domain = 'customers';
