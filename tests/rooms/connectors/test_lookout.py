"""An ERP is looked at while the hub runs: what it lacks is a line in plain words and a number."""

from __future__ import annotations

import logging

import pytest
from prometheus_client import CollectorRegistry
from tests.rooms.connectors.world import World

from tillway.app.lookout import Lookout
from tillway.connectors.odoo import Connection, Odoo
from tillway.outbound import Client

LACKING = "tillway_odoo_lacking"


async def test_an_erp_that_has_everything_lacks_nothing(world: World) -> None:
    registry = CollectorRegistry()
    assert await Lookout(lambda: {"main": (world.odoo(), "1")}, registry).once()
    assert registry.get_sample_value(LACKING, {"connection": "main"}) == 0


async def test_a_key_that_is_refused_is_told_and_looked_at_again_soon(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    registry = CollectorRegistry()
    with caplog.at_level(logging.WARNING):
        assert not await Lookout(lambda: {"main": (world.odoo(key="0" * 40), "1")}, registry).once()
    assert registry.get_sample_value(LACKING, {"connection": "main"}) == 1
    assert "refuses the key" in caplog.text


async def test_one_that_is_away_does_not_keep_the_others_from_being_looked_at(
    world: World, client: Client, unused_tcp_port: int
) -> None:
    registry = CollectorRegistry()
    away = Odoo(Connection(url=f"http://127.0.0.1:{unused_tcp_port}", database="retail", key="k"), client)
    assert not await Lookout(lambda: {"away": (away, "1"), "main": (world.odoo(), "1")}, registry).once()
    assert registry.get_sample_value(LACKING, {"connection": "away"}) == 1
    assert registry.get_sample_value(LACKING, {"connection": "main"}) == 0


async def test_what_was_seen_stands_until_the_next_answer_is_there(world: World) -> None:
    registry, seen = CollectorRegistry(), list[float | None]()
    sides = {"main": (world.odoo(), "1")}
    lookout = Lookout(lambda: sides, registry)
    assert await lookout.once()
    asked, _ = world.proxy.asked[-1]
    world.proxy.before(asked, lambda: seen.append(registry.get_sample_value(LACKING, {"connection": "main"})))
    assert await lookout.once()
    assert seen == [0]
    sides.clear()
    await lookout.once()
    assert registry.get_sample_value(LACKING, {"connection": "main"}) is None
