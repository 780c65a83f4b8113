"""Odoo tells of what changed, and nobody waits for the next poll."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import yaml
from tests.paths.test_commands import run
from tests.running_demo import Demo, until

SKU = "BOARD-OAK"

# Longer than the test: what arrives within it was not found by a poll.
POLL_SECONDS = 600.0

# The demo polls every two seconds; what was read longer ago than this is not polled so any more.
QUIET_SECONDS = 3.0


@pytest.fixture
async def seldom(demo: Demo) -> AsyncIterator[Demo]:
    """The demo, polling Odoo every ten minutes for as long as the test."""
    path = demo.state / "landscape" / "connections.yaml"
    before = path.read_text()
    declared = yaml.safe_load(before)
    declared["connections"]["main"]["poll_seconds"] = POLL_SECONDS
    fresh = path.with_suffix(".new")
    fresh.write_text(yaml.safe_dump(declared))
    fresh.replace(path)
    try:
        yield demo
    finally:
        fresh.write_text(before)
        fresh.replace(path)
        assert (await hooks(demo, "--remove", "--reason", "the test ends"))[0] == 0
    (connection,) = (await demo.ask("GET", "/operations/v1/hooks")).body["connections"]
    assert {rule["state"] for rule in connection["rules"]} == {"missing"}


async def hooks(demo: Demo, *arguments: str) -> Any:
    done = await run("sync", "install-hooks", *arguments, "--json", "--state", str(demo.state))
    return done.returncode, json.loads(done.stdout)


async def test_a_price_arrives_though_the_next_poll_is_far(seldom: Demo) -> None:
    assert (await hooks(seldom, "--reason", "prices have to arrive at once"))[0] == 0
    code, checked = await hooks(seldom, "--check")
    assert code == 0
    assert {rule["state"] for rule in checked["connections"][0]["rules"]} == {"in-place"}

    async def quiet() -> bool:
        domains = (await seldom.ask("GET", "/operations/v1/freshness")).body["domains"]
        ages = [each["seconds"] for domain in domains for each in domain["measured"] if each["name"] == "products"]
        await asyncio.sleep(0.2)
        return min(ages) > QUIET_SECONDS

    await until(quiet, "an end of frequent polls")
    (product,) = await seldom.odoo(
        "product.product", "search_read", domain=[["default_code", "=", SKU]], fields=["lst_price", "product_tmpl_id"]
    )
    price = round(product["lst_price"] + 1, 2)
    await seldom.odoo("product.template", "write", ids=[product["product_tmpl_id"][0]], vals={"list_price": price})

    async def told() -> bool:
        prices = [event["data"] for event in await seldom.events(SKU) if event["type"] == "tillway.price.changed.v1"]
        return any(float(each["list_price"]) == price for each in prices)

    await until(told, "price.changed", 20.0)
    (connection,) = (await seldom.ask("GET", "/operations/v1/hooks")).body["connections"]
    assert "products" in {each["domain"] for each in connection["told"]}
