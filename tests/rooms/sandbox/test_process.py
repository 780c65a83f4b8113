"""The sandbox over real HTTP: connections that close, answers that never come, calls that queue, how it ends."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from tests.rooms.sandbox.conftest import Served, ready

FIELDS = ["id", "partner_id/.id", "order_line/id", "order_line/product_id/.id", "order_line/product_uom_qty"]


def a_sale(session: int) -> dict[str, Any]:
    line = {"product_id": 1, "qty": 1, "price_unit": 19.95, "discount": 0.0, "tax_ids": [[6, 0, [1]]]}
    sums = {"price_subtotal": 19.95, "price_subtotal_incl": 23.94, "uuid": str(uuid.uuid4())}
    return {
        "uuid": str(uuid.uuid4()),
        "session_id": session,
        "state": "paid",
        "amount_total": 23.94,
        "amount_tax": 3.99,
        "amount_paid": 23.94,
        "amount_return": 0.0,
        "lines": [[0, 0, line | sums]],
        "payment_ids": [[0, 0, {"payment_method_id": 1, "amount": 23.94}]],
    }


async def test_every_call_has_a_connection_of_its_own(served: Served) -> None:
    headers = {"Authorization": f"bearer {served.key}"}
    async with served.client.post(
        f"{served.url}/json/2/res.lang/search_count", json={"domain": []}, headers=headers
    ) as response:
        assert (response.status, response.headers["Connection"], await response.json()) == (200, "close", 1)
        assert response.connection is None


async def test_a_load_without_an_answer_was_done_and_can_be_asked_again(served: Served) -> None:
    row = ["drop.order", "4", "drop.line", "1", "1"]
    await served.panel(drop_after_commit={"next": 1, "match": "sale.order/load"})
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await served.call("sale.order/load", fields=FIELDS, data=[row])
    domain = [["module", "=", "drop"], ["name", "=", "order"]]
    found = (await served.call("ir.model.data/search_read", domain=domain, fields=["res_id"]))[1]
    again = (await served.call("sale.order/load", fields=FIELDS, data=[row]))[1]
    assert again == {"ids": [found[0]["res_id"]], "messages": [], "nextrow": 0}


async def test_a_stopped_server_closes_every_connection_until_it_is_started(served: Served) -> None:
    await served.panel(stopped=True)
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await served.call("res.lang/search_count", domain=[])
    shown = await served.panel(stopped=False)
    assert (await served.call("res.lang/search_count", domain=[]), shown["switches"]["stopped"]) == ((200, 1), False)


async def test_calls_beyond_the_workers_wait_their_turn(served: Served) -> None:
    await served.panel(workers=2, latency_ms=100)
    began = time.monotonic()
    answers = await asyncio.gather(*(served.call("res.lang/search_count", domain=[]) for _ in range(6)))
    elapsed = time.monotonic() - began
    shown = await served.panel(workers=0, latency_ms=0)
    assert answers == [(200, 1)] * 6
    assert elapsed >= 0.3
    assert shown["load"]["queued_most"] >= 3


async def test_parallel_sends_of_one_sale_keep_it_once(served: Served) -> None:
    await served.call("pos.config/open_ui", ids=[1])
    session = (await served.call("pos.session/search", domain=[["config_id", "=", 1], ["state", "!=", "closed"]]))[1][0]
    sale = a_sale(session)
    await served.panel(work_ms=20, backoff_ms=1)
    answers = await asyncio.gather(*(served.call("pos.order/sync_from_ui", orders=[sale]) for _ in range(5)))
    assert {(status, answer["pos.order"][0]["uuid"]) for status, answer in answers} == {(200, sale["uuid"])}
    assert len({answer["pos.order"][0]["id"] for _, answer in answers}) == 1


async def test_a_change_is_posted_to_the_hook_unless_it_is_lost(served: Served) -> None:
    came: list[Any] = []

    async def receive(request: web.Request) -> web.Response:
        came.append(await request.json())
        return web.Response()

    app = web.Application()
    app.router.add_post("/", receive)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    try:
        hook = {"model": "product.template", "url": url, "fields": ["list_price"]}
        await served.panel(hooks=[hook], hooks_lost={"next": 1})
        await served.call("product.template/write", ids=[1], vals={"list_price": 20})
        await served.call("product.template/write", ids=[1], vals={"list_price": 21})
        shown = await served.panel(hooks=[])
    finally:
        await runner.cleanup()
    wanted = {"_action": "product.template(#1)", "_id": 1, "_model": "product.template", "id": 1, "list_price": 21.0}
    assert (came, shown["hooks"]) == ([wanted], {"posted": 1, "lost": 1})


def start(path: Path, *more: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "tillway.sandbox.serve", "--ready-file", str(path), *more])


def test_it_stops_cleanly_when_told_to(tmp_path: Path) -> None:
    process = start(tmp_path / "ready.json", "--key", "chosen")
    assert ready(tmp_path / "ready.json")["key"] == "chosen"
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0


def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    path, pid_file = tmp_path / "ready.json", tmp_path / "pid"
    script = (
        "import os, pathlib, subprocess, sys, time\n"
        f"child = subprocess.Popen([sys.executable, '-m', 'tillway.sandbox.serve', '--ready-file', {str(path)!r}])\n"
        f"ready, pid = pathlib.Path({str(path)!r}), pathlib.Path({str(pid_file)!r})\n"
        "while not ready.exists(): time.sleep(0.01)\n"
        "pid.write_text(str(child.pid))\n"
        "os._exit(0)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=30)
    pid, deadline = int(pid_file.read_text()), time.monotonic() + 10
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not alive(pid)


def alive(pid: int) -> bool:
    """Whether the process still runs; one that waits to be reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
