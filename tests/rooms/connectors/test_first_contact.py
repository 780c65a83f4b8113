"""What integrates with an Odoo already is found without changing anything, and nothing secret of it is told."""

from __future__ import annotations

import secrets

from tests.rooms.connectors.world import World

from tillway.connectors.odoo import Connection, Inventory, Odoo
from tillway.retail import Call


async def looked(world: World, call: Call, key: str | None = None) -> Inventory:
    connection = Connection(
        url=world.proxy.url, database=world.far.database, key=key or world.far.key, allow_writes=False
    )
    return await Odoo(connection, world.client).inventory(call)


async def test_what_people_set_up_is_found_and_what_modules_brought_is_not(world: World, call: Call) -> None:
    tag, far = f"Mine {secrets.token_hex(4)}", world.far
    model = far.rows("ir.model", [["model", "=", "res.partner"]], ["name"])[0]["id"]
    made = {
        "cron": far.make(
            "ir.cron", name=f"{tag} cron", model_id=model, active=False, interval_type="days", state="code"
        ),
        "server-action": far.make("ir.actions.server", name=f"{tag} code", model_id=model, state="code"),
        "webhook": far.make(
            "ir.actions.server",
            name=f"{tag} hook",
            model_id=model,
            state="webhook",
            webhook_url="https://hooks.example.com/s3cret-path",
        ),
    }
    brought = far.make("ir.actions.server", name=f"{tag} brought", model_id=model, state="code")
    named = {"module": "some_module", "name": tag.replace(" ", "_"), "model": "ir.actions.server", "res_id": brought}
    far.ask("ir.model.data", "create", vals_list=named)

    found = await looked(world, call)

    mine = {each.name: each for each in found.integrations if each.name.startswith(tag)}
    assert {each.kind: int(each.id.rpartition(",")[2]) for each in mine.values()} == made
    assert (mine[f"{tag} hook"].detail["host"], "s3cret" in str(found)) == ("hooks.example.com", False)
    assert mine[f"{tag} cron"].detail["every"] == "1 days"
    assert found.taxes != ()
    if far.name == "odoo":
        # Cleared away, for a rule that posts is nobody's to keep.
        far.ask("ir.actions.server", "unlink", ids=[made["webhook"], made["server-action"], brought])
        far.ask("ir.cron", "unlink", ids=[made["cron"]])


async def test_an_account_with_a_key_that_nobody_signs_in_with_is_told(world: World, call: Call) -> None:
    if world.far.name == "sandbox":
        partner = world.far.make("res.partner", name="Bot")
        user = world.far.make("res.users", login=f"bot{secrets.token_hex(3)}", partner_id=partner, company_id=1)
        world.far.make("res.users.apikeys", name="bot", user_id=user, scope="rpc")

    found = await looked(world, call)

    keys = {each.detail["user"] for each in found.integrations if each.kind == "api-key"}
    accounts = {each.name for each in found.integrations if each.kind == "service-account"}
    assert keys
    assert accounts <= keys
    # Keys cannot be made over there from outside, and whoever tries the old door signs in.
    assert world.far.name == "odoo" or "Bot" in accounts


async def test_what_a_key_may_not_see_is_said(world: World, call: Call) -> None:
    found = await looked(world, call, world.far.limited_key)

    limited = world.far.limited_key is not None
    assert any(each.startswith("ir.cron") for each in found.unseen) == limited
