-- tillway: expand
-- Searches order by `-number`, which only the index of what is searched for gives: by `number` Postgres may walk through
-- whole months that hold none of it.
DROP INDEX audit.entries_principal, audit.entries_operation, audit.entries_subject, audit.entries_correlation;
CREATE INDEX entries_principal ON audit.entries (principal, (-number));
CREATE INDEX entries_operation ON audit.entries (operation, (-number));
CREATE INDEX entries_subject ON audit.entries (subject, (-number)) WHERE subject IS NOT NULL;
CREATE INDEX entries_correlation ON audit.entries (correlation, (-number)) WHERE correlation IS NOT NULL;
