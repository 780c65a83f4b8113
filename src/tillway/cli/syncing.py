"""`tillway sync full|delta`: have a back office read again, and watch it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from tillway.cli.asking import Hub, state_directory
from tillway.cli.telling import moment, tell

POLL_SECONDS: Final = 0.5
"""Between two looks at how far it got."""

PATIENCE_SECONDS: Final = 3600
"""How long the command waits; the reading itself goes on."""

EXIT_FAILED: Final = 1


def sync(state: Path | None, mode: str, domain: str, connection: str | None, reason: str, *, as_json: bool) -> None:
    """Ask for it, wait until it is done, and tell when it was. Exit code 1 when that takes too long."""
    body = {"mode": mode, "domain": domain, "reason": reason} | (
        {} if connection is None else {"connection": connection}
    )
    done, found = asyncio.run(_watched(state_directory(state), body, quiet=as_json))
    what = f"{found['domain']} of {found['connection']}"
    ended = f"{what}: read at {moment(found['read_at'])} UTC"
    tell(found, as_json=as_json, otherwise=ended if done else f"{what} are still being read; it goes on by itself")
    if not done:
        raise SystemExit(EXIT_FAILED)


async def _watched(state: Path, body: dict[str, Any], *, quiet: bool) -> tuple[bool, dict[str, Any]]:
    async with Hub(state) as hub:
        begun = found = await hub.post("/syncs", body)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[told]}"),
            TimeElapsedColumn(),
        )
        until = time.monotonic() + PATIENCE_SECONDS
        with Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet) as progress:
            task = progress.add_task(f"reading {body['domain']}", total=None, told="")
            while not (done := _done(begun, found, body["mode"])) and time.monotonic() < until:
                await asyncio.sleep(POLL_SECONDS)
                found = _together(begun, (await hub.get("/syncs"))["syncs"])
                progress.update(task, told=f"last page at {moment(found['read_at'])} UTC")
        return done, found


def _together(begun: dict[str, Any], syncs: list[dict[str, Any]]) -> dict[str, Any]:
    """How the domain stands now: under way while any company's part of it is (`stock/2` is company 2's). Pure."""
    parts = [
        each
        for each in syncs
        if (each["connection"], each["domain"].partition("/")[0]) == (begun["connection"], begun["domain"])
    ]
    whole = next((each for each in parts if each["domain"] == begun["domain"]), begun)
    return {**whole, "under_way": any(each["under_way"] for each in parts)}


def _done(begun: dict[str, Any], found: dict[str, Any], mode: str) -> bool:
    """Whether what was asked for has been read since. Pure."""
    if mode == "full" and begun["under_way"]:
        return not found["under_way"] and found["ended_at"] != begun["ended_at"]
    return found["read_at"] is not None and found["read_at"] != begun["read_at"]
