-- tillway: expand
-- Flows that must finish: one row an instance, one row a transition. State is explicit; nothing is replayed.

CREATE SCHEMA processes;

CREATE TABLE processes.instances (
    id uuid PRIMARY KEY,
    definition text NOT NULL,
    version int NOT NULL,
    subject text NOT NULL,
    state text NOT NULL,
    step int NOT NULL DEFAULT 0,
    data jsonb NOT NULL,
    -- Compensations owed, oldest first; recorded before the call they would undo.
    owed text[] NOT NULL DEFAULT '{}',
    correlation text NOT NULL,
    causation text,
    traceparent text,
    -- When the runner should act; null at a wait, an exception or the end.
    due_at timestamptz,
    attempts int NOT NULL DEFAULT 0,
    deadline timestamptz NOT NULL,
    owner text NOT NULL,
    money_at_risk numeric,
    currency text,
    leased_by uuid,
    fence bigint NOT NULL DEFAULT 0,
    leased_until timestamptz,
    exception_code text,
    exception_detail text,
    exception_at timestamptz,
    started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    UNIQUE (definition, subject)
) WITH (fillfactor = 60);
CREATE INDEX instances_due ON processes.instances (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX instances_exceptions ON processes.instances (exception_at) WHERE exception_at IS NOT NULL;
CREATE INDEX instances_correlation ON processes.instances (correlation);

CREATE TABLE processes.transitions (
    instance uuid NOT NULL,
    step int NOT NULL,
    was text NOT NULL,
    event text NOT NULL,
    state text NOT NULL,
    attempts int NOT NULL,
    node uuid,
    detail text,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (instance, step)
);
