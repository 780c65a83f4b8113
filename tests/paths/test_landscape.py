"""The landscape is the runtime: shops, subscribers and scopes change by YAML alone, on a running hub."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
import yaml
from joserfc.jwk import ECKey
from tests import running_demo
from tests.contract.machines import assertion, new_key, signed_form
from tests.paths.test_story import excluded_product, sale_of
from tests.running_demo import Demo, received_by, until


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A demo whose landscape this module may change."""
    running = running_demo.start(Path(tmp_path_factory.mktemp("own")) / "state")
    try:
        with asyncio.Runner() as runner:
            runner.run(running.ready())
        yield running
    finally:
        code = running.stop()
    assert code == 0


def changed(demo: Demo, name: str, change) -> None:
    """Change one file of the landscape, as an editor would."""
    path = demo.state / "landscape" / name
    content = yaml.safe_load(path.read_text())
    change(content)
    content = json.loads(json.dumps(content, default=str))  # no YAML aliases: the landscape refuses them
    fresh = path.with_suffix(".new")
    fresh.write_text(yaml.safe_dump(content, sort_keys=False))
    fresh.replace(path)


async def test_a_sixth_shop_sells_as_soon_as_it_is_declared(own: Demo) -> None:
    """A new warehouse and till in Odoo, a few lines of YAML, and its sale is booked there."""
    (config,) = await own.odoo(
        "pos.config", "search_read", domain=[], fields=["payment_method_ids", "picking_type_id", "company_id"], limit=1
    )
    (till,) = await own.odoo(
        "pos.config",
        "create",
        vals_list={"name": "Sixth till", "payment_method_ids": [[6, 0, config["payment_method_ids"][-1:]]]},
    )

    def sixth(content: dict) -> None:
        first = next(iter(content["shops"].values()))
        content["shops"]["sixth"] = first | {
            "name": "Sixth",
            "tills": {"sixth-till": {"pos_config": till, "tender_methods": {"card": config["payment_method_ids"][-1]}}},
        }

    before = (await own.ask("GET", "/operations/v1/health")).body["landscape"]
    changed(own, "shops.yaml", sixth)

    async def in_force() -> bool:
        return (await own.ask("GET", "/operations/v1/health")).body["landscape"] != before

    await until(in_force, "the landscape with six shops")
    sale = sale_of(await excluded_product(own), "sixth-till", 1, shop="sixth")
    answer = await own.ask("POST", "/pos/v1/sales", body={"sales": [sale]})
    assert (answer.status, answer.body["sales"][0]["status"]) == (201, "recorded")
    await own.event(sale["id"], "sale.booked")
    (row,) = await own.odoo("pos.order", "search_read", domain=[["uuid", "=", sale["id"]]], fields=["config_id"])
    assert row["config_id"][0] == till


async def test_an_own_field_is_answered_and_told_as_soon_as_it_is_declared(own: Demo) -> None:
    """A field that somebody added in Odoo, a few lines of YAML, and channels read it: what was filled in before too."""
    tag = secrets.token_hex(3)
    (model,) = await own.odoo("ir.model", "search", domain=[["model", "=", "product.template"]])
    field = {"name": f"x_{tag}", "model_id": model, "ttype": "float", "field_description": "Days", "state": "manual"}
    await own.odoo("ir.model.fields", "create", vals_list=field)
    (product,) = await own.odoo(
        "product.product", "search_read", domain=[["barcode", "!=", False]], fields=["default_code"], limit=1
    )
    sku = product["default_code"]
    await own.odoo("product.product", "write", ids=[product["id"]], vals={f"x_{tag}": 12.5})
    declared = {"type": "number", "data_class": "public", "owner": "merchandising", "about": "Days that it keeps."}
    entry = declared | {"odoo": {"field": f"x_{tag}"}}
    (own.state / "landscape" / "extensions.yaml").write_text(
        yaml.safe_dump({"extensions": {"product.shelf_life": entry}})
    )

    async def told() -> bool:
        changes = [each for each in await own.events(sku) if each["type"] == "tillway.product.changed.v1"]
        return bool(changes) and changes[-1]["data"].get("extensions") == {"shelf_life": "12.5"}

    await until(told, "the event with the own field")
    assert (await own.ask("GET", f"/products/v1/products/{sku}")).body["extensions"] == {"shelf_life": "12.5"}


async def test_a_second_subscriber_is_told_as_soon_as_it_is_declared(own: Demo) -> None:
    """It hears of what happens from then on."""
    port: list[int] = []
    async with received_by(port) as got:
        (own.state / "secrets" / "second.secret").write_text("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

        def second(content: dict) -> None:
            content["subscriptions"]["second"] = {
                "consumer": "web-shop",
                "types": ["order.placed"],
                "delivery": {
                    "kind": "webhook",
                    "url": f"http://127.0.0.1:{port[0]}/hook",
                    "secret": {"file": "../secrets/second.secret"},
                },
            }

        changed(own, "subscriptions.yaml", second)
        sku = (await own.ask("GET", "/products/v1/products?limit=1")).body["products"][0]["sku"]

        async def told() -> bool:
            answer = await own.ask("POST", "/orders/v1/orders", body={"lines": [{"sku": sku, "quantity": "1"}]})
            assert answer.status == 201
            return any(answer.body["id"].encode() in body for _, body in got) or len(got) > 0

        await until(told, "the second subscriber")
        assert {headers["Content-Type"] for headers, _ in got} == {"application/cloudevents+json"}


async def test_a_removed_scope_counts_at_once_also_for_tokens_given_before(own: Demo) -> None:
    """The token stays the same; what it may do follows the landscape."""
    sku = (await own.ask("GET", "/products/v1/products?limit=1")).body["products"][0]["sku"]
    body = {"lines": [{"sku": sku, "quantity": "1"}]}
    assert (await own.ask("POST", "/orders/v1/orders", body=body, consumer="web-shop")).status == 201
    changed(own, "consumers.yaml", lambda content: content["consumers"]["web-shop"]["scopes"].remove("orders:write"))

    async def refused() -> bool:
        return (await own.ask("POST", "/orders/v1/orders", body=body, consumer="web-shop")).status == 403

    await until(refused, "the scope's removal")


async def test_a_landscape_that_does_not_hold_together_is_not_taken_over(own: Demo) -> None:
    """The one in force stays, and the hub says what is wrong with the other."""
    before = (await own.ask("GET", "/operations/v1/health")).body["landscape"]
    path = own.state / "landscape" / "prices.yaml"
    good = path.read_text()
    path.write_text("price_lists: {broken: {connection: nowhere, odoo: 1, name: X}}\n")

    async def told() -> bool:
        return "nowhere" in (own.state.parent / "state.log").read_text()

    try:
        await until(told, "the complaint in the log")
        assert (await own.ask("GET", "/operations/v1/health")).body["landscape"] == before
    finally:
        path.write_text(good)


async def test_an_exchanged_secret_counts_without_a_restart(own: Demo) -> None:
    """The new one opens, the old one does not, and the others go on as before."""
    (own.state / "secrets" / "price-desk.secret").write_text("a-new-secret-of-the-price-desk")

    async def status(secret: str) -> int:
        headers = {"Authorization": aiohttp.encode_basic_auth("price-desk", secret)}
        form = {"grant_type": "client_credentials"}
        async with (
            aiohttp.ClientSession() as session,
            session.post(own.told["token_url"], data=form, headers=headers) as reply,
        ):
            return reply.status

    async def opens() -> bool:
        return await status("a-new-secret-of-the-price-desk") == 200

    await until(opens, "the new secret")
    assert await status(own.secret("price-desk")) == 401


async def test_an_exchanged_public_key_counts_without_a_restart(own: Demo) -> None:
    """The file alone is replaced: what the new key signs opens, what the old one signs does not."""
    old, new = new_key(), new_key()
    keys = own.state / "keys"
    keys.mkdir(exist_ok=True)

    def put(key: ECKey) -> None:
        fresh = keys / "price-desk.new"
        fresh.write_text(json.dumps(key.as_dict(private=False)))
        fresh.replace(keys / "price-desk.jwk")

    async def status(key: ECKey) -> int:
        form = signed_form("price-desk", key, client_assertion=assertion("price-desk", key, aud=own.told["token_url"]))
        async with aiohttp.ClientSession() as session, session.post(own.told["token_url"], data=form) as reply:
            return reply.status

    async def opens(key: ECKey) -> bool:
        return await status(key) == 200

    put(old)
    by_key = {"keys": [{"file": "../keys/price-desk.jwk"}]}
    changed(own, "consumers.yaml", lambda content: content["consumers"]["price-desk"].update(by_key))
    await until(lambda: opens(old), "the first key")
    assert await status(new) == 401
    put(new)
    await until(lambda: opens(new), "the new key")
    assert await status(old) == 401


async def test_a_missing_secret_keeps_only_its_consumer_out(own: Demo) -> None:
    """The hub says which one, and everybody else is served."""
    path = own.state / "secrets" / "tills.secret"
    kept = path.read_text()
    path.unlink()

    async def told() -> bool:
        return "consumer tills cannot get a token" in (own.state.parent / "state.log").read_text()

    try:
        await until(told, "the complaint in the log")
        assert (await own.ask("GET", "/products/v1/products?limit=1")).status == 200
    finally:
        path.write_text(kept)
