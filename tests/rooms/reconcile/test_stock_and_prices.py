"""Stock against a fresh reading, and a sample of prices against what the back office itself reckons."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal

import msgspec
import pytest
from tests.pure.retail.samples import price_list, product, rule
from tests.rooms.reconcile.sides import World
from tests.rooms.records.source import Erp

from tillway.postgres import Database
from tillway.reconcile import prices
from tillway.records import Refresher

HOLD = "INSERT INTO records.stock_levels (place, sku, quantity, reserved, read_began_at) VALUES ($1, $2, $3, 0, now())"


@pytest.fixture
async def world(dsn: str) -> AsyncIterator[World]:
    async with Database(dsn, "test") as db:
        yield World(db)


async def held(world: World, warehouse: str, **levels: str) -> None:
    for sku, amount in levels.items():
        await world.db.fetch(HOLD, f"odoo/{warehouse}", sku, Decimal(amount))


async def test_what_differs_from_a_fresh_reading_is_a_break_by_warehouse_and_code(world: World) -> None:
    world.office.shelves = {"1": {"a": "3", "B": "5", "c": "0", "é": "2"}, "10": {"a": "7"}}
    await held(world, "1", a="3", B="4", d="0", e="1", é="2")
    await held(world, "10", a="7")

    run = await world.compare("stock")

    assert {(each.key, each.type): each.at_stake for each in await world.breaks()} == {
        ("1/B", "amount"): Decimal(1),
        ("1/e", "missing-right"): Decimal(1),
    }
    # Nothing held on one side need not be known on the other.
    assert (run.status, run.tally.matched, run.total) == ("done", 5, 7)


async def test_what_a_second_look_finds_equal_is_no_break(world: World) -> None:
    world.office.shelves, world.office.later = {"1": {"a": "3"}}, {"a": "2"}
    await held(world, "1", a="2")
    run = await world.compare("stock")
    assert (run.tally.in_process, await world.breaks()) == (1, ())


async def test_stock_is_read_again_once_a_run_where_that_is_declared(world: World) -> None:
    world.office.shelves, world.given = {"1": {"a": "3", "b": "9"}}, {"fix": "take-theirs"}
    await held(world, "1", a="2", b="1")
    run = await world.compare("stock", fix=True)
    assert (run.fixed, world.read_again) == (0, [("odoo", "stock")])
    assert {each.fix_detail for each in await world.breaks()} == {
        "being read again; the next run sees whether they agree"
    }


@pytest.fixture
async def priced(world: World) -> World:
    """Two products, and a list that takes a tenth off."""
    erp = Erp(product("RED", "20.00", variant="1", template="1"), product("BLUE", "30.00", variant="2", template="2"))
    erp.lists["7"] = price_list(rule(1, kind="percentage", percent="10", fixed=None), number="7")
    await Refresher(world.db, erp.source()).once()
    world.lists = ("list", "our-7")
    world.office.prices = {
        ("list", "1"): "20",
        ("list", "2"): "30",
        ("our-7", "1"): "18.000000000000004",
        ("our-7", "2"): "27",
    }
    world.given = {"tolerance": Decimal("0.005")}
    return world


async def test_prices_agree_but_for_the_noise_of_floating_point(priced: World) -> None:
    run = await priced.compare("prices")
    assert (run.status, run.tally.matched, run.total) == ("done", 4, 4)


async def test_a_price_reckoned_otherwise_there_is_a_break_until_it_is_drawn_and_agrees(priced: World) -> None:
    priced.office.prices["our-7", "2"] = "24.50"
    del priced.office.prices["our-7", "1"]
    await priced.compare("prices")
    assert {(each.key, each.type): each.at_stake for each in await priced.breaks()} == {
        ("our-7/BLUE", "amount"): Decimal("2.50"),
        ("our-7/RED", "missing-right"): Decimal("18.00"),
    }
    priced.office.prices |= {("our-7", "2"): "27", ("our-7", "1"): "18"}
    # A sample without them: what is open is looked at all the same.
    run = await priced.compare("prices")
    assert (run.ended, await priced.breaks()) == (2, ())


async def test_a_list_that_may_not_be_seen_there_does_not_keep_the_others_waiting(priced: World) -> None:
    priced.office.hidden.add("our-7")
    run = await priced.compare("prices")
    assert (run.status, run.tally.matched, run.tally.breaks) == ("done", 2, 2)
    assert {each.key for each in await priced.breaks()} == {"our-7/RED", "our-7/BLUE"}


async def test_a_list_that_may_not_be_seen_is_asked_for_once_a_run(
    priced: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prices, "CHUNK", 1)
    priced.office.hidden.add("our-7")
    for run in (1, 2):
        await priced.compare("prices")
        assert priced.office.asked == run


async def test_a_list_that_was_declared_and_not_read_is_no_list_price(priced: World) -> None:
    priced.lists = ("unread",)
    priced.office.prices = {("unread", "1"): "19"}
    run = await priced.compare("prices")
    assert [each.type for each in await priced.breaks()] == ["missing-left"]
    assert msgspec.to_builtins(run.tally)["left"] == 0
