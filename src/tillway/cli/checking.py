"""Commands that check: doctor."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from tillway.app.checkup import findings
from tillway.app.findings import Finding
from tillway.cli.asking import state_directory


def doctor(state: Path | None, *, as_json: bool) -> None:
    """`tillway doctor`."""
    found = asyncio.run(_findings(state_directory(state)))
    console = Console()
    if as_json:
        document = {"well": all(each.well for each in found), "findings": [asdict(each) for each in found]}
        console.out(msgspec.json.encode(document).decode(), highlight=False)
    else:
        console.print(_table(found))
    if not all(each.well for each in found):
        raise SystemExit(1)


async def _findings(state: Path) -> list[Finding]:
    return [finding async for finding in findings(state)]


def _table(found: list[Finding]) -> Table:
    table = Table("", "what")
    for title in ("seen", "what to do"):
        # Folded, never cut: a remedy is to be read whole.
        table.add_column(title, overflow="fold")
    for each in found:
        table.add_row("[green]well[/]" if each.well else "[red]not well[/]", each.what, each.seen, each.remedy)
    return table
