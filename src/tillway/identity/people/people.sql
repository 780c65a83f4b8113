-- name: open_session
INSERT INTO identity.sessions (id, secret_hash, kind, challenge, person, issuer, belongs_to, about, auth_time, acr,
    opened_at, seen_at, ends_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12)

-- name: session
-- One that nobody has taken yet (it has a challenge) is no session.
SELECT id, person, belongs_to, about, auth_time, acr, seen_at, ends_at FROM identity.sessions
WHERE secret_hash = $1 AND kind = $2 AND issuer = $3 AND challenge IS NULL AND ends_at > $4 AND seen_at > $5

-- name: seen
UPDATE identity.sessions SET seen_at = $2 WHERE id = $1 AND seen_at < $2

-- name: take_session
-- The one-time code becomes a secret that only whoever brings the verifier knows.
UPDATE identity.sessions SET secret_hash = $3, challenge = NULL
WHERE secret_hash = $1 AND challenge = $2 AND opened_at > $4
RETURNING id

-- name: end_session
DELETE FROM identity.sessions WHERE id = $1

-- name: end_sessions_of
DELETE FROM identity.sessions WHERE person = $1

-- name: signed_in
-- Who is signed in, whoever came last first; one that nobody has taken yet (it has a challenge) is no session.
SELECT id, kind, person, belongs_to, about, opened_at, seen_at, ends_at FROM identity.sessions
WHERE challenge IS NULL AND ends_at > $1 AND seen_at > $2 ORDER BY opened_at DESC, id LIMIT $3

-- name: forget_sessions
DELETE FROM identity.sessions WHERE ends_at < $1 OR seen_at < $2
