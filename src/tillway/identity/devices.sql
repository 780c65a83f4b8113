-- name: add_enrolment
INSERT INTO identity.enrolments (id, code_hash, consumer, shop, till, reason, by_whom, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)

-- name: enrolment
SELECT id, consumer, shop, till, reason, by_whom, created_at, expires_at, device FROM identity.enrolments
WHERE id = $1

-- name: enrolment_by_code
-- Locked: of two that bring one code at once, the second sees what became of it.
SELECT id, consumer, shop, till, reason, by_whom, created_at, expires_at, device FROM identity.enrolments
WHERE code_hash = $1
FOR UPDATE

-- name: use_enrolment
UPDATE identity.enrolments SET device = $2 WHERE id = $1

-- name: add_device
INSERT INTO identity.devices (id, consumer, shop, till, thumbprint, public_jwk, enrolled_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (thumbprint) DO NOTHING
RETURNING id

-- name: device
SELECT d.id, d.consumer, d.shop, d.till, d.thumbprint, d.public_jwk, d.enrolled_at, r.since AS lost_at
FROM identity.devices d
LEFT JOIN identity.restrictions r ON r.kind = 'device' AND r.id = d.id AND (r.until IS NULL OR r.until > $2)
WHERE d.id = $1

-- name: named_devices
SELECT id, till FROM identity.devices WHERE id = ANY($1::text[])

-- name: devices
SELECT d.id, d.consumer, d.shop, d.till, d.thumbprint, d.public_jwk, d.enrolled_at, r.since AS lost_at
FROM identity.devices d
LEFT JOIN identity.restrictions r ON r.kind = 'device' AND r.id = d.id AND (r.until IS NULL OR r.until > $4)
WHERE ($1::text IS NULL OR d.shop = $1) AND d.id > $2
ORDER BY d.id
LIMIT $3
