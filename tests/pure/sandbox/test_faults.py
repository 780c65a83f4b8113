"""The fault panel: what is switched on strikes exactly what it is for."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from tests.pure.sandbox.asgi_driver import sending_to
from tests.pure.sandbox.server_world import sandbox

from tillway.sandbox.faults import Countdown, Panel
from tillway.sandbox.traceback_text import LEAKED_PATH

HEADERS = {"Authorization": "bearer key", "Content-Type": "application/json"}


def test_a_countdown_strikes_only_what_matches_and_only_so_often() -> None:
    panel, countdown = Panel(), Countdown(next=2, match="sale.order/*")
    asked = ["res.partner/read", "sale.order/load", "sale.order/read", "sale.order/load"]
    assert [panel.strikes(countdown, method) for method in asked] == [False, True, True, False]


async def test_switches_that_are_not_named_stay_as_they_are() -> None:
    panel = Panel()
    await panel.change({"errors": {"next": 3, "match": "sale.order/*"}})
    await panel.change({"latency_ms": 5, "errors": {"status": 502}})
    errors = panel.switches.errors
    assert (panel.switches.latency_ms, errors.next, errors.match, errors.status) == (5, 3, "sale.order/*", 502)


async def test_an_error_rate_is_about_what_was_asked_for() -> None:
    panel = Panel()
    await panel.change({"errors": {"rate": 0.25}})
    struck = sum(panel.fails("res.partner/read") == 503 for _ in range(4000))
    assert 900 < struck < 1100


async def test_further_calls_queue_when_all_workers_are_busy() -> None:
    panel, order = Panel(), []
    await panel.change({"workers": 2})
    gate = asyncio.Event()

    async def work(number: int) -> None:
        async with panel.worker():
            order.append(number)
            await gate.wait()

    tasks = [asyncio.create_task(work(number)) for number in range(5)]
    while panel.busy < 2 or panel.queued < 3:
        await asyncio.sleep(0)
    assert order == [0, 1]
    gate.set()
    await asyncio.gather(*tasks)
    assert (order, panel.busy, panel.queued, panel.queued_most) == ([0, 1, 2, 3, 4], 0, 0, 3)


async def ask(server: Any, path: str, body: Any) -> tuple[int, str, Any]:
    return await sending_to(server.app())("POST", path, HEADERS, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("status", "kind", "name"),
    [(500, "application/json; charset=utf-8", "psycopg2.OperationalError"), (503, "text/html; charset=utf-8", "")],
)
async def test_a_failure_is_json_from_the_server_and_html_from_a_proxy(status: int, kind: str, name: str) -> None:
    server = sandbox()
    await server.panel.change({"errors": {"next": 1, "status": status}})
    failed = await ask(server, "/json/2/res.partner/create", {"vals_list": {"name": "Never"}})
    assert (failed[0], failed[1]) == (status, kind)
    assert (failed[2]["name"] if isinstance(failed[2], dict) else "") == name
    counted = await ask(server, "/json/2/res.partner/search_count", {"domain": [["name", "=", "Never"]]})
    assert counted[2] == 0


async def test_a_call_dropped_after_its_commit_has_had_its_effect() -> None:
    server = sandbox()
    await server.panel.change({"drop_after_commit": {"next": 1, "match": "res.partner/create"}})
    await ask(server, "/json/2/res.partner/create", {"vals_list": {"name": "Dropped"}})
    counted = await ask(server, "/json/2/res.partner/search_count", {"domain": [["name", "=", "Dropped"]]})
    assert counted[2] == 1
    counts = server.panel.counts["res.partner/create"]
    assert (counts.calls, counts.done, counts.dropped_after) == (1, 0, 1)


async def test_a_call_dropped_before_has_had_none() -> None:
    server = sandbox()
    await server.panel.change({"drop_before": {"next": 1}})
    await ask(server, "/json/2/res.partner/create", {"vals_list": {"name": "Dropped"}})
    counted = await ask(server, "/json/2/res.partner/search_count", {"domain": [["name", "=", "Dropped"]]})
    assert counted[2] == 0


async def test_every_error_body_leaks_the_servers_insides() -> None:
    """So that a test can prove that they go no further."""
    refused = await ask(sandbox(), "/json/2/res.partner/search", {"domain": [["nope", "=", 1]]})
    assert refused[2]["debug"].count(LEAKED_PATH) == 4
    assert refused[2]["debug"].endswith("ValueError: Invalid field res.partner.nope in condition ('nope', '=', 1)\n")


async def test_the_panel_refuses_what_it_does_not_know() -> None:
    status, _, answer = await ask(sandbox(), "/panel", {"latency": 5})
    assert (status, answer) == (422, {"error": "Object contains unknown field `latency`"})
