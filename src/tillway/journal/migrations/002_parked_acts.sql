-- tillway: expand
-- What a person decided about a parked event, until the lane's holder has done it.
ALTER TABLE journal.parked ADD COLUMN skip bool NOT NULL DEFAULT false;
-- Who asked for what and why, for whoever looks next.
ALTER TABLE journal.parked ADD COLUMN note text;
