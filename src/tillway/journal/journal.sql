-- name: append
-- One statement inside the caller's transaction: lock the keys, then draw the ids, then stage the rows.
INSERT INTO journal.staged (append_id, id, type, subject, partitionkey, sequence, time, correlationid, causationid,
    traceparent, dataclass, retention, data, personal)
SELECT nextval('journal.append_id'), e.id, e.type, e.subject, e.partitionkey, k.last - e.back, e.time, e.correlationid,
    e.causationid, e.traceparent, e.dataclass, e.retention, e.data::jsonb,
    CASE WHEN e.personal IS NOT NULL THEN journal.unless_erased(e.subject, e.personal::jsonb) END
FROM (
    SELECT * FROM unnest($3::uuid[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::timestamptz[], $9::text[],
        $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[])
        WITH ORDINALITY AS u(id, type, subject, partitionkey, back, time, correlationid, causationid, traceparent,
            dataclass, retention, data, personal, place)
) AS e
JOIN journal.take($1::text[], $2::bigint[]) AS k ON k.taken_key = e.partitionkey
ORDER BY e.place

-- name: append_one
-- The same for one event, what most writes have: nothing to unnest, join or sort.
INSERT INTO journal.staged (append_id, id, type, subject, partitionkey, sequence, time, correlationid, causationid,
    traceparent, dataclass, retention, data, personal)
SELECT nextval('journal.append_id'), $2::uuid, $3::text, $4::text, $1::text, k.last, $5::timestamptz, $6::text, $7::text,
    $8::text, $9::text, $10::text, $11::jsonb,
    CASE WHEN $12::jsonb IS NOT NULL THEN journal.unless_erased($4::text, $12::jsonb) END
FROM journal.take(ARRAY[$1::text], ARRAY[1::bigint]) AS k

-- name: bar
-- Whoever appends about these now is waited for, and whoever comes after waits for this to commit.
INSERT INTO journal.erased (subject)
SELECT k.taken_key FROM journal.take($1::text[], array_fill(0::bigint, ARRAY[cardinality($1::text[])])) AS k
ON CONFLICT DO NOTHING

-- name: lease_sequencer
UPDATE journal.head SET owner = $1, fence = fence + (owner IS DISTINCT FROM $1)::int,
    expires_at = clock_timestamp() + make_interval(secs => $2)
WHERE owner = $1 OR expires_at < clock_timestamp()
RETURNING fence

-- name: release_sequencer
UPDATE journal.head SET expires_at = '-infinity' WHERE owner = $1 AND fence = $2 RETURNING fence

-- name: waiting
SELECT EXISTS (SELECT FROM journal.staged)

-- name: sequence
-- Moves up to $3 committed rows to `events` in append order. The fence is checked in this very statement, which the
-- server finishes or rolls back alone, so a sequencer that was stopped and replaced can do nothing when it wakes. Having
-- waited for the head, this statement still sees `staged` as of its beginning: if the position that it saw then is not
-- the one it holds now, another one has moved some of these rows, and it moves nothing.
WITH head AS MATERIALIZED (
    SELECT position, greatest(recorded_at, clock_timestamp()) AS at FROM journal.head
    WHERE owner = $1 AND fence = $2 AND expires_at > clock_timestamp()
      AND position = (SELECT seen.position FROM journal.head AS seen)
    FOR UPDATE
), batch AS MATERIALIZED (
    SELECT s.*, head.position + row_number() OVER (ORDER BY s.append_id) AS given, head.at
    FROM (
        SELECT *, ctid AS place FROM journal.staged WHERE EXISTS (SELECT FROM head) ORDER BY append_id LIMIT $3
    ) AS s, head
), moved AS (
    INSERT INTO journal.events (position, append_id, recorded_at, id, type, subject, partitionkey, sequence, time,
        correlationid, causationid, traceparent, dataclass, retention, data, personal)
    SELECT given, append_id, at, id, type, subject, partitionkey, sequence, time, correlationid, causationid,
        traceparent, dataclass, coalesce(declared, retention), data, personal
    FROM batch
    LEFT JOIN (SELECT type AS of_type, retention AS declared FROM journal.retentions) AS kept ON of_type = type
    ORDER BY given
), gone AS (
    -- By place, not by a join that would read all of a long backlog for each batch; staged rows never change.
    DELETE FROM journal.staged WHERE ctid = ANY(ARRAY(SELECT place FROM batch))
), marked AS (
    INSERT INTO journal.marks (position, recorded_at)
    SELECT given, at FROM batch WHERE given % $4 = 1 ON CONFLICT DO NOTHING
)
UPDATE journal.head SET position = reached.last, recorded_at = reached.at
FROM (SELECT max(given) AS last, max(at) AS at, count(*) AS n FROM batch) AS reached
WHERE reached.n > 0
RETURNING head.position, reached.n

-- name: retain
-- Types that are declared no more are kept as whoever appends them says.
WITH given AS (
    SELECT * FROM unnest($1::text[], $2::text[]) AS u(type, retention)
), gone AS (
    DELETE FROM journal.retentions r WHERE NOT EXISTS (SELECT FROM given WHERE given.type = r.type)
)
INSERT INTO journal.retentions AS r (type, retention) SELECT type, retention FROM given ORDER BY type
ON CONFLICT (type) DO UPDATE SET retention = excluded.retention WHERE r.retention <> excluded.retention

-- name: head
SELECT epoch, position FROM journal.head

-- name: oldest
SELECT coalesce((SELECT min(position) FROM journal.events), position + 1) FROM journal.head

-- name: read
-- From a position on, at most $2 rows, looking no further than position $4; partitions are pruned by the mark.
SELECT position, id, type, subject, partitionkey, sequence, time, recorded_at, correlationid, causationid, traceparent,
    dataclass, data, personal
FROM journal.events
WHERE position > $1 AND position <= $4
  AND recorded_at >= coalesce(
      (SELECT m.recorded_at FROM journal.marks m WHERE m.position <= $1 ORDER BY m.position DESC LIMIT 1), '-infinity')
  AND ($3::text[] IS NULL OR type = ANY($3))
ORDER BY position LIMIT $2

-- name: read_subject
SELECT position, id, type, subject, partitionkey, sequence, time, recorded_at, correlationid, causationid, traceparent,
    dataclass, data, personal
FROM journal.events
WHERE subject = $3 AND position > $1
ORDER BY position LIMIT $2

-- name: beginning
-- The first event of an entity, also one that was committed a moment ago and has no position yet.
SELECT id, correlationid, traceparent FROM (
    (SELECT id, correlationid, traceparent FROM journal.events WHERE subject = $1 ORDER BY position LIMIT 1)
    UNION ALL
    (SELECT id, correlationid, traceparent FROM journal.staged WHERE subject = $1 ORDER BY append_id LIMIT 1)
) AS begun
LIMIT 1

-- name: read_correlation
SELECT position, id, type, subject, partitionkey, sequence, time, recorded_at, correlationid, causationid, traceparent,
    dataclass, data, personal
FROM journal.events
WHERE correlationid = ANY($1::text[])
ORDER BY position LIMIT $2

-- name: beat
INSERT INTO journal.nodes (node, kind, expires_at) VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3))
ON CONFLICT (node) DO UPDATE SET expires_at = excluded.expires_at

-- name: leave
WITH freed AS (UPDATE journal.followers SET owner = NULL WHERE owner = $1)
DELETE FROM journal.nodes WHERE node = $1

-- name: bury
DELETE FROM journal.nodes WHERE expires_at < clock_timestamp() - interval '1 hour'

-- name: enrol
-- Lanes of a new follower, all starting at one position: the given one, or the head. A follower that has begun keeps
-- the lanes it began with: which keys are a lane's, and so how far each key is, hangs on their number.
INSERT INTO journal.followers (name, lane, lanes, position)
SELECT $1, lane, $2, coalesce($3::bigint, (SELECT position FROM journal.head)) FROM generate_series(0, $2::int - 1) AS lane
WHERE NOT EXISTS (SELECT FROM journal.followers WHERE name = $1)
ON CONFLICT (name, lane) DO NOTHING

-- name: lanes
SELECT f.name, f.lane, f.owner, (n.node IS NOT NULL) AS alive
FROM journal.followers f
LEFT JOIN journal.nodes n ON n.node = f.owner AND n.expires_at > clock_timestamp()
WHERE f.name = ANY($1::text[])

-- name: live_nodes
SELECT node FROM journal.nodes WHERE kind = $1 AND expires_at > clock_timestamp()

-- name: claim
-- Takes lanes whose owner is gone; every taking raises the fence, so the old owner's writes can no longer land.
UPDATE journal.followers f SET owner = $1, fence = f.fence + 1
FROM unnest($2::text[], $3::int[]) AS wanted(name, lane)
WHERE f.name = wanted.name AND f.lane = wanted.lane
  AND EXISTS (SELECT FROM journal.nodes n WHERE n.node = $1 AND n.expires_at > clock_timestamp())
  AND (f.owner IS NULL OR NOT EXISTS (
      SELECT FROM journal.nodes n WHERE n.node = f.owner AND n.expires_at > clock_timestamp()))
RETURNING f.name, f.lane, f.lanes, f.fence, f.position, f.attempts, f.held_until

-- name: drop_own
UPDATE journal.followers SET owner = NULL WHERE name = $1 AND lane = $2 AND owner = $3

-- name: release
UPDATE journal.followers SET owner = NULL WHERE name = $1 AND lane = $2 AND owner = $3 AND fence = $4

-- name: move
UPDATE journal.followers SET position = $5, attempts = 0, held_until = NULL, held_for = NULL, moved_at = clock_timestamp()
WHERE name = $1 AND lane = $2 AND owner = $3 AND fence = $4
RETURNING position

-- name: move_idle
-- Followers whose events did not come up: their positions are brought along, many in one statement.
UPDATE journal.followers f SET position = w.position, moved_at = clock_timestamp()
FROM unnest($2::text[], $3::int[], $4::bigint[], $5::bigint[]) AS w(name, lane, fence, position)
WHERE f.name = w.name AND f.lane = w.lane AND f.owner = $1 AND f.fence = w.fence AND f.position < w.position

-- name: hold
UPDATE journal.followers SET attempts = $5, held_until = clock_timestamp() + make_interval(secs => $6), held_for = $7
WHERE name = $1 AND lane = $2 AND owner = $3 AND fence = $4

-- name: followers
SELECT f.name, f.lane, f.lanes, f.position, h.position - f.position AS lag, f.owner::text, (n.node IS NOT NULL) AS alive,
    f.attempts, f.held_until, f.held_for, f.moved_at
FROM journal.followers f CROSS JOIN journal.head h
LEFT JOIN journal.nodes n ON n.node = f.owner AND n.expires_at > clock_timestamp()
ORDER BY f.name, f.lane

-- name: reposition
-- Replay: the fence is raised and the owner dropped, so that whoever takes the lane next begins at the new position.
-- A lane that is not that far is left alone: going forward would pass events over.
UPDATE journal.followers SET position = $2, owner = NULL, fence = fence + 1 WHERE name = $1 AND position > $2
RETURNING lane

-- name: lanes_beyond
SELECT count(*) AS lanes, count(*) FILTER (WHERE position > $2) AS beyond, max(position) AS furthest
FROM journal.followers WHERE name = $1

-- name: events_between
-- What a replay meets again, by type; counted up to $4 events.
SELECT type, count(*) FROM (
    SELECT type FROM journal.events
    WHERE position > $1 AND position <= $2
      AND recorded_at >= coalesce(
          (SELECT m.recorded_at FROM journal.marks m WHERE m.position <= $1 ORDER BY m.position DESC LIMIT 1), '-infinity')
      AND ($3::text[] IS NULL OR type = ANY($3))
    LIMIT $4
) AS met GROUP BY type ORDER BY type

-- name: forget_parked
DELETE FROM journal.parked WHERE follower = $1 AND position > $2

-- name: unfollow
WITH gone AS (DELETE FROM journal.parked WHERE follower = $1)
DELETE FROM journal.followers WHERE name = $1

-- name: parked_keys
SELECT DISTINCT partitionkey FROM journal.parked WHERE follower = $1 AND partitionkey = ANY($2::text[])

-- name: park
INSERT INTO journal.parked (follower, position, lane, partitionkey, event_id, behind, reason, detail, attempts,
    next_attempt, owner, value_at_stake)
SELECT $1, u.position, $2, u.partitionkey, u.event_id, u.behind, $7, $8, 0,
    CASE WHEN u.behind OR $9::float8 IS NULL THEN NULL ELSE clock_timestamp() + make_interval(secs => $9) END, $10,
    u.stake
FROM unnest($3::bigint[], $4::text[], $5::uuid[], $6::bool[], $11::text[])
    AS u(position, partitionkey, event_id, behind, stake)
ON CONFLICT (follower, position) DO NOTHING

-- name: due
-- The first parked event of each key whose next attempt has come. An index can be searched up to the time of the
-- statement, not up to a clock that goes on.
SELECT p.position, p.partitionkey, p.attempts, p.skip FROM journal.parked p
WHERE p.follower = $1 AND p.lane = $2 AND NOT p.behind AND p.next_attempt <= statement_timestamp()
ORDER BY p.next_attempt LIMIT $3

-- name: due_lanes
SELECT DISTINCT follower, lane FROM journal.parked WHERE NOT behind AND next_attempt <= statement_timestamp()

-- name: events_at
SELECT position, id, type, subject, partitionkey, sequence, time, recorded_at, correlationid, causationid, traceparent,
    dataclass, data, personal
FROM journal.events
WHERE position = ANY($1::bigint[])
ORDER BY position

-- name: still_ours
SELECT fence FROM journal.followers WHERE name = $1 AND lane = $2 AND owner = $3 AND fence = $4 FOR NO KEY UPDATE

-- name: unpark
-- Done with one parked event; the fence of the lane is checked in this very statement.
DELETE FROM journal.parked p WHERE p.follower = $1 AND p.position = $2
  AND EXISTS (SELECT FROM journal.followers f WHERE f.name = $1 AND f.lane = $3 AND f.owner = $4 AND f.fence = $5 FOR UPDATE)
RETURNING p.partitionkey

-- name: promote
-- The next of the key that waited behind is now its first: due at once.
UPDATE journal.parked SET behind = false, next_attempt = clock_timestamp()
WHERE follower = $1 AND position = (
    SELECT min(position) FROM journal.parked WHERE follower = $1 AND partitionkey = $2)
  AND behind

-- name: repark
UPDATE journal.parked SET attempts = $3, reason = $5, detail = $6,
    next_attempt = CASE WHEN $4::float8 IS NULL THEN NULL ELSE clock_timestamp() + make_interval(secs => $4) END
WHERE follower = $1 AND position = $2 AND NOT skip

-- name: act_parked
-- Due now, to be tried or to be let go: its lane does it.
UPDATE journal.parked SET next_attempt = clock_timestamp(), skip = $3, note = coalesce($4, note)
WHERE follower = $1 AND position = $2 AND NOT behind
RETURNING partitionkey

-- name: chosen_count
SELECT count(*) FROM journal.parked
WHERE follower = $1 AND NOT behind AND ($2::text IS NULL OR partitionkey = $2) AND ($3::text IS NULL OR reason = $3)

-- name: chosen
SELECT follower, position, lane, partitionkey, event_id::text, behind, reason, detail, attempts, next_attempt, owner,
    value_at_stake, parked_at, skip, note
FROM journal.parked
WHERE follower = $1 AND NOT behind AND ($2::text IS NULL OR partitionkey = $2) AND ($3::text IS NULL OR reason = $3)
ORDER BY position LIMIT $4

-- name: act_chosen
-- Due one after another, $5 of them a second, in the order of the journal.
WITH chosen AS (
    SELECT position, row_number() OVER (ORDER BY position) AS place
    FROM (
        SELECT position FROM journal.parked
        WHERE follower = $1 AND NOT behind AND ($2::text IS NULL OR partitionkey = $2)
          AND ($3::text IS NULL OR reason = $3)
        ORDER BY position LIMIT $4 FOR UPDATE
    ) AS locked
)
UPDATE journal.parked p SET skip = $6, note = coalesce($7, p.note),
    next_attempt = statement_timestamp() + make_interval(secs => (chosen.place - 1) / $5::float8)
FROM chosen WHERE p.follower = $1 AND p.position = chosen.position
RETURNING p.next_attempt

-- name: hold_chosen
UPDATE journal.parked SET next_attempt = NULL, skip = false, note = coalesce($5, note)
WHERE follower = $1 AND position IN (
    SELECT position FROM journal.parked
    WHERE follower = $1 AND NOT behind AND ($2::text IS NULL OR partitionkey = $2) AND ($3::text IS NULL OR reason = $3)
      AND next_attempt IS NOT NULL
    ORDER BY position LIMIT $4 FOR UPDATE)
RETURNING position

-- name: parked
SELECT follower, position, lane, partitionkey, event_id::text, behind, reason, detail, attempts, next_attempt, owner,
    value_at_stake, parked_at, skip, note
FROM journal.parked WHERE $2::text IS NULL OR follower = $2 ORDER BY parked_at LIMIT $1

-- name: parked_counts
SELECT follower, count(*) FROM journal.parked GROUP BY follower

-- name: parked_at
SELECT follower, position, lane, partitionkey, event_id::text, behind, reason, detail, attempts, next_attempt, owner,
    value_at_stake, parked_at, skip, note
FROM journal.parked WHERE follower = $1 AND position = $2

-- name: parked_behind
SELECT count(*) FROM journal.parked WHERE follower = $1 AND partitionkey = $2 AND position > $3

-- name: ensure_partitions
SELECT journal.ensure_partitions($1, $2)
