"""Clients in processes of their own: started with their orders as JSON, they answer with one JSON object."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import uvloop

ROOT = Path(__file__).parents[1]


async def measured(module: str, /, **given: Any) -> dict[str, Any]:
    """Run `bench.clients.<client>` to its end and return what it found. RuntimeError when it failed."""
    process = await started(module, stdout=asyncio.subprocess.PIPE, **given)
    said, _ = await process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"{module} failed with code {process.returncode}")
    found: dict[str, Any] = json.loads(said)
    return found


async def started(module: str, /, *, stdout: int | None = None, **given: Any) -> asyncio.subprocess.Process:
    """Start a client that goes on until it is terminated."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"bench.clients.{module}", json.dumps(given), stdout=stdout, cwd=ROOT, env=surroundings()
    )


async def ended(process: asyncio.subprocess.Process) -> None:
    """End what `started` began."""
    if process.returncode is None:
        process.terminate()
    await process.wait()


def surroundings() -> dict[str, str]:
    """The environment without settings of this machine's hub."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TILLWAY_")}


def serve(main: Callable[..., Awaitable[dict[str, Any]]]) -> None:
    """The main of a client module: read the orders, run, answer."""

    async def run() -> None:
        sys.stdout.write(json.dumps(await main(**json.loads(sys.argv[1]))))

    uvloop.run(run())
