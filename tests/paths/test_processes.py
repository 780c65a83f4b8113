"""Processes die; sales go on, nothing is left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from tests import running_demo
from tests.running_demo import TILLWAY, Demo, children, environment, until


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Demo]:
    """A demo whose processes this test may kill."""
    running = running_demo.start(tmp_path / "state")
    yield running
    running.stop()


async def test_an_order_survives_the_death_of_works_and_doors(own: Demo) -> None:
    """kill -9 of the works process with an order in hand, and of the doors: they come back and it is placed once."""
    await own.ready()
    sku = (await own.ask("GET", "/products/v1/products?limit=1")).body["products"][0]["sku"]
    await own.panel(latency_ms=300)
    answer = await own.ask("POST", "/orders/v1/orders", body={"lines": [{"sku": sku, "quantity": "3"}]})
    for process in (*children(own, "tillway.app.works"), *children(own, "tillway.app.door")):
        process.send_signal(signal.SIGKILL)
    await own.panel(latency_ms=0)
    await own.ready()
    await own.event(answer.body["id"], "order.accepted")
    found = await own.odoo(
        "sale.order",
        "search_read",
        domain=[["client_order_ref", "=", answer.body["id"]]],
        fields=["order_line", "state"],
    )
    assert [(row["state"], len(row["order_line"])) for row in found] == [("sale", 1)]


async def test_a_hub_outlives_its_nursery(own: Demo) -> None:
    """kill -9 of the process that forks doors and works, which takes them along: all of them come back."""
    await own.ready()
    lost = [each for word in ("app.nursery", "app.works", "app.door") for each in children(own, f"tillway.{word}")]
    lost[0].send_signal(signal.SIGKILL)

    async def replaced() -> bool:
        now = children(own, "tillway.app.works") + children(own, "tillway.app.door")
        return len(now) == len(lost) - 1 and not set(now) & set(lost)

    await until(replaced, "works and doors")
    await own.ready()
    assert (await own.ask("GET", "/products/v1/products?limit=1")).status == 200


async def test_nothing_outlives_a_hub_that_was_killed(own: Demo) -> None:
    """kill -9 of the demo: hub, Postgres, sandbox and subscriber are gone within seconds."""
    await own.ready()
    left = psutil.Process(own.process.pid).children(recursive=True)
    assert len(left) > 4
    os.kill(own.process.pid, signal.SIGKILL)
    own.process.wait(10)

    async def gone() -> bool:
        return not [process for process in left if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]

    await until(gone, "all processes of the demo")


async def test_a_second_hub_on_the_same_state_is_refused(own: Demo) -> None:
    """Exit code 3, naming the process that holds it and what to do."""
    second = subprocess.run(
        [TILLWAY, "up", "--state", str(own.state), "--port", "0"],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=60,
        check=False,
    )
    assert second.returncode == 3
    assert "a hub already runs on" in second.stderr
    assert "TILLWAY_STATE" in second.stderr


async def test_a_stopping_hub_answers_long_polls_at_once_and_ends_well(own: Demo) -> None:
    """Ctrl-C with a reader waiting 25 s at the feed: it gets its answer, and the demo ends with code 0."""
    await own.ready()
    next_cursor = (await own.ask("GET", "/events/v1/feed")).body["next"]
    began = time.monotonic()
    waiting = asyncio.ensure_future(own.ask("GET", f"/events/v1/feed?after={next_cursor}&wait=25"))

    async def in_flight() -> bool:
        door = children(own, "tillway.app.door")[0]
        established = [each for each in door.net_connections("tcp") if each.status == psutil.CONN_ESTABLISHED]
        return len(established) > 0

    await until(in_flight, "the long poll")
    own.process.send_signal(signal.SIGINT)
    answer = await waiting
    assert (answer.status, answer.body["events"]) == (200, [])
    assert time.monotonic() - began < 20
    assert await asyncio.to_thread(own.process.wait, 60) == 0


async def test_a_port_that_is_taken_is_told_at_once(tmp_path: Path, own: Demo) -> None:
    """Exit code 3 and a remedy, instead of two hubs that answer by turns."""
    port = own.base_url.rpartition(":")[2]
    second = subprocess.run(
        [TILLWAY, "demo", "--state", str(tmp_path / "other"), "--port", port, "--no-traffic", "--quiet"],
        capture_output=True,
        text=True,
        env=environment(),
        timeout=60,
        check=False,
    )
    assert second.returncode == 3, second.stderr
    assert f"port {port}" in second.stderr
