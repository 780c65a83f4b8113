from __future__ import annotations

from datetime import timedelta

import pytest
from tests.pure.identity.who import KEY, LANDSCAPE, NOW, REALM, known_by, landscape, token

from tillway.identity import (
    TOKEN_LIFETIME,
    NotAuthenticated,
    Principal,
    metadata,
    operator_token,
    ring_of,
)
from tillway.landscape import Landscape
from tillway.tokens import UnknownKey, new_key

INVALID = 'Bearer realm="tillway", error="invalid_token", error_description='


def principal(bearer: str, known: Landscape = LANDSCAPE) -> Principal:
    return known_by(f"Bearer {bearer}", known=known)


def test_a_bearer_token_names_its_principal() -> None:
    assert principal(token("webshop", "orders:read")) == Principal(
        id="webshop",
        kind="machine",
        scopes=frozenset({"orders:read"}),
        token_id="jti-1",
        expires_at=NOW + TOKEN_LIFETIME,
        claimed=frozenset({"orders:read"}),
        holder="webshop",
    )


@pytest.mark.parametrize("header", ["bearer {}", "BEARER   {}", "  Bearer {} "])
def test_the_scheme_is_read_as_http_writes_it(header: str) -> None:
    assert known_by(header.format(token())).id == "webshop"


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc", "Token abc"])
def test_without_a_token_the_challenge_names_the_scheme_alone(header: str | None) -> None:
    with pytest.raises(NotAuthenticated) as caught:
        known_by(header)
    assert (caught.value.status, caught.value.challenge) == (401, 'Bearer realm="tillway"')


@pytest.mark.parametrize(
    ("bearer", "says"),
    [
        ("nonsense", "the access token is not a signed JWT"),
        (token()[:-4] + "AAAA", "the access token's signature does not match"),
    ],
)
def test_a_bad_token_is_answered_with_why(bearer: str, says: str) -> None:
    with pytest.raises(NotAuthenticated) as caught:
        principal(bearer)
    assert caught.value.challenge == f'{INVALID}"{says}"'


def test_an_expired_token_is_answered_with_why() -> None:
    with pytest.raises(NotAuthenticated, match="has expired"):
        known_by(f"Bearer {token()}", now=NOW + timedelta(hours=1))


def test_an_unknown_key_passes_through_so_that_keys_can_be_looked_for() -> None:
    with pytest.raises(UnknownKey):
        known_by(f"Bearer {token()}", ring_of([new_key()]))


def test_a_scope_counts_only_as_far_as_the_landscape_grants_it_now() -> None:
    known = landscape(('"orders:read", ', ""))
    assert principal(token(), known).scopes == {"orders:write", "events:read"}


def test_a_consumer_that_is_gone_or_became_something_else_is_not_known_any_more() -> None:
    for known in (landscape(("  webshop:\n", "  renamed:\n")), landscape(("kind: machine", "kind: person"))):
        with pytest.raises(NotAuthenticated, match="not known any more"):
            principal(token(), known)


def test_who_is_remembered_by_the_token_alone_under_one_landscape_alone() -> None:
    wide, narrow = token("webshop"), token("webshop", "orders:read")  # of one and the same id
    assert principal(wide).scopes > principal(narrow).scopes == {"orders:read"}
    assert principal(wide).scopes > principal(narrow).scopes == {"orders:read"}
    with pytest.raises(NotAuthenticated, match="not known any more"):
        principal(wide, landscape(("  webshop:\n", "  renamed:\n")))


def test_an_operator_needs_no_entry_in_the_landscape() -> None:
    bearer = operator_token(key=KEY, realm=REALM, now=NOW, token_id="jti-2")
    who = principal(bearer)
    assert (who.id, who.kind, who.scopes) == ("operator", "operator", {"operations:read", "operations:write"})


def test_the_metadata_is_what_rfc_8414_says() -> None:
    assert metadata("https://hub.example/", ["b:read", "a:read", "a:read"]) == {
        "issuer": "https://hub.example",
        "token_endpoint": "https://hub.example/oauth2/token",
        "introspection_endpoint": "https://hub.example/oauth2/introspect",
        "revocation_endpoint": "https://hub.example/oauth2/revoke",
        "jwks_uri": "https://hub.example/.well-known/jwks.json",
        "response_types_supported": [],
        "grant_types_supported": [
            "client_credentials",
            "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "urn:ietf:params:oauth:grant-type:token-exchange",
        ],
        "token_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_basic", "client_secret_post"],
        "introspection_endpoint_auth_methods_supported": [
            "private_key_jwt",
            "client_secret_basic",
            "client_secret_post",
        ],
        "revocation_endpoint_auth_methods_supported": ["private_key_jwt", "client_secret_basic", "client_secret_post"],
        "token_endpoint_auth_signing_alg_values_supported": ["ES256", "PS256", "RS256", "EdDSA", "Ed25519"],
        "dpop_signing_alg_values_supported": ["ES256", "PS256", "RS256", "EdDSA", "Ed25519"],
        "service_documentation": "https://hub.example/catalog",
        "scopes_supported": ["a:read", "b:read"],
    }


def test_the_jwks_shows_every_key_and_no_private_half() -> None:
    older = new_key()
    assert [sorted(key) for key in ring_of([KEY, older]).jwks()["keys"]] == [
        ["alg", "crv", "kid", "kty", "use", "x", "y"]
    ] * 2
    assert [key["kid"] for key in ring_of([KEY, older]).jwks()["keys"]] == [KEY.kid, older.kid]
