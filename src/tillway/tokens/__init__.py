"""Access tokens: signed ES256 JWTs of RFC 9068 (`typ: at+jwt`), made and checked without I/O; time is passed in.

Only this hub issues them, so the shape is held exactly: one algorithm, one type, three header fields, one audience.
"""

from __future__ import annotations

from tillway.tokens import base64url
from tillway.tokens.checking import LEEWAY, TOKEN_BYTES_MAX, VERIFIED_MAX, Verifier, sign, verify
from tillway.tokens.claims import BadToken, Claims, Confirmation, Realm, UnknownKey
from tillway.tokens.keys import ALGORITHM, key_text, new_key, public_jwk, read_key

__all__ = [
    "ALGORITHM",
    "LEEWAY",
    "TOKEN_BYTES_MAX",
    "VERIFIED_MAX",
    "BadToken",
    "Claims",
    "Confirmation",
    "Realm",
    "UnknownKey",
    "Verifier",
    "base64url",
    "key_text",
    "new_key",
    "public_jwk",
    "read_key",
    "sign",
    "verify",
]
