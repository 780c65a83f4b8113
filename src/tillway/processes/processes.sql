-- name: start
-- One instance a definition and subject, however often its event is applied.
INSERT INTO processes.instances (id, definition, version, subject, state, data, owed, correlation, causation,
    traceparent, due_at, deadline, owner, money_at_risk, currency)
SELECT u.id, $1, $2, u.subject, $3, u.data::jsonb, $4, u.correlation, u.causation, u.traceparent, clock_timestamp(),
    clock_timestamp() + make_interval(secs => $5), $6, u.money, u.currency
FROM unnest($7::uuid[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::numeric[], $14::text[])
    AS u(id, subject, data, correlation, causation, traceparent, money, currency)
ON CONFLICT (definition, subject) DO NOTHING

-- name: claim
-- Takes due instances whose lease is free or past; `resumed` tells that another runner had a step in hand. An index can
-- be searched up to the time of the statement, not up to a clock that goes on. What this runner has in hand ($4) is
-- another's to ask about, should its lease have run out.
UPDATE processes.instances i SET leased_by = $1, fence = i.fence + 1,
    leased_until = clock_timestamp() + make_interval(secs => $2)
FROM (
    SELECT id, leased_by IS NOT NULL AS resumed FROM processes.instances
    WHERE due_at <= statement_timestamp() AND (leased_until IS NULL OR leased_until < clock_timestamp())
      AND id <> ALL($4::uuid[])
    ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED
) AS due
WHERE i.id = due.id
RETURNING i.id, i.definition, i.version, i.subject, i.state, i.step, i.data, i.owed, i.correlation, i.causation,
    i.traceparent, i.attempts, i.unknowns, i.deadline, i.owner, i.money_at_risk, i.currency, i.fence, due.resumed

-- name: renew
UPDATE processes.instances SET leased_until = clock_timestamp() + make_interval(secs => $3)
WHERE leased_by = $1 AND id = ANY($2::uuid[])
RETURNING id

-- name: let_go
UPDATE processes.instances SET leased_by = NULL, leased_until = NULL WHERE id = $1 AND leased_by = $2 AND fence = $3
RETURNING id

-- name: postpone
UPDATE processes.instances SET due_at = clock_timestamp() + make_interval(secs => $4), attempts = attempts + 1,
    leased_by = NULL, leased_until = NULL, updated_at = clock_timestamp()
WHERE id = $1 AND leased_by = $2 AND fence = $3
RETURNING id

-- name: advance
-- One transition. The fence is checked in this very statement; a runner that was replaced changes nothing. The lease is
-- kept where the next step follows at once, and let go where it waits ($12 seconds).
UPDATE processes.instances SET state = $4, step = step + 1, data = $5::jsonb, owed = $6, attempts = 0,
    unknowns = $13, due_at = CASE WHEN $7 THEN clock_timestamp() + make_interval(secs => $12) END,
    leased_by = CASE WHEN $7 AND $12 = 0 THEN leased_by END,
    leased_until = CASE WHEN $7 AND $12 = 0 THEN clock_timestamp() + make_interval(secs => $8) END,
    exception_code = $9, exception_detail = $10, exception_at = CASE WHEN $9::text IS NOT NULL THEN clock_timestamp() END,
    finished_at = CASE WHEN $11 THEN clock_timestamp() END, updated_at = clock_timestamp()
WHERE id = $1 AND leased_by = $2 AND fence = $3
RETURNING step

-- name: note
INSERT INTO processes.transitions (instance, step, was, event, state, attempts, node, detail)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)

-- name: signal
-- A person or another room acts on an instance that waits: allowed only in the state it was decided on.
UPDATE processes.instances SET state = $3, step = step + 1, due_at = clock_timestamp(), attempts = 0, unknowns = 0,
    exception_code = NULL, exception_detail = NULL, exception_at = NULL, updated_at = clock_timestamp(),
    deadline = clock_timestamp() + make_interval(secs => $4)
WHERE id = $1 AND state = $2 AND leased_by IS NULL
RETURNING step

-- name: next_due
SELECT extract(epoch FROM min(due_at) - clock_timestamp())::float8 FROM processes.instances
WHERE due_at IS NOT NULL AND (leased_until IS NULL OR leased_until < clock_timestamp())

-- name: instance
SELECT id, definition, version, subject, state, step, data, owed, correlation, owner, attempts, due_at, deadline,
    money_at_risk, currency, exception_code, exception_detail, exception_at, started_at, updated_at, finished_at
FROM processes.instances WHERE definition = $1 AND subject = $2

-- name: instance_by_id
SELECT id, definition, version, subject, state FROM processes.instances WHERE id = $1 FOR NO KEY UPDATE

-- name: by_subject
SELECT id, definition, state, attempts, owner, exception_code, exception_detail, started_at, finished_at
FROM processes.instances WHERE subject = $1

-- name: transitions
SELECT step, was, event, state, attempts, node, detail, at FROM processes.transitions WHERE instance = $1 ORDER BY step

-- name: exceptions
SELECT id::text, definition, version, subject, state, owner, money_at_risk, currency, exception_code,
    exception_detail, exception_at, deadline, correlation
FROM processes.instances WHERE exception_at IS NOT NULL ORDER BY exception_at LIMIT $1

-- name: exception
SELECT id::text, definition, version, subject, state, owner, money_at_risk, currency, exception_code,
    exception_detail, exception_at, deadline, correlation
FROM processes.instances WHERE exception_at IS NOT NULL AND id = $1
