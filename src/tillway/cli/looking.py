"""Commands that look: follow, trace, token."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import msgspec
from rich.console import Console
from rich.table import Table

from tillway import journal
from tillway.cli.asking import Hub, state_directory
from tillway.cli.consuming import token_of

# Seconds one long poll of `follow` waits.
WAIT_SECONDS = 20


def follow(state: Path | None, *, types: str, after: str, limit: int, as_json: bool) -> None:
    """`tillway follow`."""
    try:
        asyncio.run(_follow(state_directory(state), types, after, limit, as_json=as_json))
    except KeyboardInterrupt:
        return


async def _follow(state: Path, types: str, after: str, limit: int, *, as_json: bool) -> None:
    console, shown = Console(), 0
    chosen: dict[str, str] = {"types": types} if types else {}
    async with Hub(state) as hub:
        cursor = after or _newest(await hub.get("/health"))
        while True:
            page = await hub.get("/journal", after=cursor, wait=WAIT_SECONDS, **chosen)
            cursor = page["next"]
            for entry in page["entries"]:
                _show(console, entry, as_json=as_json)
                shown += 1
                if shown == limit:
                    return


def _newest(health: dict[str, Any]) -> str:
    return journal.cursor.encode(journal.cursor.Cursor(UUID(health["epoch"]), health["position"]))


def _show(console: Console, entry: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        console.out(msgspec.json.encode(entry).decode(), highlight=False)
        return
    event = entry["event"]
    kind = event["type"].removeprefix("tillway.").removesuffix(".v1")
    console.print(f"[dim]{entry['position']:>8} {event['time'][11:23]}[/] [bold]{kind:<18}[/] {event['subject']}")


def trace(state: Path | None, key: str, *, as_json: bool) -> None:
    """`tillway trace`."""
    found = asyncio.run(_trace(state_directory(state), key))
    if as_json:
        Console().out(msgspec.json.encode(found).decode(), highlight=False)
        return
    table = Table("stage", "at", "after", "target", title=f"{found['kind']} {found['key']}")
    for stage in found["stages"]:
        late = "[red]late[/] " if stage["late"] else ""
        target = f"{stage['target_ms']} ms"
        at = stage["at"][11:23] if stage["at"] else "..."
        table.add_row(stage["name"], at, f"{late}{stage['latency_ms']} ms", target)
    console = Console()
    console.print(table)
    console.print(f"in all {found['total_ms']} ms" + (f", late at {found['late_at']}" if found["late_at"] else ""))


async def _trace(state: Path, key: str) -> dict[str, Any]:
    async with Hub(state) as hub:
        return await hub.get(f"/traces/{quote(key, safe='')}")


def token(state: Path | None, consumer: str, scopes: list[str], *, as_json: bool) -> None:
    """`tillway token`."""
    answer = asyncio.run(token_of(state_directory(state), consumer, scopes))
    console = Console()
    console.out(msgspec.json.encode(answer).decode() if as_json else answer["access_token"], highlight=False)
