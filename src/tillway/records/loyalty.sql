-- name: learn_card
INSERT INTO records.loyalty_cards (id, connection, company, foreign_id, programme, kind, unit, customer, code_digest,
    points, opening, active, expires_on, read_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11, $12, $13)
ON CONFLICT DO NOTHING

-- name: card
SELECT * FROM records.loyalty_cards WHERE id = $1

-- name: cards_of_code
SELECT * FROM records.loyalty_cards WHERE connection = $1 AND code_digest = $2 ORDER BY id LIMIT 1

-- name: cards_of_customer
SELECT * FROM records.loyalty_cards WHERE connection = $1 AND customer = $2 AND active ORDER BY id

-- name: known_cards
SELECT foreign_id FROM records.loyalty_cards WHERE connection = $1 AND foreign_id = ANY($2::text[])

-- name: lock_card
-- What was read there is believed when none of our movements was on its way meanwhile.
SELECT *, in_hand IS NULL AND touched_at < $2 AS believed FROM records.loyalty_cards WHERE id = $1 FOR UPDATE

-- name: see_card
UPDATE records.loyalty_cards SET points = $2, programme = $3, kind = $4, unit = $5, customer = $6, code_digest = $7,
    active = $8, expires_on = $9, read_at = $10
WHERE id = $1

-- name: move
-- The row's lock decides who comes first; the condition is looked at again behind it.
WITH card AS (
    UPDATE records.loyalty_cards SET pending = pending + $3::numeric
    WHERE id = $1 AND active AND (expires_on IS NULL OR expires_on >= $10) AND ($3::numeric > 0 OR points + pending + $3::numeric >= 0)
        AND NOT EXISTS (
            SELECT FROM records.loyalty_movements WHERE card = $1 AND consumer = $6 AND reference = $8
        )
    RETURNING points + pending AS balance
)
INSERT INTO records.loyalty_movements (id, card, kind, points, status, consumer, shop, reference, reason, reverses,
    made_at)
SELECT $2, $1, $4, $3::numeric, 'pending', $6, $7, $8, $9, $5, $11 FROM card
RETURNING (SELECT balance FROM card)

-- name: movement
SELECT * FROM records.loyalty_movements WHERE id = $1

-- name: movement_by_reference
SELECT * FROM records.loyalty_movements WHERE card = $1 AND consumer = $2 AND reference = $3

-- name: movements
SELECT * FROM records.loyalty_movements WHERE card = $1 AND number < $2 ORDER BY number DESC LIMIT $3

-- name: take
-- The right to bring this movement: one of a card at a time, in their order.
UPDATE records.loyalty_cards SET in_hand = $2, touched_at = clock_timestamp()
WHERE id = $1 AND (in_hand IS NULL OR in_hand = $2)
    AND NOT EXISTS (
        SELECT FROM records.loyalty_movements WHERE card = $1 AND status = 'pending' AND number < $3
    )
RETURNING id

-- name: settle_card
-- What was pending is no more, once: the movement's own row says whether it was.
UPDATE records.loyalty_cards SET points = $3::numeric, in_hand = NULL, touched_at = clock_timestamp(),
    read_at = clock_timestamp(), pending = pending - CASE WHEN EXISTS (
        SELECT FROM records.loyalty_movements WHERE id = $2 AND status IN ('pending', 'exception')
    ) THEN $4::numeric ELSE 0 END
WHERE id = $1

-- name: settle_movement
UPDATE records.loyalty_movements SET status = $2, settled_at = clock_timestamp()
WHERE id = $1 AND status IN ('pending', 'exception')

-- name: stop_movement
UPDATE records.loyalty_movements SET status = 'exception' WHERE id = $1 AND status = 'pending'

-- name: put_down
UPDATE records.loyalty_cards SET in_hand = NULL, touched_at = clock_timestamp() WHERE id = $1 AND in_hand = $2

-- name: note_outside
INSERT INTO records.loyalty_movements (id, card, kind, points, status, made_at, settled_at)
VALUES ($1, $2, 'outside', $3, 'confirmed', $4, $4)

-- name: save_promotion
INSERT INTO records.promotions (id, connection, place, hash, document, in_force) VALUES ($1, $2, $3, $4, $5::jsonb, $6)
ON CONFLICT (id) DO UPDATE SET place = excluded.place, hash = excluded.hash, document = excluded.document,
    in_force = excluded.in_force, updated_at = clock_timestamp()

-- name: drop_promotion
DELETE FROM records.promotions WHERE id = $1

-- name: promotions_of
SELECT document, in_force FROM records.promotions WHERE connection = $1 ORDER BY place, id

-- name: promotion
SELECT document, connection FROM records.promotions WHERE id = $1

-- name: any_card
SELECT EXISTS (SELECT FROM records.loyalty_cards WHERE connection = $1)
