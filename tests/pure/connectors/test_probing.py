"""What an Odoo lacks is said in plain words, on a far side that answers from a script."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from tests.pure.connectors.test_speaking import Scripted, call

from tillway.connectors.odoo import Connection, Odoo, Places, TillInOdoo, ending
from tillway.connectors.odoo.probe import PRICE_LISTS_OFF, WORDS, Probe
from tillway.outbound import Reply, Request

NOW = datetime(2026, 11, 24, tzinfo=UTC)
TILL = TillInOdoo(company="1", config=1, methods={})
ABSENT = msgspec.json.encode({"name": "werkzeug.exceptions.NotFound", "message": "the model does not exist"})


async def looked(*absent: str, price_lists: bool = True, tills: bool = True, forbidden: str = "") -> Probe:
    """At an Odoo without these modules, whose key may not touch the forbidden model."""

    def answer(path: str, request: Request) -> Reply:
        del request
        if path == "/web/version":
            return Reply(status=200, body=b'{"version": "19.0"}')
        model, method = path.removeprefix("/json/2/").split("/")
        if any(model.startswith(each) for each in absent):
            return Reply(status=404, body=ABSENT)
        if method == "context_get":
            return Reply(status=200, body=b'{"uid": 7}')
        if method == "has_group":
            return Reply(status=200, body=b"true" if price_lists else b"false")
        return Reply(status=200, body=b"false" if model == forbidden else b"1")

    places = Places(price_lists={"web": 3}, tills={"till-1": TILL} if tills else {})
    return await Odoo(Connection(url="http://odoo", database="retail", key="k"), Scripted(answer), places=places).probe(
        call()
    )


async def test_an_odoo_that_has_everything_is_ready() -> None:
    found = await looked()
    assert (found.ready, found.lacks) == (True, ())


async def test_what_is_not_installed_is_said_by_what_is_missing_then() -> None:
    found = await looked("pos.", "stock.")
    assert (found.ready, sorted(found.lacks)) == (False, sorted([WORDS["point_of_sale"], WORDS["stock"]]))


async def test_what_nobody_needs_may_be_missing() -> None:
    found = await looked("pos.", "loyalty.", tills=False)
    assert (found.ready, sorted(found.without)) == (True, ["loyalty", "point_of_sale"])


async def test_price_lists_that_are_switched_off_are_told() -> None:
    found = await looked(price_lists=False)
    assert (found.ready, found.lacks) == (False, (PRICE_LISTS_OFF,))


async def test_a_right_that_is_missing_is_named() -> None:
    found = await looked(forbidden="res.partner")
    assert found.lacks == tuple(f"the right to {right} res.partner" for right in ("read", "create", "write"))


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=15), None),
        (timedelta(days=13, hours=1), "the key ends in 13 days"),
        (timedelta(hours=30), "the key ends in 30 hours"),
        (timedelta(0), "the key has ended"),
    ],
)
def test_a_key_that_ends_soon_is_warned_of(left: timedelta, words: str | None) -> None:
    assert ending(NOW + left, NOW) == words
    assert ending(None, NOW) is None
