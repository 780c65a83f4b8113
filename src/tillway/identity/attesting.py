"""The hub's signature under anything of its own that is no access token. A type of its own keeps the two apart."""

from __future__ import annotations

from collections.abc import Mapping

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from tillway.tokens import ALGORITHM

TYPE = "tillway-attestation"


def attest(payload: bytes, key: ECKey) -> str:
    """The compact JWS of these bytes."""
    return jws.serialize_compact({"alg": ALGORITHM, "typ": TYPE, "kid": str(key.kid)}, payload, key)


def attested(token: str, keys: Mapping[str, ECKey]) -> bytes | None:
    """The bytes that one of these keys signed; None when the signature does not hold or the key is not among them."""
    try:
        header = jws.extract_compact(token.encode()).headers()
        key = keys.get(str(header.get("kid")))
        if key is None or header.get("typ") != TYPE:
            return None
        return jws.deserialize_compact(token, key, algorithms=[ALGORITHM]).payload
    except (JoseError, ValueError):
        return None
