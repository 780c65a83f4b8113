"""The registry tells what is amiss, and who is let in stands in a file that fits."""

from __future__ import annotations

from datetime import UTC, date, datetime

import msgspec
import pytest
from tests.pure.gateway.front_door import CONTENT, landscape

from tillway.errors import Conflict
from tillway.governance import Seen, registry
from tillway.governance.onboarding import Wanted, checked, drafted
from tillway.landscape import InvalidLandscape, build
from tillway.tokens import new_key, public_jwk

NOW = datetime(2027, 6, 1, 12, tzinfo=UTC)
TEXTS = {"landscape.yaml": msgspec.json.encode(msgspec.to_builtins(CONTENT)).decode()}


def seen(**more):
    known = {"last": {}, "used": {}, "subscriptions": {}, "suspended": (), "offboarded": ()}
    return Seen(**known | more)


def told(known, today=date(2027, 6, 1), land=None):
    return {each.id: each for each in registry(land or landscape(), known, today, since=date(2027, 5, 1))}


def test_whoever_never_called_and_whoever_stopped_is_named():
    found = told(seen(last={"webshop": datetime(2027, 1, 1, tzinfo=UTC)}))
    assert "not-seen-lately" in found["webshop"].amiss
    assert "never-seen" in found["till"].amiss


def test_scopes_that_were_not_used_are_named():
    used = {"till": {"pos:read", "pos:write", "orders:read", "orders:write"}}
    found = told(seen(last={"till": NOW}, used=used))["till"]
    assert (found.unused_scopes, found.amiss) == (("events:read",), ("unused-scopes",))


def test_subscriptions_of_nobody_are_orphans():
    found = told(seen(subscriptions={"gone": ("s-1",)}))["gone"]
    assert (found.state, found.subscriptions, found.amiss) == ("undeclared", ("s-1",), ("undeclared",))


def test_an_owner_who_is_no_team_is_an_orphans_once_there_are_teams():
    content = {**CONTENT, "teams": {"stores": {"name": "Stores", "contact": "stores@example.com"}}}
    land = build({"landscape.yaml": msgspec.json.encode(msgspec.to_builtins(content)).decode()})
    found = told(seen(), land=land)
    assert "owner-unknown" in found["webshop"].amiss
    assert "owner-unknown" not in found["till"].amiss
    assert all("owner-unknown" not in each.amiss for each in told(seen()).values())


def test_how_they_stand_is_told():
    found = told(seen(suspended={"till"}, offboarded={"webshop", "old"}), today=date(2027, 7, 2))
    assert [(each.id, each.state) for each in found.values()] == [
        ("old", "offboarded"),
        ("till", "suspended"),
        ("webshop", "offboarded"),
    ]
    assert (found["old"].amiss, found["webshop"].amiss) == ((), ("still-declared",))
    assert (found["till"].standing, "review-overdue" in found["till"].amiss) == ("warn", True)


def wanted(**more):
    given = {
        "id": "print-partner",
        "owner": "e-commerce",
        "contact": "print@example.com",
        "purpose": "prints photo books: 30 % of them",
        "kind": "machine",
        "environment": "test",
        "scopes": ("orders:read",),
        "shops": ("berlin",),
        "shop": None,
        "event_types": (),
        "review": date(2027, 12, 1),
        "key": public_jwk(new_key()),
    }
    return Wanted(**given | more)


def test_who_is_let_in_stands_in_a_file_that_the_landscape_reads():
    one = wanted()
    text, made = checked(TEXTS, one)
    consumer = made.consumers["print-partner"]
    assert (consumer.purpose, consumer.environment, consumer.shops) == (one.purpose, "test", ("berlin",))
    assert consumer.keys[0].jwk == one.key
    assert '"d"' not in text and "secret" not in text  # noqa: PT018
    assert text == drafted(one)


def test_who_does_not_fit_is_not_let_in():
    with pytest.raises(InvalidLandscape, match="there is no interface 'oders'"):
        checked(TEXTS, wanted(scopes=("oders:read",)))
    with pytest.raises(Conflict, match="there is a consumer webshop already"):
        checked(TEXTS, wanted(id="webshop"))
