-- name: queue_run
-- No row while the same is under way.
INSERT INTO reconcile.runs (id, domain, connection, shop, since, fix, asked_by, reason, correlation)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (domain, connection) WHERE status IN ('queued', 'running') DO NOTHING
RETURNING id

-- name: run
SELECT * FROM reconcile.runs WHERE id = $1

-- name: run_under_way
SELECT id FROM reconcile.runs
WHERE status IN ('queued', 'running') AND domain = $1 AND connection = $2 LIMIT 1

-- name: claim_run
-- The oldest run that nobody works on, those that could not be finished before behind the others; its lease starts now.
-- A run taken over begins again: what it stored is the same.
UPDATE reconcile.runs SET status = 'running', leased_by = $1, fence = fence + 1, attempts = attempts + 1,
    leased_until = clock_timestamp() + make_interval(secs => $2), as_of = clock_timestamp(),
    left_count = 0, right_count = 0, paired = 0, matched = 0, breaks = 0, in_process = 0, total = 0, at_stake = 0
WHERE id = (SELECT r.id FROM reconcile.runs AS r
    WHERE r.status IN ('queued', 'running') AND (r.leased_until IS NULL OR r.leased_until < clock_timestamp())
    ORDER BY r.attempts, r.queued_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING *

-- name: renew_run
UPDATE reconcile.runs SET leased_until = clock_timestamp() + make_interval(secs => $4)
WHERE id = $1 AND leased_by = $2 AND fence = $3 AND status = 'running'
RETURNING id

-- name: note_tally
UPDATE reconcile.runs SET left_count = $4, right_count = $5, paired = $6, matched = $7, breaks = $8, in_process = $9,
    total = $10, at_stake = $11
WHERE id = $1 AND leased_by = $2 AND fence = $3 AND status = 'running'
RETURNING id

-- name: finish_run
UPDATE reconcile.runs SET status = $4, detail = $5, finished_at = clock_timestamp(), leased_until = NULL,
    found = $6, ended = $7, fixed = $8
WHERE id = $1 AND leased_by = $2 AND fence = $3 AND status = 'running'
RETURNING id

-- name: put_off_run
-- Begun again later, when its lease has run out; until then it says why.
UPDATE reconcile.runs SET detail = $4, leased_until = clock_timestamp() + make_interval(secs => $5)
WHERE id = $1 AND leased_by = $2 AND fence = $3 AND status = 'running'
RETURNING id

-- name: units_seen
-- What the run's breaks stand for, as stored: it has to be what was counted.
SELECT coalesce(sum(units), 0)::bigint FROM reconcile.breaks WHERE seen_run = $1 AND seen_at = $2

-- name: see_breaks
-- Breaks as this run sees them: opened once, seen again after that. One that was accepted as it was is open again when
-- it is another one now. Both lists are in one order of keys, so that two runs cannot block each other.
INSERT INTO reconcile.breaks AS b (id, domain, connection, shop, key, type, units, left_ref, right_ref, left_amount,
    right_amount, currency, at_stake, detail, at, owner, found_at, found_run, seen_at, seen_run)
SELECT n.id, $1, $2, n.shop, n.key, n.type, n.units, n.left_ref, n.right_ref, n.left_amount, n.right_amount,
    n.currency, n.at_stake, n.detail, n.at, $3, $4, $5, $4, $5
FROM unnest($6::uuid[], $7::text[], $8::text[], $9::text[], $10::int[], $11::text[], $12::text[], $13::numeric[],
    $14::numeric[], $15::text[], $16::numeric[], $17::text[], $18::timestamptz[])
    AS n (id, shop, key, type, units, left_ref, right_ref, left_amount, right_amount, currency, at_stake, detail, at)
ORDER BY n.key, n.type
ON CONFLICT (domain, connection, key, type) WHERE status <> 'ended' DO UPDATE SET
    status = CASE WHEN b.at_stake = excluded.at_stake AND b.units = excluded.units
        AND (b.type <> 'content' OR b.detail = excluded.detail) THEN b.status ELSE 'open' END,
    units = excluded.units, left_ref = excluded.left_ref, right_ref = excluded.right_ref,
    left_amount = excluded.left_amount, right_amount = excluded.right_amount, at_stake = excluded.at_stake,
    detail = excluded.detail, seen_at = excluded.seen_at, seen_run = excluded.seen_run
RETURNING id, found_run = $5 AS fresh

-- name: unseen_breaks
-- Breaks in the reach of a run that it did not see: they are over.
SELECT * FROM reconcile.breaks
WHERE domain = $1 AND connection = $2 AND status <> 'ended' AND (seen_run, seen_at) <> ($3, $8::timestamptz)
    AND ($4::text IS NULL OR shop = $4) AND ($5::timestamptz IS NULL OR at IS NULL OR at >= $5)
    AND ($7::text[] IS NULL OR key = ANY($7))
ORDER BY key, type LIMIT $6

-- name: end_breaks
UPDATE reconcile.breaks SET status = 'ended', ended_at = clock_timestamp(), ended_run = $2, ending = $3
WHERE id = ANY($1::uuid[]) AND status <> 'ended'
RETURNING id

-- name: fixable_breaks
SELECT * FROM reconcile.breaks
WHERE seen_run = $1 AND seen_at = $5 AND status = 'open' AND type = ANY($2::text[]) AND id > $3 ORDER BY id LIMIT $4

-- name: trying_fix
UPDATE reconcile.breaks SET fix_tried_at = clock_timestamp() WHERE id = $1 AND status = 'open' RETURNING id

-- name: fix_refused
UPDATE reconcile.breaks SET fix_detail = $2 WHERE id = $1

-- name: breaks_page
SELECT * FROM reconcile.breaks
WHERE status <> 'ended' AND ($1::text IS NULL OR domain = $1) AND ($2::text IS NULL OR shop = $2)
    AND ($3::text IS NULL OR type = $3) AND ($4::text IS NULL OR owner = $4) AND (found_at, id) > ($5, $6)
ORDER BY found_at, id LIMIT $7

-- name: breaks_ended_page
SELECT * FROM reconcile.breaks
WHERE status = 'ended' AND ($1::text IS NULL OR domain = $1) AND ($2::text IS NULL OR shop = $2)
    AND ($3::text IS NULL OR type = $3) AND ($4::text IS NULL OR owner = $4) AND (found_at, id) > ($5, $6)
ORDER BY found_at, id LIMIT $7

-- name: break
SELECT * FROM reconcile.breaks WHERE id = $1

-- name: assign_break
UPDATE reconcile.breaks SET owner = $2, note = $3 WHERE id = $1 AND status <> 'ended' RETURNING *

-- name: accept_break
UPDATE reconcile.breaks SET status = 'accepted', note = $2 WHERE id = $1 AND status = 'open' RETURNING *

-- name: stage
INSERT INTO reconcile.staged (run, side, key, number, entry)
SELECT $1, $2, n.key, n.number, n.entry FROM unnest($3::text[], $4::bigint[], $5::jsonb[]) AS n (key, number, entry)

-- name: staged_page
SELECT key, number, entry FROM reconcile.staged
WHERE run = $1 AND side = $2 AND (key, number) > ($3, $4) ORDER BY key, number LIMIT $5

-- name: unstage
DELETE FROM reconcile.staged WHERE run = $1

-- name: plan
-- A comparison that was just declared is due one interval from now: a fresh hub has other work first.
INSERT INTO reconcile.schedules (domain, connection, due_at)
VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3)) ON CONFLICT DO NOTHING

-- name: take_due
-- Whether this node queues the run that is due; the next one is due an interval later, or sooner if the interval shrank.
UPDATE reconcile.schedules SET due_at = clock_timestamp() + make_interval(secs => $3)
WHERE domain = $1 AND connection = $2
    AND (due_at <= clock_timestamp() OR due_at > clock_timestamp() + make_interval(secs => $3 * 2))
RETURNING domain
