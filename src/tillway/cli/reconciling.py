"""`tillway reconcile` and `tillway breaks`: do two sides agree, and who looks at what does not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tillway.cli.asking import Hub, state_directory
from tillway.cli.telling import acted, asked, moment, table, tell

POLL_SECONDS: Final = 0.5
"""Between two looks at how far a comparison got."""

PATIENCE_SECONDS: Final = 1800
"""How long the command waits; the comparison itself goes on."""

SHOWN: Final = 50
"""Breaks shown after a comparison; all of them by `tillway breaks list`."""

EXIT_BREAKS: Final = 4
"""Two sides do not agree."""

EXIT_FAILED: Final = 1


def reconcile(state: Path | None, body: Mapping[str, Any], *, as_json: bool) -> None:
    """Start a comparison, watch it, and tell what came of it. Exit code 4 when something does not agree."""
    run = asyncio.run(_watched(state_directory(state), body, quiet=as_json))
    chosen = {"domain": run["domain"], "limit": SHOWN} | ({} if run["shop"] is None else {"shop": run["shop"]})
    found = asked(state, lambda hub: hub.get("/breaks", **chosen))["breaks"] if run["breaks"] else []
    tell({**run, "listed": found}, as_json=as_json, otherwise=_outcome(run, found))
    if run["status"] != "done":
        raise SystemExit(EXIT_FAILED)
    if run["breaks"]:
        raise SystemExit(EXIT_BREAKS)


def list_breaks(state: Path | None, chosen: Mapping[str, Any], *, as_json: bool) -> None:
    """What does not agree, the oldest first."""
    given = {name: value for name, value in chosen.items() if value is not None}
    found = asked(state, lambda hub: hub.get("/breaks", **given))
    tell(found, as_json=as_json, otherwise=_table(found["breaks"], f"{len(found['breaks'])} breaks"))


def act(state: Path | None, break_id: str, what: str, body: Mapping[str, Any], *, as_json: bool) -> None:
    """One act on a break."""
    done = acted(state, f"/breaks/{break_id}/{what}", body)
    tell(done, as_json=as_json, otherwise=f"{done['type']} of {done['key']}: {done['status']}, owner {done['owner']}")


async def _watched(state: Path, body: Mapping[str, Any], *, quiet: bool) -> dict[str, Any]:
    async with Hub(state) as hub:
        run = await hub.post("/reconciliations", {name: each for name, each in body.items() if each is not None})
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[told]}"),
            TimeElapsedColumn(),
        )
        until = time.monotonic() + PATIENCE_SECONDS
        with Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet) as progress:
            task = progress.add_task(f"comparing {run['domain']}", total=None, told="")
            while run["status"] in {"queued", "running"} and time.monotonic() < until:
                await asyncio.sleep(POLL_SECONDS)
                run = await hub.get(f"/reconciliations/{run['id']}")
                counts = f"{run['left']} here, {run['right']} there, {run['breaks']} breaks"
                progress.update(task, told=f"{counts} ({run['detail']})" if run["detail"] else counts)
        return run


def _outcome(run: Mapping[str, Any], found: list[dict[str, Any]]) -> str | Table:
    if run["status"] == "failed":
        return f"{run['domain']} could not be compared: {run['detail']}"
    if run["status"] != "done":
        return f"{run['domain']} are still being compared: look again at {run['id']}"
    told = (
        f"{run['domain']} of {run['connection']}: {run['matched']} matched + {run['breaks']} breaks = {run['total']}; "
        f"{run['in_process']} on their way; {run['found']} new, {run['ended']} ended, {run['fixed']} put right"
    )
    return _table(found, told) if found else told


def _table(found: list[dict[str, Any]], title: str) -> Table:
    titles = ("what", "key", "type", "at stake", "shop", "in words", "since (UTC)", "owner", "id")
    rows = [
        (
            each["domain"],
            each["key"],
            each["type"] if each["status"] == "open" else f"{each['type']} ({each['status']})",
            f"{each['at_stake']} {each['currency'] or ''}".strip(),
            each["shop"],
            each["fix_detail"] or each["detail"],
            moment(each["found_at"]),
            each["owner"],
            each["id"],
        )
        for each in found
    ]
    return table(titles, rows, title)
