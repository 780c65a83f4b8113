-- tillway: expand
-- Outcomes unknown since the instance began or a person let it go on: each makes the next step wait longer.
ALTER TABLE processes.instances ADD COLUMN unknowns int NOT NULL DEFAULT 0;

-- All flows of one entity are looked up by the entity alone.
CREATE INDEX instances_subject ON processes.instances (subject);
