"""What an operator called at night does with the command line, on a running hub."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.paths.test_commands import run
from tests.paths.test_story import sale_of
from tests.running_demo import Demo, received_by, until

WHY = ("--reason", "called at night")


async def told(demo: Demo, *arguments: str) -> Any:
    """What a command answers as JSON."""
    shown = await run(*arguments, "--state", str(demo.state), "--json")
    assert shown.returncode == 0, shown.stderr
    return json.loads(shown.stdout)


async def first_product(demo: Demo) -> dict[str, Any]:
    return (await demo.ask("GET", "/products/v1/products?limit=1")).body["products"][0]


async def placed(demo: Demo) -> str:
    lines = [{"sku": (await first_product(demo))["sku"], "quantity": "1"}]
    return (await demo.ask("POST", "/orders/v1/orders", body={"lines": lines})).body["id"]


async def test_a_delivery_that_was_refused_is_retried_when_its_receiver_is_mended(demo: Demo) -> None:
    """A 400 parks the order's key; after `parked retry` it arrives, and what waited behind it follows in order."""
    answers, port = [400], list[int]()
    async with received_by(port, lambda: answers[-1]) as got:
        delivery = {"kind": "webhook", "url": f"http://127.0.0.1:{port[0]}/hook"}
        wanted = {"types": ["order.placed", "order.accepted"], "delivery": delivery}
        made = (await demo.ask("POST", "/subscriptions/v1/subscriptions", body=wanted)).body["id"]
        follower = f"webhook {made}"
        order = await placed(demo)
        await demo.event(order, "order.accepted")

        async def parked() -> list[dict[str, Any]]:
            found = (await told(demo, "parked", "list", "--follower", follower))["parked"]
            return found if len(found) == 2 else []

        first, second = await until(parked, "two parked events")
        assert (first["reason"], first["behind"], second["behind"]) == ("poison", False, True)
        assert first["value_at_stake"].endswith(" EUR")
        shown = await told(demo, "parked", "show", follower, str(first["position"]))
        assert (shown["event"]["subject"], shown["behind"]) == (order, 1)
        dry = await told(demo, "parked", "retry", follower, "--all", "--dry-run", *WHY)
        assert (dry["chosen"], dry["dry_run"]) == (1, True)

        answers.append(204)
        done = await told(demo, "parked", "retry", follower, str(first["position"]), *WHY)
        assert (done["act"], done["partitionkey"]) == ("retry", order)

        async def arrived() -> bool:
            return len([body for _, body in got if order.encode() in body]) >= 3

        await until(arrived, "both deliveries")
        kinds = [json.loads(body)["type"] for _, body in got if order.encode() in body][-2:]
        assert kinds == ["tillway.order.placed.v1", "tillway.order.accepted.v1"]

        position = str(first["position"])
        again = await told(demo, "replay", follower, "--from", position, "--dry-run", *WHY)
        assert {each["type"] for each in again["types"]} >= {"order.placed", "order.accepted"}
        await demo.ask("DELETE", f"/subscriptions/v1/subscriptions/{made}")


async def test_an_order_that_odoo_refused_is_retried(demo: Demo) -> None:
    """A refusal makes an exception with its actions; `process act ... retry` has it in Odoo once."""
    await demo.panel(errors={"next": 1, "match": "sale.order/load", "status": 400})
    order = await placed(demo)
    await demo.event(order, "order.exception")
    waiting = (await told(demo, "process", "list"))["exceptions"]
    (item,) = [each for each in waiting if each["subject"] == order]
    assert (item["process"], item["actions"]) == ("place-order", ["retry", "cancel"])
    done = await told(demo, "process", "act", order, "retry", *WHY)
    assert (done["action"], done["state"]) == ("retry", "looking-up")
    await demo.event(order, "order.accepted")
    found = await demo.odoo("sale.order", "search_count", domain=[["client_order_ref", "=", order]])
    assert found == 1
    trace = await told(demo, "trace", order)
    names = [stage["name"] for stage in trace["stages"]]
    assert {"writing: refused", "a person: retry", "accepted"} <= set(names)
    assert "exception" not in names
    refused = await run("process", "act", order, "retry", *WHY, "--state", str(demo.state))
    assert (refused.returncode, "no process" in refused.stderr or "waits for nobody" in refused.stderr) == (1, True)


async def test_a_sale_in_quarantine_is_put_right_and_booked(demo: Demo, tmp_path: Path) -> None:
    """A total that does not add up keeps it apart; released with the right one it is booked like any other."""
    sold = sale_of(await first_product(demo), "harbour-till", 1, epoch="night-shift")
    kept = await demo.ask("POST", "/pos/v1/sales", body={"sales": [{**sold, "gross": "99.99"}]})
    assert kept.body["sales"][0]["status"] == "quarantined"
    sale = kept.body["sales"][0]["id"]
    waiting = (await told(demo, "sale", "quarantined"))["sales"]
    assert sale in [each["id"] for each in waiting]
    put_right = tmp_path / "corrections.json"
    put_right.write_text(json.dumps({"gross": sold["gross"]}))
    refused = await run("sale", "release", sale, *WHY, "--state", str(demo.state))
    assert (refused.returncode, "/gross" in refused.stderr) == (1, True)
    done = await told(demo, "sale", "release", sale, "--corrections", str(put_right), *WHY)
    assert (done["status"], done["corrected"]) == ("recorded", ["gross"])
    booked = await demo.event(sale, "sale.booked")
    assert booked["data"]["gross"] == sold["gross"]


async def test_a_subscription_that_was_switched_off_goes_on(demo: Demo) -> None:
    """A receiver that answered 410 is told nothing more until `subscription resume`."""
    answers, port = [410], list[int]()
    async with received_by(port, lambda: answers[-1]) as got:
        delivery = {"kind": "webhook", "url": f"http://127.0.0.1:{port[0]}/hook"}
        wanted = {"types": ["order.placed"], "delivery": delivery}
        made = (await demo.ask("POST", "/subscriptions/v1/subscriptions", body=wanted)).body["id"]
        order = await placed(demo)

        async def off() -> bool:
            listed = (await told(demo, "subscription", "list"))["subscriptions"]
            return [each["status"] for each in listed if each["id"] == made] == ["suspended"]

        await until(off, "the subscription is off")
        answers.append(204)
        done = await told(demo, "subscription", "resume", made, *WHY)
        assert (done["was"], done["status"]) == ("disabled", "active")

        async def arrived() -> bool:
            return len([body for _, body in got if order.encode() in body]) >= 2

        await until(arrived, "the delivery")
        await demo.ask("DELETE", f"/subscriptions/v1/subscriptions/{made}")
