"""The command line as an operator uses it."""

from __future__ import annotations

import asyncio
import json
import subprocess
from typing import Any

from tests.running_demo import TILLWAY, Demo, environment


async def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """One command to its end, without blocking the loop."""
    return await asyncio.to_thread(
        subprocess.run,
        [TILLWAY, *arguments],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=60,
        check=False,
    )


async def test_follow_shows_what_happens(demo: Demo) -> None:
    """`tillway follow --json --limit 1` ends with the first event after its start cursor."""
    page = (await demo.ask("GET", "/events/v1/feed?limit=1")).body
    sku = (await demo.ask("GET", "/products/v1/products?limit=1")).body["products"][0]["sku"]
    order = await demo.ask("POST", "/orders/v1/orders", body={"lines": [{"sku": sku, "quantity": "1"}]})
    await demo.event(order.body["id"], "order.accepted")
    shown = await run(
        "follow",
        "--state",
        str(demo.state),
        "--after",
        page["next"],
        "--types",
        "order.accepted",
        "--limit",
        "1",
        "--json",
    )
    assert shown.returncode == 0, shown.stderr
    assert json.loads(shown.stdout.splitlines()[0])["event"]["type"] == "tillway.order.accepted.v1"


async def test_trace_shows_the_path_of_an_order_by_any_of_its_names(demo: Demo) -> None:
    """By our id, by the consumer's reference and by the number in Odoo: the same stages with latencies."""
    sku = (await demo.ask("GET", "/products/v1/products?limit=1")).body["products"][0]["sku"]
    order = await demo.ask(
        "POST", "/orders/v1/orders", body={"lines": [{"sku": sku, "quantity": "1"}], "reference": "TRACE-1"}
    )
    accepted = await demo.event(order.body["id"], "order.accepted")
    await demo.hook(order.body["id"], "order.accepted")
    for key in (order.body["id"], "TRACE-1", accepted["data"]["back_office"]["name"]):
        shown = await run("trace", key, "--state", str(demo.state), "--json")
        assert shown.returncode == 0, shown.stderr
        trace = json.loads(shown.stdout)
        assert {"recorded", "accepted"} <= {stage["name"] for stage in trace["stages"]}
    unknown = await run("trace", "no-such-thing", "--state", str(demo.state))
    assert unknown.returncode == 1


async def test_token_and_doctor(demo: Demo) -> None:
    """A token that works; a doctor that finds everything well."""
    token = await run("token", "integrator", "--scope", "products:read", "--state", str(demo.state))
    answer = await demo.ask("GET", "/products/v1/products?limit=1", token=token.stdout.strip())
    assert answer.status == 200
    well = await run("doctor", "--state", str(demo.state), "--json")
    document = json.loads(well.stdout)
    assert [
        finding
        for finding in document["findings"]
        if finding["what"] in ("database", "landscape", "clock", "odoo main") and not finding["well"]
    ] == []


async def test_a_diff_against_the_release_asks_the_hub(demo: Demo) -> None:
    """Nothing was ever published in the demo: that is told, and the exit code is that of what cannot be read."""
    landscape = str(demo.state / "landscape")
    told = await run("diff", "--against", "release", "--landscape", landscape, "--state", str(demo.state), "--json")
    assert (told.returncode, told.stdout) == (2, "")
    assert "nothing was released yet" in told.stderr


async def test_a_person_is_erased_from_a_running_hub(demo: Demo) -> None:
    """Looked for first, erased then, and every room says that nothing is left; the figures of the order stay."""
    person = "Hedy.Lamarr@example.com"
    sku = (await demo.ask("GET", "/products/v1/products?limit=1")).body["products"][0]["sku"]
    order = {"lines": [{"sku": sku, "quantity": "1"}], "reference": f"for {person}"}
    made = (await demo.ask("POST", "/orders/v1/orders", body=order)).body
    await demo.event(made["id"], "order.accepted")
    command = ("erase", person.lower(), "--reason", "asked by letter", "--state", str(demo.state), "--json")
    looked = await run(*command, "--dry-run")
    assert looked.returncode == 0, looked.stderr
    held = {each["table"]: each["held"] for each in json.loads(looked.stdout)["tables"]}
    assert held["records.orders"] == 1
    assert (await demo.ask("GET", f"/orders/v1/orders/{made['id']}")).body["reference"] == f"for {person}"
    done = await run(*command)
    assert done.returncode == 0, done.stdout
    told = json.loads(done.stdout)
    assert (told["kind"], told["proved"]) == ("value", True)
    assert person.lower() not in done.stdout.lower()
    kept = (await demo.ask("GET", f"/orders/v1/orders/{made['id']}")).body
    assert (kept["reference"], kept["gross"]) == ("for [erased]", made["gross"])


async def test_a_sealing_key_made_by_hand_is_one_more_to_the_doctor(demo: Demo) -> None:
    """The command makes it in the running hub's database, and the doctor finds everything well."""

    async def sealing() -> dict[str, Any]:
        document = json.loads((await run("doctor", "--state", str(demo.state), "--json")).stdout)
        return next(each for each in document["findings"] if each["what"] == "sealing")

    before = await sealing()
    assert before["well"]
    made = await run("rotate-sealing-key", "--reason", "a drill", "--state", str(demo.state), "--json")
    assert made.returncode == 0, made.stderr
    assert set(json.loads(made.stdout)) == {"key", "seals_from"}
    after = await sealing()
    assert after["well"]
    keys = [int(each["seen"].split()[0]) for each in (before, after)]
    assert keys[1] == keys[0] + 1
