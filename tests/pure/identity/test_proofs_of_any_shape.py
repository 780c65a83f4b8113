"""Whatever is sent as a DPoP proof is a proof or refused as none: nothing else ever comes of reading one."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from tests.pure.identity.who import NOW, RING

from tillway.identity.proof import BadProof, Call, check

CALL = Call(method="GET", url="https://hub.example/products/v1/products", token="t")

JSON = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False) | some.text(max_size=20),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
JWK = some.dictionaries(
    some.sampled_from(["kty", "crv", "x", "y", "n", "e", "d", "kid", "alg", "use", "key_ops"]), JSON
)
HEADER = some.fixed_dictionaries(
    {},
    optional={
        "typ": some.sampled_from(["dpop+jwt", "JWT"]) | JSON,
        "alg": some.sampled_from(["ES256", "none", "HS256", "EdDSA", "RS256"]) | JSON,
        "jwk": JWK | JSON,
        "crit": JSON,
    },
)
PAYLOAD = some.dictionaries(some.sampled_from(["jti", "htm", "htu", "iat", "ath", "nonce"]), JSON)


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode("utf-8", "surrogatepass")).decode().rstrip("=")


@given(some.text(max_size=200))
@settings(max_examples=60, deadline=None)
def test_any_text_is_refused(text: str) -> None:
    with pytest.raises(BadProof):
        check(text, CALL, RING, NOW)


@given(HEADER | JSON, PAYLOAD | JSON, some.binary(max_size=70))
@settings(max_examples=100, deadline=None)
def test_anything_of_the_shape_of_a_proof_is_refused(header: Any, payload: Any, signature: bytes) -> None:
    proof = f"{part(header)}.{part(payload)}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"
    with pytest.raises(BadProof):
        check(proof, CALL, RING, NOW)
