-- tillway: expand
CREATE SCHEMA IF NOT EXISTS identity;

-- All nodes sign with the youngest key and accept all of them. The JWK holds the private half.
CREATE TABLE identity.signing_keys (
    kid text PRIMARY KEY,
    private_jwk text NOT NULL,
    created_at timestamptz NOT NULL
);
