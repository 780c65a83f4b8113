"""The hub's signature under anything of its own that is no access token. A type of its own keeps the two apart."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from tillway.identity.signing import SigningKeys
from tillway.postgres import Database
from tillway.tokens import ALGORITHM, Realm

TYPE: Final = "tillway-attestation"

# What is attested is for nobody in particular.
_ANY_REALM: Final = Realm(issuer="", audience="")


def attest(payload: bytes, key: ECKey) -> str:
    """The compact JWS of these bytes."""
    return jws.serialize_compact({"alg": ALGORITHM, "typ": TYPE, "kid": str(key.kid)}, payload, key)


def attested(token: str, keys: Mapping[str, ECKey]) -> tuple[bytes, bool] | None:
    """The bytes, and whether one of these keys signed them: False when the key it names is not among them.

    None when the signature does not hold, or it is no attestation.
    """
    try:
        found = jws.extract_compact(token.encode())
        header = found.headers()
        if header.get("typ") != TYPE:
            return None
        key = keys.get(str(header.get("kid")))
        if key is None:
            return found.payload, False
        return jws.deserialize_compact(token, key, algorithms=[ALGORITHM]).payload, True
    except (JoseError, ValueError):
        return None


async def known_keys(database: Database, now: datetime) -> Mapping[str, ECKey]:
    """The hub's keys in force, by kid. Those of the past were dropped when no token of theirs was left."""
    return (await SigningKeys.open(database, _ANY_REALM, now=now)).ring.keys
