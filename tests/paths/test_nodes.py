"""Two nodes on one external Postgres: one answer, one effect, and one goes on where the other was killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests import running_demo
from tests.running_demo import TILLWAY, Demo, environment, until

LEASE = "1"


class Nodes:
    """The demo's hub and a second one beside it, which knows nothing but the database and the landscape."""

    def __init__(self, first: Demo, dsn: str, state: Path) -> None:
        self.first = first
        told = state / "hub.json"
        self._process = subprocess.Popen(
            [TILLWAY, "up", "--state", str(state), "--port", "0"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment(
                TILLWAY_DATABASE_URL=dsn,
                TILLWAY_LANDSCAPE=str(first.state / "landscape"),
                TILLWAY_PUBLIC_URL=first.base_url,
                TILLWAY_SEALING_KEY_FILE=str(first.state / "sealing.key"),
                TILLWAY_LEASE_SECONDS=LEASE,
            ),
        )
        deadline = time.monotonic() + running_demo.START_SECONDS
        while not told.exists():
            assert self._process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        node_url = json.loads(told.read_text())["node_url"]
        self.second = replace(first, told=first.told | {"base_url": node_url}, tokens=first.tokens)

    def kill_first(self) -> None:
        """kill -9 of the first hub's works and doors with everything they had in hand."""
        for process in running_demo.children(self.first, "tillway.app.works") + running_demo.children(
            self.first, "tillway.app.door"
        ):
            process.send_signal(signal.SIGKILL)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(30)


@pytest.fixture
def nodes(make_database: Callable[..., str], tmp_path: Path) -> Iterator[Nodes]:
    dsn = make_database(migrated=False)
    first = running_demo.start(tmp_path / "first", TILLWAY_DATABASE_URL=dsn, TILLWAY_LEASE_SECONDS=LEASE)
    both = Nodes(first, dsn, tmp_path / "second")
    yield both
    both.stop()
    first.stop()


async def test_two_nodes_are_one_hub(nodes: Nodes) -> None:
    """A key is honoured across nodes; a token of one is good at the other; works killed on one go on at the other."""
    await nodes.first.ready()
    await nodes.second.ready()
    page = (await nodes.second.ask("GET", "/products/v1/products?limit=1")).body["products"]
    body = {"lines": [{"sku": page[0]["sku"], "quantity": "1"}]}
    headers = {"Idempotency-Key": "across"}
    answers = await asyncio.gather(
        *(
            (nodes.first if number % 2 else nodes.second).ask("POST", "/orders/v1/orders", body=body, headers=headers)
            for number in range(20)
        )
    )
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body["id"] for answer in answers}) == 1
    await nodes.second.event(answers[0].body["id"], "order.accepted")

    await nodes.first.panel(latency_ms=200)
    orders = [(await nodes.first.ask("POST", "/orders/v1/orders", body=body)).body["id"] for _ in range(5)]
    os.kill(nodes.first.process.pid, signal.SIGSTOP)  # its supervisor cannot start them again
    try:
        nodes.kill_first()
        await nodes.first.panel(latency_ms=0)
        for order in orders:
            await nodes.second.event(order, "order.accepted")
    finally:
        os.kill(nodes.first.process.pid, signal.SIGCONT)

    async def all_placed_once() -> bool:
        found = await nodes.first.odoo(
            "sale.order", "search_read", domain=[["client_order_ref", "in", orders]], fields=["state", "order_line"]
        )
        return [(row["state"], len(row["order_line"])) for row in found] == [("sale", 1)] * len(orders)

    await until(all_placed_once, "five orders, each once")
