-- tillway: expand
-- Products are looked for by words of their name or code.
CREATE INDEX products_words ON records.products
    USING gin (to_tsvector('simple', sku || ' ' || (document ->> 'name'))) WHERE active;
