from __future__ import annotations

import base64
from datetime import timedelta
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pure.identity.who import KEY, NOW, REALM, RING, SECRETS, asked, basic, desk, landscape

from tillway.identity import OPERATOR_LIFETIME, TOKEN_LIFETIME, TokenRequest, issue, operator_token, parse_form
from tillway.tokens import Claims, verify

GRANT = ("grant_type", "client_credentials")
WEBSHOP = basic("webshop", "webshop-secret")
UNCACHED = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def test_the_answer_is_the_token_response_of_rfc_6749() -> None:
    answer = asked(GRANT, ("scope", "orders:write orders:read"), authorization=WEBSHOP)
    body = dict(answer.body)
    claims = verify(str(body.pop("access_token")), RING.keys, REALM, NOW)
    assert (answer.status, body, answer.headers, answer.consumer) == (
        200,
        {"token_type": "Bearer", "expires_in": 600, "scope": "orders:write orders:read"},
        UNCACHED,
        "webshop",
    )
    assert claims == Claims(
        issuer=REALM.issuer,
        audience=REALM.audience,
        subject="webshop",
        client_id="webshop",
        kind="machine",
        scopes=("orders:write", "orders:read"),
        issued_at=NOW,
        expires_at=NOW + TOKEN_LIFETIME,
        token_id="jti-1",
    )


@pytest.mark.parametrize(
    ("scope", "given_"),
    [
        (None, "orders:read orders:write events:read"),
        ("", "orders:read orders:write events:read"),
        ("events:read", "events:read"),
        ("orders:write orders:write", "orders:write"),
    ],
)
def test_exactly_the_scopes_asked_for_are_given_and_all_granted_ones_when_none_is_asked(
    scope: str | None, given_: str
) -> None:
    form = (GRANT,) if scope is None else (GRANT, ("scope", scope))
    assert asked(*form, authorization=WEBSHOP).body["scope"] == given_


@pytest.mark.parametrize(
    "presented",
    [
        {"authorization": WEBSHOP},
        {"authorization": WEBSHOP.replace("Basic ", "basic   ")},
        {"authorization": basic("webshop", "webshop%2Dsecret")},
        {"form": (("client_id", "webshop"), ("client_secret", "webshop-secret"))},
        {"authorization": WEBSHOP, "form": (("client_id", "webshop"),)},
        {"authorization": WEBSHOP, "form": (("unknown", "ignored"), ("scope", ""))},
    ],
)
def test_a_client_may_present_its_secret_in_the_header_or_in_the_form(presented: dict[str, object]) -> None:
    answer = asked(GRANT, *presented.get("form", ()), authorization=presented.get("authorization"))
    assert (answer.status, answer.consumer) == (200, "webshop")


def test_a_secret_of_any_characters_works_when_encoded_as_rfc_6749_asks() -> None:
    assert asked(GRANT, authorization=basic("till", quote(SECRETS["till"], safe=""))).status == 200
    assert asked(GRANT, ("client_id", "till"), ("client_secret", SECRETS["till"])).status == 200


NOT_KNOWN = [
    ((), None),
    ((), basic("webshop", "wrong")),
    ((), basic("webshop", "")),
    ((), basic("nobody", "webshop-secret")),
    ((), basic("nobody", "")),
    ((), basic("gone", "gone-secret")),
    ((), basic("", "")),
    ((), "Bearer abc"),
    ((), "Basic"),
    ((), "Basic ???"),
    ((), "Basic " + base64.b64encode(b"no-colon").decode()),
    ((), "Basic " + base64.b64encode(b"\xff:\xff").decode()),
    ((), basic("webshop", "%ff")),
    ((("client_id", "webshop"),), None),
    ((("client_secret", "webshop-secret"),), None),
    ((("client_id", "webshop"), ("client_secret", "wrong")), None),
    ((("client_id", "webshop"), ("client_secret", "\ud800")), None),
]


@pytest.mark.parametrize(("form", "authorization"), NOT_KNOWN)
def test_whoever_is_not_known_reads_the_same_answer(
    form: tuple[tuple[str, str], ...], authorization: str | None
) -> None:
    answer = asked(GRANT, *form, authorization=authorization)
    assert (answer.status, answer.body, answer.headers, answer.consumer) == (
        401,
        {"error": "invalid_client", "error_description": "the client is not known or its secret is wrong"},
        {**UNCACHED, "WWW-Authenticate": 'Basic realm="tillway", charset="UTF-8"'},
        None,
    )


def test_a_consumer_without_a_secret_gets_nothing_with_an_empty_one() -> None:
    answer = issue(
        TokenRequest(form=(GRANT,), authorization=basic("webshop", "")),
        desk(secrets={"webshop": ""}),
    )
    assert answer.body["error"] == "invalid_client"


POSTED = (("client_id", "webshop"), ("client_secret", "webshop-secret"))


@pytest.mark.parametrize(
    ("form", "authorization", "error", "consumer"),
    [
        ((), WEBSHOP, "invalid_request", None),
        ((("grant_type", ""),), WEBSHOP, "invalid_request", None),
        ((GRANT, GRANT), WEBSHOP, "invalid_request", None),
        ((GRANT, ("scope", "orders:read"), ("scope", "orders:read")), WEBSHOP, "invalid_request", None),
        ((GRANT, *POSTED), WEBSHOP, "invalid_request", None),
        ((GRANT, ("client_id", "till")), WEBSHOP, "invalid_request", None),
        ((("grant_type", "password"),), WEBSHOP, "unsupported_grant_type", "webshop"),
        ((("grant_type", "authorization_code"), *POSTED), None, "unsupported_grant_type", "webshop"),
        ((GRANT, ("scope", "operations:read")), WEBSHOP, "invalid_scope", "webshop"),
        ((GRANT, ("scope", "orders:read stock:read")), WEBSHOP, "invalid_scope", "webshop"),
        ((GRANT, ("scope", "orders:read  orders:write")), WEBSHOP, "invalid_scope", "webshop"),
        ((GRANT, ("scope", " ")), WEBSHOP, "invalid_scope", "webshop"),
        ((GRANT, ("scope", 'a"b')), WEBSHOP, "invalid_scope", "webshop"),
        ((GRANT, ("scope", "a\nb")), WEBSHOP, "invalid_scope", "webshop"),
        ((GRANT,), basic("idle", "idle-secret"), "invalid_scope", "idle"),
    ],
)  # fmt: skip
def test_a_wrong_request_gets_the_error_of_rfc_6749(
    form: tuple[tuple[str, str], ...], authorization: str | None, error: str, consumer: str | None
) -> None:
    answer = asked(*form, authorization=authorization)
    assert (answer.status, answer.body["error"], answer.headers, answer.consumer) == (400, error, UNCACHED, consumer)
    assert sorted(answer.body) == ["error", "error_description"]


def test_the_scope_that_was_refused_is_named() -> None:
    answer = asked(GRANT, ("scope", "orders:read stock:read"), authorization=WEBSHOP)
    assert answer.body["error_description"] == "not granted to this client: stock:read"


def test_a_wrong_grant_type_of_somebody_unknown_says_only_that_they_are_unknown() -> None:
    assert asked(("grant_type", "password"), authorization=basic("webshop", "x")).body["error"] == "invalid_client"


def test_a_scope_taken_away_is_not_given_any_more() -> None:
    known = landscape(('"orders:read", ', ""))
    assert asked(GRANT, ("scope", "orders:read"), authorization=WEBSHOP, known=known).body["error"] == "invalid_scope"


ANY_TEXT = st.text(max_size=20)
DESCRIPTION = set(map(chr, (*range(0x20, 0x22), *range(0x23, 0x5C), *range(0x5D, 0x7F))))


@given(
    st.lists(
        st.tuples(st.sampled_from(["grant_type", "scope", "client_id", "client_secret", "x"]), ANY_TEXT), max_size=5
    )
)
def test_whatever_is_posted_the_answer_keeps_rfc_6749(form: list[tuple[str, str]]) -> None:
    answer = asked(GRANT, *form, authorization=WEBSHOP)
    assert answer.status in {200, 400, 401}
    assert set(str(answer.body.get("error_description", ""))) <= DESCRIPTION


@given(ANY_TEXT)
def test_no_other_secret_opens(secret: str) -> None:
    if secret != SECRETS["webshop"]:
        assert asked(GRANT, authorization=basic("webshop", quote(secret))).status == 401


@pytest.mark.parametrize(
    ("body", "content_type", "fields"),
    [
        (b"a=1&b=x+y%26", "application/x-www-form-urlencoded", (("a", "1"), ("b", "x y&"))),
        (b"a=&a=2", "application/x-www-form-urlencoded; charset=UTF-8", (("a", ""), ("a", "2"))),
        (b"a=1", None, (("a", "1"),)),
        (b"", None, ()),
        (b'{"a": 1}', "application/json", ()),
        (b"a=\xff", None, ()),
        (b"a=%ff", None, ()),
        (b"&".join([b"a=1"] * 40), None, ()),
        (b"a=" + b"x" * 40_000, None, ()),
    ],
)
def test_a_form_is_read_or_is_empty(body: bytes, content_type: str | None, fields: tuple[tuple[str, str], ...]) -> None:
    assert parse_form(body, content_type) == fields


@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)).filter(any), max_size=8))
def test_a_form_reads_back_as_it_was_written(fields: list[tuple[str, str]]) -> None:
    assert parse_form(urlencode(fields).encode()) == tuple(fields)


def test_an_operators_token_looks_at_operations_only() -> None:
    made = operator_token(key=KEY, realm=REALM, now=NOW, token_id="jti-2")
    claims = verify(made, RING.keys, REALM, NOW)
    assert (claims.subject, claims.kind, claims.scopes) == (
        "operator",
        "operator",
        ("operations:read", "operations:write"),
    )
    assert claims.expires_at == NOW + OPERATOR_LIFETIME == NOW + timedelta(hours=12)
