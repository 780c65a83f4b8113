-- tillway: expand
-- How long events of a type are kept, as the landscape has it now; the sequencer puts each event into its partition.
CREATE TABLE journal.retentions (
    type text PRIMARY KEY,
    retention text NOT NULL CHECK (retention IN ('brief', 'standard', 'long'))
);
