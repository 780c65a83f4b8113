-- tillway: expand
-- What consumers send and no contract knows, over all of them: few rows among very many.
CREATE INDEX usage_fields_unknown ON audit.usage_fields (day) WHERE direction = 'unknown';
