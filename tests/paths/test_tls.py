"""A certificate is exchanged at a running node: new connections see it, and what is under way ends well."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import pytest
from tests.rooms.transport.served import certify, presented, shown
from tests.running_demo import TILLWAY, Demo, environment, until

from tillway.app.hub import running
from tillway.app.tls import trusting

POLL_SECONDS = 4


@pytest.fixture
def node(demo: Demo, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """One more node of the demo's hub, which speaks TLS, and its state."""
    certificate, key = certify(tmp_path, "first")
    state = tmp_path / "state"
    process = subprocess.Popen(
        [TILLWAY, "up", "--state", str(state), "--port", "0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment(
            TILLWAY_DATABASE_URL=running(demo.state).database_url,
            TILLWAY_LANDSCAPE=str(demo.state / "landscape"),
            TILLWAY_PUBLIC_URL=demo.base_url,
            TILLWAY_SEALING_KEY_FILE=str(demo.state / "sealing.key"),
            TILLWAY_TLS_CERTIFICATE=str(certificate),
            TILLWAY_TLS_KEY=str(key),
        ),
    )
    yield process, state
    process.terminate()
    assert process.wait(30) == 0


async def test_a_node_takes_over_a_new_certificate_and_answers_what_is_under_way(
    demo: Demo, node: tuple[subprocess.Popen[bytes], Path], tmp_path: Path
) -> None:
    process, state = node

    async def told() -> bool:
        assert process.poll() is None
        return (state / "hub.json").exists()

    await until(told, "the node")
    url = json.loads((state / "hub.json").read_text())["node_url"]
    port = urlsplit(url).port
    assert port is not None
    await shown(port, "first")
    bearer = {"Authorization": f"Bearer {await demo.token()}"}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting(tmp_path / "hub.crt"))) as session:

        async def ask(path: str) -> int:
            async with session.get(url + path, headers=bearer) as reply:
                await reply.read()
                return reply.status

        assert await ask("/events/v1/feed") == 200
        # By the connection that is open, which was made with the first certificate.
        feed = f"/events/v1/feed?subject=nobody&wait={POLL_SECONDS}"
        under_way = asyncio.create_task(ask(feed))
        await asyncio.sleep(0)
        certify(tmp_path, "second")
        await shown(port, "second")
        assert not under_way.done()
        assert await under_way == 200
    assert await presented(port) == "second"
