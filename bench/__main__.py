"""`python -m bench [NAME...]`."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import AsyncIterator
from typing import Final

import msgspec

from bench.report import Line

# The order they run in when none is named: quick ones first.
NAMES: Final = (
    *("demo", "latency", "hooks", "append", "orders", "read", "stock"),
    *("governor", "intake", "sync", "idle", "follow"),
)


async def _run(name: str) -> None:
    lines: AsyncIterator[Line] = importlib.import_module(f"bench.{name}").lines()
    async for line in lines:
        sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
        sys.stdout.flush()


def main(names: list[str]) -> int:
    """Run these, or all; 2 when one of them does not exist."""
    unknown = [name for name in names if name not in NAMES]
    if unknown:
        sys.stderr.write(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(NAMES)}\n")
        return 2
    for name in names or NAMES:
        asyncio.run(_run(name))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
