"""The sandbox as its users have it: a process of its own, spoken to over HTTP."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

STARTING = 20.0
"""Seconds within which the process listens."""


@dataclass(frozen=True)
class Served:
    """A running sandbox and a client."""

    url: str
    key: str
    client: aiohttp.ClientSession

    async def call(self, method: str, **body: Any) -> tuple[int, Any]:
        """Status and answer of `model/method`."""
        headers = {"Authorization": f"bearer {self.key}", "X-Odoo-Database": "retail"}
        async with self.client.post(f"{self.url}/json/2/{method}", json=body, headers=headers) as response:
            return response.status, await response.json()

    async def panel(self, **switches: Any) -> dict[str, Any]:
        """Set switches; state and counters."""
        async with self.client.post(f"{self.url}/panel", json=switches) as response:
            shown: dict[str, Any] = await response.json()
            return shown


def ready(path: Path) -> dict[str, str]:
    """What the process wrote once it listened."""
    deadline = time.monotonic() + STARTING
    while not path.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(path)
        time.sleep(0.01)
    told: dict[str, str] = json.loads(path.read_text())
    return told


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, str]]]:
    path = tmp_path_factory.mktemp("sandbox") / "ready.json"
    command = [sys.executable, "-m", "tillway.sandbox.serve", "--ready-file", str(path), "--date", "2026-11-23"]
    with subprocess.Popen(command) as running:
        try:
            yield running, ready(path)
        finally:
            running.terminate()
            running.wait(10)


@pytest.fixture
async def served(process: tuple[subprocess.Popen[bytes], dict[str, str]]) -> AsyncIterator[Served]:
    """The sandbox with all switches off."""
    told = process[1]
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as client:
        async with client.post(f"{told['url']}/panel/reset"):
            pass
        yield Served(told["url"], told["key"], client)
