-- name: create
INSERT INTO subscriptions.subscriptions (id, origin, consumer, types, kind, url, secrets, created_at, changed_at)
VALUES ($1, 'api', $2, $3, $4, $5, $6, $7, $7)

-- name: adopt
-- What the landscape declares. A changed address is a new receiver: what was switched off for the old one is on again.
INSERT INTO subscriptions.subscriptions AS s (id, origin, consumer, types, kind, url)
SELECT $1, 'landscape', $2, $3, $4, $5
ON CONFLICT (id) DO UPDATE SET consumer = excluded.consumer, types = excluded.types, url = excluded.url,
    status = CASE WHEN s.url = excluded.url THEN s.status ELSE 'active' END,
    reason = CASE WHEN s.url = excluded.url THEN s.reason END,
    changed_at = clock_timestamp()
WHERE s.origin = 'landscape'
  AND (s.consumer, s.types, s.url) IS DISTINCT FROM (excluded.consumer, excluded.types, excluded.url)
RETURNING id

-- name: all
SELECT id, origin, consumer, types, kind, url, secrets, status, reason, created_at FROM subscriptions.subscriptions
ORDER BY id

-- name: one
SELECT id, origin, consumer, types, kind, url, secrets, status, reason, created_at FROM subscriptions.subscriptions
WHERE id = $1

-- name: mark
-- Changes whenever a subscription was made, changed or removed.
SELECT count(*)::text || ' ' || coalesce(max(changed_at)::text, '') FROM subscriptions.subscriptions

-- name: remove
DELETE FROM subscriptions.subscriptions WHERE id = $1 RETURNING id

-- name: set_status
UPDATE subscriptions.subscriptions SET status = $2, reason = $3, changed_at = clock_timestamp()
WHERE id = $1 AND (status, reason) IS DISTINCT FROM ($2, $3)

-- name: off_board
-- Whose consumer is none of these. What the landscape declares ends with its entry there.
UPDATE subscriptions.subscriptions SET status = 'disabled', reason = $2, changed_at = clock_timestamp()
WHERE origin = 'api' AND consumer <> ALL($1::text[]) AND reason IS DISTINCT FROM $2
RETURNING id

-- name: back_on_board
UPDATE subscriptions.subscriptions SET status = 'active', reason = NULL, changed_at = clock_timestamp()
WHERE origin = 'api' AND consumer = ANY($1::text[]) AND reason = $2
RETURNING id

-- name: off_boarded
SELECT id FROM subscriptions.subscriptions WHERE reason = $1 AND changed_at < $2 ORDER BY id

-- name: rotate
UPDATE subscriptions.subscriptions SET secrets = $2, changed_at = clock_timestamp() WHERE id = $1

-- name: attempted
INSERT INTO subscriptions.deliveries AS d (subscription, event_id, position, attempts, status_code, failure, first_at,
    last_at, delivered_at)
VALUES ($1, $2, $3, 1, $4::int, $5::text, $6::timestamptz, $7::timestamptz, $8::timestamptz)
ON CONFLICT (subscription, event_id) DO UPDATE SET attempts = d.attempts + 1, status_code = excluded.status_code,
    failure = excluded.failure, last_at = excluded.last_at,
    delivered_at = coalesce(d.delivered_at, excluded.delivered_at)

-- name: deliveries_of
SELECT subscription, event_id, position, attempts, status_code, failure, first_at, last_at, delivered_at
FROM subscriptions.deliveries WHERE event_id = ANY($1::uuid[]) ORDER BY first_at, subscription

-- name: forget
-- A bounded bite; called again until nothing is left to bite.
DELETE FROM subscriptions.deliveries WHERE (subscription, event_id) IN (
    SELECT subscription, event_id FROM subscriptions.deliveries WHERE first_at < $1 LIMIT $2)
