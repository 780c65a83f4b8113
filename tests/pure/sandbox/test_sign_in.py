"""Whom the sandbox's provider sends back with a code, and what it gives for one."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from tillway.sandbox import sign_in
from tillway.sandbox.sign_in import CODE_LIFE, CODES_MAX, NotAnswered, Refused, SignIn, asked_for
from tillway.tokens import base64url

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ISSUER = "http://127.0.0.1:8069/sign-in"
BACK = "http://127.0.0.1:8080/console/callback"
VERIFIER = "v" * 43
QUERY = {
    "response_type": "code",
    "client_id": sign_in.CLIENT_ID,
    "redirect_uri": BACK,
    "scope": "openid profile",
    "state": "s",
    "nonce": "n",
    "code_challenge": base64url.encode(hashlib.sha256(VERIFIER.encode()).digest()),
    "code_challenge_method": "S256",
}


def form(code: str, **changes: str) -> dict[str, str]:
    given = {"grant_type": "authorization_code", "client_id": sign_in.CLIENT_ID, "redirect_uri": BACK}
    return given | {"code": code, "code_verifier": VERIFIER} | changes


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://shop.example.com/console/callback",
        "http://127.0.0.1.example.com:8080/console/callback",
        "http://127.0.0.1:8080@example.com:80/console/callback",
        "http://ada@127.0.0.1:8080/console/callback",
        "http://127.0.0.1:8080/console/callback?next=//example.com",
        "http://127.0.0.1:8080/console/callback#",
        "http://127.0.0.1:8080/console/sign-in",
        "http://127.0.0.1:99999/console/callback",
        "javascript://127.0.0.1:8080/console/callback",
        "",
    ],
)
def test_nobody_is_sent_elsewhere(elsewhere):
    with pytest.raises(NotAnswered):
        asked_for(QUERY | {"redirect_uri": elsewhere})


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:41234", "[::1]:8443"])
def test_a_hub_on_this_machine_may_listen_anywhere(host):
    assert asked_for(QUERY | {"redirect_uri": f"http://{host}/console/callback"}).nonce == "n"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"prompt": "none"}, "login_required"),
    ],
)
def test_what_is_refused_is_told_to_the_hub(changes, code):
    with pytest.raises(Refused) as refused:
        asked_for(QUERY | changes)
    assert refused.value.code == code


def test_a_client_that_is_not_known_gets_no_answer():
    with pytest.raises(NotAnswered):
        asked_for(QUERY | {"client_id": "other"})


def test_a_code_counts_once():
    provider = SignIn(ISSUER)
    code = provider.code(asked_for(QUERY), "ada", NOW)
    assert provider.redeemed(form(code), NOW)["token_type"] == "Bearer"
    with pytest.raises(Refused, match="was used"):
        provider.redeemed(form(code), NOW)


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "w" * 43},
        {"code_verifier": ""},
        {"redirect_uri": BACK.replace("8080", "8081")},
        {"client_id": "other"},
    ],
)
def test_a_code_is_for_whoever_asked_for_it_and_an_attempt_ends_it(changes):
    provider = SignIn(ISSUER)
    code = provider.code(asked_for(QUERY), "ada", NOW)
    for attempt in (form(code, **changes), form(code)):
        with pytest.raises(Refused):
            provider.redeemed(attempt, NOW)


def test_a_code_is_short_lived():
    provider = SignIn(ISSUER)
    late, timely = (provider.code(asked_for(QUERY), "ada", NOW) for _ in range(2))
    assert provider.redeemed(form(timely), NOW + CODE_LIFE)
    with pytest.raises(Refused, match="too old"):
        provider.redeemed(form(late), NOW + CODE_LIFE + timedelta(seconds=1))


def test_codes_that_nobody_redeems_give_way():
    provider = SignIn(ISSUER)
    first, second, *_ = [provider.code(asked_for(QUERY), "ada", NOW) for _ in range(CODES_MAX + 1)]
    with pytest.raises(Refused):
        provider.redeemed(form(first), NOW)
    assert provider.redeemed(form(second), NOW)
