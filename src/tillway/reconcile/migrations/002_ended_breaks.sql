-- tillway: expand
-- Breaks that are over are looked through as the open ones are: by when they were found.
CREATE INDEX breaks_over ON reconcile.breaks (found_at, id) WHERE status = 'ended';
