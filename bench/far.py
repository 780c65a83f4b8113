"""The ERP at the far side: a real Odoo where the environment names one, else the sandbox in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from typing import NamedTuple

import aiohttp

from bench import ground
from bench.client import ended, surroundings


class Far(NamedTuple):
    """Where an ERP is, and what it is called in notes."""

    url: str
    database: str
    key: str
    name: str
    writes: bool = False
    """Whether a hub before it may write there."""


def outside(*, writes: bool = False) -> Far | None:
    """The real Odoo that the environment names, if it names one."""
    if "TILLWAY_TEST_ODOO_URL" not in os.environ:
        return None
    url, database, key = (os.environ[f"TILLWAY_TEST_ODOO_{name}"] for name in ("URL", "DB", "KEY"))
    return Far(url, database, key, "a real Odoo", writes)


@contextlib.asynccontextmanager
async def sandbox(**switches: float) -> AsyncIterator[Far]:
    """A sandbox that answers as its panel is told."""
    with ground.directory() as folder:
        ready = folder / "ready.json"
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tillway.sandbox.serve", "--ready-file", str(ready), env=surroundings()
        )
        try:
            while not ready.exists():  # noqa: ASYNC110 - another process makes it
                await asyncio.sleep(0.05)
            told = json.loads(ready.read_bytes())
            async with aiohttp.ClientSession() as session, session.post(f"{told['url']}/panel", json=switches) as reply:
                reply.raise_for_status()
            yield Far(told["url"], told["db"], told["key"], "the sandbox", writes=True)
        finally:
            await ended(process)
