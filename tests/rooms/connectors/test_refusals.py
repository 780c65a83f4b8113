"""What goes wrong comes out as an error of ours that says what happens next, and never with a word of `debug`."""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable
from datetime import timedelta

import msgspec
import pytest
from tests.rooms.connectors.world import World

from tillway import clock
from tillway.connectors.odoo import Connection, Odoo
from tillway.connectors.odoo.client import READ, WRITE, Json2
from tillway.errors import (
    Forbidden,
    Invalid,
    Misconfigured,
    NotFound,
    Poison,
    TillwayError,
    TryAgain,
    Unavailable,
)
from tillway.outbound import Client, reach
from tillway.retail import Call

FORBIDDEN_WORDS = ("Traceback", "debug", 'File "', ".py", "/opt/", "/work/", "site-packages")


def json2(world: World, *, key: str | None = None, database: str | None = None) -> Json2:
    return Json2(
        Connection(url=world.far.url, database=database or world.far.database, key=key or world.far.key), world.client
    )


async def failing(asking: Callable[[], Awaitable[object]]) -> TillwayError:
    """The error that comes out, once it was made sure that nothing of theirs hangs on it."""
    with pytest.raises(TillwayError) as caught:
        await asking()
    error = caught.value
    shown = "".join(traceback.format_exception_only(error))
    told = (
        f"{shown}{error!r}{error.args}{error.detail}{error.remedy}{vars(error)}{error.__cause__!r}{error.__context__!r}"
    )
    assert [word for word in FORBIDDEN_WORDS if word in told] == []
    return error


@pytest.mark.parametrize(
    ("asked", "arguments", "expected"),
    [
        ("sale.order/write", {"ids": [99999999], "vals": {"origin": "x"}}, NotFound),
        ("sale.order/_write", {"ids": [1], "vals": {}}, Forbidden),
        ("sale.order/create", {"vals_list": {}}, Invalid),
        ("sale.order/create", {}, Poison),
        ("res.partner/search_read", {"domain": [], "fields": ["nope"]}, Poison),
        ("res.partner/search", {"domain": [["nope", "=", 1]]}, Poison),
        ("res.partner/write", {"ids": [1], "vals": {"nope": 1}}, Poison),
        ("nope.model/search", {"domain": []}, Unavailable),
        ("sale.order/nope", {}, Unavailable),
    ],
)
async def test_errors_say_what_happens_next(
    world: World, call: Call, asked: str, arguments: dict[str, object], expected: type[TillwayError]
) -> None:
    model, method = asked.split("/")

    error = await failing(lambda: json2(world).call(call, WRITE, model, method, **arguments))

    assert isinstance(error, expected)


async def test_a_refused_key_holds(world: World, call: Call) -> None:
    error = await failing(lambda: json2(world, key="0" * 40).call(call, READ, "res.partner", "search", domain=[]))

    assert (isinstance(error, Unavailable), "0000" in str(error)) == (True, False)


async def test_an_unknown_database_holds(world: World, call: Call) -> None:
    error = await failing(lambda: json2(world, database="nope").call(call, READ, "res.partner", "search", domain=[]))

    assert isinstance(error, Unavailable)


async def test_a_company_that_is_not_allowed_is_forbidden(world: World, call: Call) -> None:
    stranger = msgspec.structs.replace(call, company="99999999")

    error = await failing(lambda: json2(world).call(stranger, READ, "sale.order", "search", domain=[]))

    assert isinstance(error, Forbidden)


async def test_a_right_that_is_missing_is_forbidden(world: World, call: Call) -> None:
    # A server with only one user, who may do everything, still forbids its private methods.
    method = "search" if world.far.limited_key else "_search"
    limited = json2(world, key=world.far.limited_key)

    error = await failing(lambda: limited.call(call, READ, "pos.session", method, domain=[]))

    assert isinstance(error, Forbidden)


async def test_a_deadline_that_passed_asks_nothing(world: World, call: Call) -> None:
    late = msgspec.structs.replace(call, deadline=clock.now() - timedelta(seconds=1))

    error = await failing(lambda: world.odoo().catalogue.coded(late, ["1"]))

    assert type(error) is TryAgain


async def test_a_connection_without_writes_writes_nothing(world: World, call: Call) -> None:
    shut = Odoo(
        Connection(url=world.far.url, database=world.far.database, key=world.far.key, allow_writes=False), world.client
    )
    assert await shut.catalogue.products(call, cursor=None, limit=1)

    error = await failing(lambda: shut.order_book.confirm(call, "1"))

    assert isinstance(error, Misconfigured)


async def test_an_odoo_that_is_down_is_unavailable(call: Call, unused_tcp_port: int) -> None:
    async with Client(reach(["127.0.0.0/8"])) as client:
        odoo = Odoo(Connection(url=f"http://127.0.0.1:{unused_tcp_port}", database="retail", key="k"), client)

        error = await failing(lambda: odoo.order_book.confirm(call, "1"))

    assert type(error) is Unavailable


async def test_a_probe_finds_everything_in_place(world: World, call: Call) -> None:
    probe = await world.odoo().probe(call)

    assert (probe.version, probe.ready, probe.problem) == ("19.0", True, "")


async def test_a_probe_says_that_the_key_is_refused(world: World, call: Call) -> None:
    probe = await world.odoo(key="0" * 40).probe(call)

    assert (probe.version, probe.key_accepted, probe.ready) == ("19.0", False, False)


async def test_a_survey_finds_the_company_and_its_warehouse(world: World, call: Call) -> None:
    found = await world.odoo().survey(call)

    assert found.companies[int(world.shop.company)][1] == world.shop.currency
    assert found.warehouses[int(world.shop.warehouse)][1] == int(world.shop.company)
    assert found.tills != ()


async def test_when_a_key_ends_can_be_asked(world: World, call: Call) -> None:
    ends = await world.odoo(key=world.far.limited_key).key_expiry(call)

    assert ends is None or ends > clock.now()
