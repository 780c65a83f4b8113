-- tillway: expand

-- A one-time code lets one device in. Of the code only its hash is kept; it is long and random, so no salt is needed.
CREATE TABLE identity.enrolments (
    id uuid PRIMARY KEY,
    code_hash bytea NOT NULL UNIQUE,
    consumer text NOT NULL,
    shop text NOT NULL,
    till text NOT NULL,
    reason text NOT NULL,
    by_whom text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    -- The device that used it.
    device text
);

-- What a device is: a key of its own, bound to a till of a shop. Whether it is lost stands in restrictions.
CREATE TABLE identity.devices (
    id text PRIMARY KEY,
    consumer text NOT NULL,
    shop text NOT NULL,
    till text NOT NULL,
    -- RFC 7638, of the public key: a key enrols once.
    thumbprint text NOT NULL UNIQUE,
    public_jwk text NOT NULL,
    enrolled_at timestamptz NOT NULL
);

CREATE INDEX devices_of_shop ON identity.devices (shop, till, id);
