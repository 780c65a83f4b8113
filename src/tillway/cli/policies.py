"""Commands about the landscape's files, offline: check."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from tillway import settings
from tillway.cli.asking import state_directory
from tillway.identity import Outcome, Rehearsal, rehearse
from tillway.landscape import Landscape, Policy, read, read_cases


def check(directory: Path | None, state: Path | None, *, as_json: bool) -> None:
    """`tillway check`: is the landscape sound, and do its policies decide as its tests expect."""
    where = _directory(directory, state)
    landscape = read(where, settings.read(os.environ).environment or None)
    rehearsal = rehearse(landscape, read_cases(where, landscape))
    console = Console()
    if as_json:
        console.out(msgspec.json.encode(_document(landscape, rehearsal)).decode(), highlight=False)
    else:
        _tell(console, where, landscape, rehearsal)
    if not rehearsal.passed:
        raise SystemExit(1)


def _directory(directory: Path | None, state: Path | None) -> Path:
    """The directory that was named, or that of the hub which a state directory belongs to."""
    if directory is not None:
        return directory
    given = settings.read({**os.environ, "TILLWAY_STATE": str(state_directory(state))})
    return given.landscape_directory


def _document(landscape: Landscape, rehearsal: Rehearsal) -> dict[str, Any]:
    return {
        "landscape": landscape.hash,
        "passed": rehearsal.passed,
        "tests": [
            {
                "name": each.case.name,
                "place": asdict(each.case.mark),
                "expected": each.case.expect,
                "decided": "allow" if each.verdict.allowed else "deny",
                "by": [policy.id for policy in each.verdict.policies],
                "wrong": each.wrong,
            }
            for each in rehearsal.outcomes
        ],
        "untested": [_told(policy) for policy in (*rehearsal.untested, *rehearsal.untested_base)],
    }


def _told(policy: Policy) -> dict[str, Any]:
    return {"id": policy.id, "effect": policy.effect, "file": policy.mark.file, "line": policy.mark.line}


def _tell(console: Console, where: Path, landscape: Landscape, rehearsal: Rehearsal) -> None:
    console.print(f"[green]sound[/] {where}: landscape {landscape.hash[:12]}", highlight=False)
    if rehearsal.outcomes:
        console.print(_table(rehearsal.outcomes))
    failed = sum(1 for each in rehearsal.outcomes if each.wrong)
    console.print(f"{len(rehearsal.outcomes)} tests of policies, {failed} failed", highlight=False)
    for policy in rehearsal.untested:
        place = f"{policy.mark.file}:{policy.mark.line}"
        console.print(f"[yellow]no test decided by[/] {policy.id} ({place})", highlight=False)
    if rehearsal.untested_base and rehearsal.outcomes:
        names = ", ".join(policy.id for policy in rehearsal.untested_base)
        console.print(f"[dim]nor by the base policies {names}[/]", highlight=False)


def _table(outcomes: tuple[Outcome, ...]) -> Table:
    table = Table("", "test", "decided", "by")
    for each in outcomes:
        decided = "allow" if each.verdict.allowed else "deny"
        by = ", ".join(policy.id for policy in each.verdict.policies) or "-"
        place = f"{each.case.mark.file}:{each.case.mark.line}: " if each.wrong else ""
        mark = "[red]failed[/]" if each.wrong else "[green]passed[/]"
        table.add_row(mark, each.case.name, decided, f"{place}{each.wrong}" if each.wrong else by)
    return table
