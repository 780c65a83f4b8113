"""What introspection tells whom, and what revocation does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.pure.identity.who import LANDSCAPE, NOW, desk, landscape, token

from tillway.identity.desk import Client
from tillway.identity.requesting import Refusal
from tillway.identity.restrictions import restrictions
from tillway.identity.token_state import introspection, revocation

READER = landscape(
    ('"orders:read", "orders:write", "events:read"]', '"orders:read", "operations:read"]'),
    (
        "events:\n  order.accepted",
        (
            "  operations: {layer: system, owner: platform, criticality: low, data_class: internal}\n"
            "events:\n  order.accepted"
        ),
    ),
)


def client(name: str, known=LANDSCAPE) -> Client:
    return Client(id=name, consumer=known.consumers[name])


def told(bearer: str, who: Client, **changes):
    answer = introspection({"token": bearer}, who, desk(**changes))
    assert (answer.status, answer.consumer, answer.headers["Cache-Control"]) == (200, who.consumer.id, "no-store")
    return answer.body


def test_a_client_is_told_of_its_own_token() -> None:
    assert told(token("till", "orders:write"), client("till")) == {
        "active": True,
        "scope": "orders:write",
        "client_id": "till",
        "token_type": "Bearer",
        "exp": int((NOW + timedelta(minutes=10)).timestamp()),
        "iat": int(NOW.timestamp()),
        "sub": "till",
        "aud": "https://hub.example",
        "iss": "https://hub.example",
        "jti": "jti-1",
        "kind": "device",
    }


def test_of_anothers_token_is_told_to_who_may_look_at_operations() -> None:
    assert told(token("till"), client("webshop")) == {"active": False}
    assert told(token("till"), client("webshop", READER), landscape=READER)["client_id"] == "till"


@pytest.mark.parametrize("bearer", ["nonsense", "a.b.c", token("till")[:-4] + "AAAA"])
def test_what_is_no_token_does_not_count(bearer: str) -> None:
    assert told(bearer, client("till")) == {"active": False}


def test_a_token_counts_no_longer_than_it_would_at_the_door() -> None:
    bearer = token("till")
    assert told(bearer, client("till"), now=NOW + timedelta(hours=1)) == {"active": False}
    for kind, name in (("token", "jti-1"), ("consumer", "till"), ("device", "till")):
        held = restrictions([(kind, name, None)])
        assert told(bearer, client("till"), restrictions=held) == {"active": False}
    gone = landscape(("kind: device", "kind: machine"))
    assert told(bearer, client("till"), landscape=gone) == {"active": False}


def test_a_scope_that_was_withdrawn_is_not_told() -> None:
    less = landscape(('["orders:write", "events:read"]', '["events:read"]'))
    assert told(token("till"), client("till"), landscape=less)["scope"] == "events:read"


def test_a_client_revokes_its_own_token() -> None:
    decided = revocation({"token": token("till")}, client("till"), desk())
    assert (decided.answer.status, decided.claims.token_id) == (200, "jti-1")


@pytest.mark.parametrize("bearer", ["nonsense", token("till")[:-4] + "AAAA"])
def test_what_does_not_count_is_as_good_as_revoked(bearer: str) -> None:
    decided = revocation({"token": bearer}, client("till"), desk())
    assert (decided.answer.status, decided.claims) == (200, None)
    ended = revocation({"token": token("till")}, client("till"), desk(now=NOW + timedelta(hours=1)))
    assert (ended.answer.status, ended.claims) == (200, None)


def test_anothers_token_is_not_revoked() -> None:
    with pytest.raises(Refusal) as caught:
        revocation({"token": token("till")}, client("webshop", READER), desk(landscape=READER))
    assert caught.value.code == "unauthorized_client"


@pytest.mark.parametrize("decide", [introspection, revocation])
def test_without_a_token_there_is_nothing_to_say(decide) -> None:
    with pytest.raises(Refusal) as caught:
        decide({}, client("till"), desk())
    assert caught.value.code == "invalid_request"
