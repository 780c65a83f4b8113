"""Rules over there that tell us of changes: made once, repaired, removed, and really posting."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from tests.rooms.connectors.far_side import FarSide
from tests.rooms.connectors.world import World

from tillway import clock
from tillway.connectors.odoo import OdooHooks
from tillway.errors import Misconfigured, OutcomeUnknown
from tillway.retail import Call

# Posted within the call that changed something; the rest is for a loaded machine.
SECONDS = 20.0


class Listener:
    """What was posted, by path."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, dict[str, object]]] = []
        self.url = ""

    async def hear(self, request: web.Request) -> web.Response:
        self.heard.append((request.path, json.loads(await request.read())))
        return web.Response(status=204)

    def models(self) -> list[str]:
        return [str(body["_model"]) for _, body in self.heard]

    async def until(self, model: str) -> None:
        until = clock.monotonic() + SECONDS
        while model not in self.models():
            assert clock.monotonic() < until, f"{model} was not told: {self.models()}"
            await asyncio.sleep(0.01)


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    listener, app = Listener(), web.Application()
    app.router.add_post("/{rest:.*}", listener.hear)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    listener.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield listener
    await runner.cleanup()


@pytest.fixture
def automated(far: FarSide) -> bool:
    """Whether this Odoo has automation rules; a real one without the module says so instead."""
    return bool(far.rows("ir.module.module", [["name", "=", "base_automation"], ["state", "=", "installed"]], ["name"]))


@pytest.fixture
async def hub(world: World, call: Call, automated: bool) -> AsyncIterator[str]:
    """The address of a hub of this test's own, whose rules are gone after it."""
    name = f"https://hub-{secrets.token_hex(4)}.example"
    yield name
    if automated:
        await world.odoo().hooks.remove(call, name)


def counted(hooks) -> dict[str, int]:
    states = [hook.state for hook in hooks]
    return {state: states.count(state) for state in sorted(set(states))}


async def ready(hooks: OdooHooks, call: Call, hub: str, *, automated: bool) -> bool:
    """True where there are rules; where there are none, that is said in words and nothing else is promised."""
    if not automated:
        with pytest.raises(Misconfigured, match="no automation rules") as refused:
            await hooks.look(call, hub)
        assert "base_automation" in refused.value.remedy
    return automated


async def test_rules_are_made_once_repaired_and_removed(world, call, hub, automated, listener):
    hooks = world.odoo().hooks
    if not await ready(hooks, call, hub, automated=automated):
        return
    assert set(counted(await hooks.look(call, hub))) <= {"missing", "no-module"}
    address = f"{listener.url}/hooks/one"
    made = await hooks.install(call, hub, address)
    looked = await hooks.look(call, hub, address)
    assert set(counted(looked)) <= {"in-place", "no-module"}
    assert made == counted(looked)["in-place"]
    assert await hooks.install(call, hub, address) == 0

    rules = {row["name"]: row["id"] for row in world.far.rows("base.automation", [["name", "like", hub]], ["name"])}
    first, second, third, *_ = sorted(rules)
    world.far.ask("base.automation", "write", ids=[rules[first]], vals={"active": False})
    world.far.ask("base.automation", "unlink", ids=[rules[second]])
    (model,) = world.far.rows("ir.model", [["model", "=", "product.template"]], ["model"])
    world.far.make("base.automation", name=third, model_id=model["id"], trigger="on_create")
    states = counted(await hooks.look(call, hub, address))
    assert (states["switched-off"], states["missing"], states["doubled"]) == (1, 1, 1)
    assert counted(await hooks.look(call, hub, address + "x"))["different"] == made - 2
    await hooks.install(call, hub, address)
    assert set(counted(await hooks.look(call, hub, address))) <= {"in-place", "no-module"}
    assert await hooks.remove(call, hub) == made
    assert world.far.rows("base.automation", [["name", "like", hub]], ["name"]) == []
    assert world.far.rows("ir.actions.server", [["name", "like", hub]], ["name"]) == []


async def test_what_is_changed_and_deleted_is_told_after_the_commit(world, call, hub, automated, listener):
    hooks = world.odoo().hooks
    if not await ready(hooks, call, hub, automated=automated):
        return
    await hooks.install(call, hub, f"{listener.url}/hooks/secret")
    far, template = world.far, world.shop.template
    price = far.rows("product.template", [["id", "=", template]], ["list_price"])[0]["list_price"]
    write = far.ask
    await asyncio.to_thread(write, "product.template", "write", ids=[template], vals={"list_price": float(price)})
    await asyncio.to_thread(write, "product.template", "write", ids=[template], vals={"available_in_pos": True})
    assert listener.heard == []  # the same value again, and a field that nobody watches
    await asyncio.to_thread(write, "product.template", "write", ids=[template], vals={"list_price": float(price) + 1})
    await listener.until("product.template")
    assert {path for path, _ in listener.heard} == {"/hooks/secret"}
    told = next(body for _, body in listener.heard if body["_model"] == "product.template")
    assert set(told) <= {"_action", "_id", "_model", "id"}  # and nothing of the record's own

    rule = {"pricelist_id": world.shop.price_list, "compute_price": "fixed", "fixed_price": 3, "min_quantity": 99}
    (made,) = await asyncio.to_thread(far.ask, "product.pricelist.item", "create", vals_list=rule)
    await listener.until("product.pricelist.item")
    listener.heard.clear()
    await asyncio.to_thread(far.ask, "product.pricelist.item", "unlink", ids=[made])
    await listener.until("product.pricelist.item")
    await asyncio.to_thread(write, "product.template", "write", ids=[template], vals={"list_price": float(price)})


async def test_an_answer_lost_after_the_commit_leaves_no_second_rule(world, call, hub, automated, listener):
    hooks = world.odoo().hooks
    if not await ready(hooks, call, hub, automated=automated):
        return
    address = f"{listener.url}/hooks/one"
    world.proxy.lose_answer("base.automation/create")
    with pytest.raises(OutcomeUnknown):
        await hooks.install(call, hub, address)
    await hooks.install(call, hub, address)
    assert set(counted(await hooks.look(call, hub, address))) <= {"in-place", "no-module"}
