from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, OctKey

from tillway.errors import Misconfigured, Unauthenticated
from tillway.tokens import (
    LEEWAY,
    BadToken,
    Claims,
    Confirmation,
    Realm,
    UnknownKey,
    Verifier,
    key_text,
    new_key,
    public_jwk,
    read_key,
    sign,
    verify,
)

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
REALM = Realm(issuer="https://hub.example", audience="https://hub.example")
KEY = new_key()
KEYS = {str(KEY.kid): KEY}
CLAIMS = Claims(
    issuer=REALM.issuer,
    audience=REALM.audience,
    subject="webshop",
    client_id="webshop",
    kind="machine",
    scopes=("orders:read", "orders:write"),
    issued_at=NOW,
    expires_at=NOW + timedelta(minutes=10),
    token_id="jti-1",
)
TOKEN = sign(CLAIMS, KEY)


def part(content: object) -> str:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unpacked(token: str, index: int) -> dict[str, object]:
    text = token.split(".")[index]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def signed(header: dict[str, object], payload: object, key: ECKey | OctKey = KEY) -> str:
    algorithm = str(header.get("alg"))
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return jws.serialize_compact(header, raw, key, algorithms=[algorithm])


HEADER = {"alg": "ES256", "typ": "at+jwt", "kid": str(KEY.kid)}
PAYLOAD = unpacked(TOKEN, 1)


def test_what_was_signed_is_read_back() -> None:
    assert verify(TOKEN, KEYS, REALM, NOW) == CLAIMS


def test_a_token_is_what_rfc_9068_says() -> None:
    assert unpacked(TOKEN, 0) == HEADER
    assert {
        "iss": "https://hub.example",
        "aud": "https://hub.example",
        "sub": "webshop",
        "client_id": "webshop",
        "kind": "machine",
        "scope": "orders:read orders:write",
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 600,
        "jti": "jti-1",
    } == PAYLOAD


FULL = replace(
    CLAIMS,
    client_id="kiosk",
    confirmation=Confirmation(jkt="0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"),
    actor="kiosk",
    shop="harbour",
    roles=("board", "operator"),
    auth_time=NOW - timedelta(hours=1),
)


def test_what_a_token_is_bound_to_and_who_acts_is_read_back() -> None:
    assert verify(sign(FULL, KEY), KEYS, REALM, NOW) == FULL


def test_a_token_names_bindings_and_actors_as_the_standards_do() -> None:
    payload = unpacked(sign(FULL, KEY), 1)
    assert (payload["cnf"], payload["act"]) == ({"jkt": FULL.confirmation.jkt}, {"sub": "kiosk"})
    bound = replace(CLAIMS, confirmation=Confirmation(x5t="bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"))
    assert unpacked(sign(bound, KEY), 1)["cnf"] == {"x5t#S256": bound.confirmation.x5t}


@pytest.mark.parametrize("bound", [{}, {"jkt": "a", "x5t": "b"}])
def test_a_token_is_bound_to_one_thing(bound: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="bound to a key or to a certificate"):
        Confirmation(**bound)


OTHER_KEY = new_key()
NO_ALGORITHM = f"{part({**HEADER, 'alg': 'none'})}.{part(PAYLOAD)}."
BY_PUBLIC_KEY = signed({**HEADER, "alg": "HS256"}, PAYLOAD, OctKey.import_key(json.dumps(public_jwk(KEY))))


@pytest.mark.parametrize(
    ("token", "says"),
    [
        (NO_ALGORITHM, "not of type at+jwt signed with ES256"),
        (BY_PUBLIC_KEY, "not of type at+jwt signed with ES256"),
        (f"{part({**HEADER, 'alg': 'ES384'})}.{part(PAYLOAD)}.AAAA", "not of type at+jwt signed with ES256"),
        (signed({**HEADER, "typ": "JWT"}, PAYLOAD), "not of type at+jwt signed with ES256"),
        (signed({"alg": "ES256", "kid": HEADER["kid"]}, PAYLOAD), "header is not one of ours"),
        (signed({"alg": "ES256", "typ": "at+jwt"}, PAYLOAD), "header is not one of ours"),
        (signed({**HEADER, "jwk": public_jwk(OTHER_KEY)}, PAYLOAD), "header is not one of ours"),
        (f"{part({**HEADER, 'crit': ['b64'], 'b64': False})}.{part(PAYLOAD)}.AAAA", "header is not one of ours"),
        (f"{part([])}.{part(PAYLOAD)}.AAAA", "header is not one of ours"),
        (f"{part(b'[' * 5000)}.{part(PAYLOAD)}.AAAA", "header is not one of ours"),
        (f"{part(b'nothing')}.{part(PAYLOAD)}.AAAA", "header is not one of ours"),
        (f"{TOKEN.split('.')[0]}=.{part(PAYLOAD)}.AAAA", "header is not one of ours"),
        (signed(HEADER, PAYLOAD, OTHER_KEY), "signature does not match"),
        (
            f"{TOKEN.split('.')[0]}.{part({**PAYLOAD, 'sub': 'admin'})}.{TOKEN.split('.')[2]}",
            "signature does not match",
        ),
        (f"{TOKEN.split('.')[0]}.{TOKEN.split('.')[1]}.", "signature does not match"),
        (TOKEN.rsplit(".", 1)[0], "not a signed JWT"),
        (f"{TOKEN}.x", "not a signed JWT"),
        ("", "not a signed JWT"),
        ("..", "header is not one of ours"),
        ("x" * 9000, "too large"),
        (signed(HEADER, {**PAYLOAD, "iss": "https://other.example"}), "issued by somebody else"),
        (signed(HEADER, {**PAYLOAD, "aud": "https://other.example"}), "for somebody else"),
        (signed(HEADER, {**PAYLOAD, "aud": ["https://hub.example"]}), "lacks claims"),
        (signed(HEADER, {**PAYLOAD, "exp": "9999999999"}), "lacks claims"),
        (signed(HEADER, {**PAYLOAD, "exp": 10**30}), "lacks claims"),
        (signed(HEADER, {**PAYLOAD, "exp": True}), "lacks claims"),
        (signed(HEADER, {name: value for name, value in PAYLOAD.items() if name != "exp"}), "lacks claims"),
        (signed(HEADER, {**PAYLOAD, "cnf": {}}), "lacks claims"),
        (signed(HEADER, {**PAYLOAD, "cnf": {"jkt": "a", "x5t#S256": "b"}}), "lacks claims"),
        (signed(HEADER, {**PAYLOAD, "cnf": {"jwk": public_jwk(OTHER_KEY)}}), "lacks claims"),
        (signed(HEADER, {**PAYLOAD, "act": "kiosk"}), "lacks claims"),
        (signed(HEADER, {**PAYLOAD, "act": {"sub": "kiosk", "act": {"sub": "other"}}}), "lacks claims"),
        (signed(HEADER, b"not json"), "lacks claims"),
        (signed(HEADER, {**PAYLOAD, "exp": PAYLOAD["iat"]}), "has expired"),
        (signed(HEADER, {**PAYLOAD, "iat": int(NOW.timestamp()) + 60}), "from the future"),
    ],
)
def test_a_bad_token_is_refused_and_says_why(token: str, says: str) -> None:
    with pytest.raises(BadToken) as caught:
        verify(token, KEYS, REALM, NOW + timedelta(seconds=10))
    assert says in str(caught.value)
    assert isinstance(caught.value, Unauthenticated)


def test_an_unknown_key_is_told_apart_and_only_when_the_header_is_sound() -> None:
    with pytest.raises(UnknownKey):
        verify(TOKEN, {str(OTHER_KEY.kid): OTHER_KEY}, REALM, NOW)
    with pytest.raises(BadToken) as caught:
        verify(NO_ALGORITHM, {}, REALM, NOW)
    assert not isinstance(caught.value, UnknownKey)


@pytest.mark.parametrize(("seconds", "good"), [(-1, True), (0, True), (4.999, True), (5, False), (600, False)])
def test_a_token_dies_with_its_expiry_and_a_leeway(seconds: float, *, good: bool) -> None:
    at = CLAIMS.expires_at + timedelta(seconds=seconds)
    verifier = Verifier(REALM)
    verifier.verify(TOKEN, KEYS, NOW)
    for check in (lambda: verify(TOKEN, KEYS, REALM, at), lambda: verifier.verify(TOKEN, KEYS, at)):
        if good:
            assert check() == CLAIMS
        else:
            with pytest.raises(BadToken, match="has expired"):
                check()


@pytest.mark.parametrize(("ahead", "good"), [(LEEWAY, True), (LEEWAY + timedelta(seconds=1), False)])
def test_a_clock_may_be_ahead_by_the_leeway(ahead: timedelta, *, good: bool) -> None:
    token = sign(replace(CLAIMS, issued_at=NOW + ahead), KEY)
    if good:
        assert verify(token, KEYS, REALM, NOW).issued_at == NOW + ahead
    else:
        with pytest.raises(BadToken, match="from the future"):
            verify(token, KEYS, REALM, NOW)


@given(st.integers(0, len(TOKEN) - 1), st.characters(codec="ascii"))
def test_no_other_character_anywhere_passes(place: int, character: str) -> None:
    spoiled = TOKEN[:place] + character + TOKEN[place + 1 :]
    # The last character of a part carries bits that decoding drops: another spelling of the same signed bytes.
    try:
        claims = verify(spoiled, KEYS, REALM, NOW)
    except BadToken:
        return
    assert claims == CLAIMS


@given(st.text(max_size=200) | st.binary(max_size=300).map(lambda raw: f"{part(raw)}.{part(raw)}.{part(raw)}"))
def test_no_text_at_all_raises_anything_else(text: str) -> None:
    with pytest.raises(BadToken):
        Verifier(REALM).verify(text, KEYS, NOW)


def test_a_remembered_token_needs_no_signature_check_but_its_key() -> None:
    verifier = Verifier(REALM)
    assert verifier.verify(TOKEN, KEYS, NOW) is verifier.verify(TOKEN, KEYS, NOW)
    with pytest.raises(UnknownKey):
        verifier.verify(TOKEN, {}, NOW)
    assert len(verifier) == 0


def test_an_expired_token_is_forgotten() -> None:
    verifier = Verifier(REALM)
    verifier.verify(TOKEN, KEYS, NOW)
    with pytest.raises(BadToken):
        verifier.verify(TOKEN, KEYS, NOW + timedelta(hours=1))
    assert len(verifier) == 0


def test_bad_tokens_are_not_remembered() -> None:
    verifier = Verifier(REALM)
    with pytest.raises(BadToken):
        verifier.verify(NO_ALGORITHM, KEYS, NOW)
    assert len(verifier) == 0


def test_memory_is_bounded_and_keeps_what_was_used_last() -> None:
    verifier = Verifier(REALM, size=2)
    first, second, third = (sign(replace(CLAIMS, token_id=f"jti-{number}"), KEY) for number in range(3))
    kept = verifier.verify(first, KEYS, NOW)
    dropped = verifier.verify(second, KEYS, NOW)
    assert verifier.verify(first, KEYS, NOW) is kept
    verifier.verify(third, KEYS, NOW)
    assert len(verifier) == 2
    assert verifier.verify(first, KEYS, NOW) is kept
    assert verifier.verify(second, KEYS, NOW) is not dropped


def test_a_key_survives_being_stored_and_shows_only_its_public_half() -> None:
    again = read_key(key_text(KEY))
    assert verify(sign(CLAIMS, again), KEYS, REALM, NOW) == CLAIMS
    assert sorted(public_jwk(again)) == ["alg", "crv", "kid", "kty", "use", "x", "y"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"kty": "EC"}',
        '{"kty": "oct", "k": "c2VjcmV0LXZhbHVl"}',
        json.dumps(public_jwk(KEY) | {"x": "!"}),
    ],
)
def test_a_key_that_cannot_be_read_is_misconfigured_and_not_repeated(text: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        read_key(text)
    assert "c2VjcmV0" not in str(caught.value)


def test_a_key_of_another_curve_is_misconfigured() -> None:
    with pytest.raises(Misconfigured, match="not P-256"):
        read_key(key_text(ECKey.generate_key("P-384", private=True, auto_kid=True)))
