"""`tillway check`: a landscape, its policies' tests and the house rules, offline."""

from __future__ import annotations

import gc
import importlib.metadata
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import quote

import msgspec
import yaml
from rich.console import Console
from rich.table import Table

from tillway import settings
from tillway.cli.tables import escaped, table
from tillway.contracts import load
from tillway.errors import Misconfigured
from tillway.governance import rules
from tillway.governance.rules import RULES, SUBJECTS, Finding, Report, Rule, formats
from tillway.identity import Outcome, Rehearsal, rehearse
from tillway.landscape import InvalidLandscape, Landscape, build_marked, meant, read_cases, sources

Format = Literal["human", "json", "sarif", "spectral"]
FailOn = Literal["error", "warning"]

EXIT_FOUND: Final = 1
EXIT_UNREADABLE: Final = 2

_COLOURS: Final = {"error": "red", "warning": "yellow", "info": "blue"}


@dataclass(frozen=True, slots=True)
class _Checked:
    """What came of one landscape; without one it does not hold together."""

    landscape: Landscape | None
    rehearsal: Rehearsal
    report: Report


def check(directory: Path | None, state: Path | None, *, form: Format, fail_on: FailOn, today: datetime | None) -> None:
    """`tillway check`: exit code 1 for findings as bad as asked, 2 for what cannot be read."""
    where = _directory(directory, state)
    try:
        found = _checked(where, datetime.now(UTC).date() if today is None else today.date())
    except Misconfigured as error:
        _unreadable(error, where, form)
        raise SystemExit(EXIT_UNREADABLE) from error
    _tell(found, where, form, fail_on)
    if found.report.fails(fail_on):
        raise SystemExit(EXIT_FOUND)


def _directory(directory: Path | None, state: Path | None) -> Path:
    """The directory that was named, or that of the hub which a state directory belongs to."""
    if directory is not None:
        return directory
    # The hub's own rooms are needed for this alone, and take longer to load than the check.
    from tillway.cli.asking import state_directory

    given = settings.read({**os.environ, "TILLWAY_STATE": str(state_directory(state))})
    return given.landscape_directory


def _checked(where: Path, today: date) -> _Checked:
    # What was imported stays: without it the collector looks at it again and again while documents are read.
    gc.freeze()
    environment = settings.read(os.environ).environment or None
    landscape, marks = build_marked(sources(where, environment))
    rehearsal = rehearse(landscape, read_cases(where, landscape))
    report = rules.check(rules.subject(landscape, load(), today, rehearsal), marks)
    return _Checked(landscape, rehearsal, report)


def _unreadable(error: Misconfigured, where: Path, form: Format) -> None:
    """Every mistake of a landscape that does not hold together, in the form that was asked for."""
    problems = error.problems if isinstance(error, InvalidLandscape) else ()
    if form == "human" or not problems:
        sys.stderr.write(f"tillway: {error.detail}\n" + (f"  -> {error.remedy}\n" if error.remedy else ""))
    else:
        _tell(_Checked(None, Rehearsal((), (), ()), formats.unsound(problems)), where, form, "error")


def _tell(found: _Checked, where: Path, form: Format, fail_on: FailOn) -> None:
    place = _place(where)
    if form == "human":
        _human(Console(), found, where, place)
        return
    told: Any
    if form == "json":
        told = _document(found, place, fail_on)
    elif form == "sarif":
        told = formats.sarif(found.report, _uri(place), importlib.metadata.version("tillway"))
    else:
        told = formats.spectral(found.report, place)
    Console().out(msgspec.json.encode(told).decode(), highlight=False)


def _place(where: Path) -> formats.Place:
    """Files as they are found from where the command was given, so that an editor or a review opens them.

    What ships with Tillway lies in no such directory and is called what it is.
    """
    return lambda file: os.path.relpath(where / file) if (where / file).is_file() else file


def _uri(place: formats.Place) -> Callable[[str], str]:
    return lambda file: quote(place(file).replace(os.sep, "/"))


def _document(found: _Checked, place: formats.Place, fail_on: FailOn) -> dict[str, Any]:
    return {
        "landscape": None if found.landscape is None else found.landscape.hash,
        "passed": not found.report.fails(fail_on),
        **formats.plain(found.report, place),
        "tests": [_test(each) for each in found.rehearsal.outcomes],
        "untested": [
            {"id": each.id, "effect": each.effect, "file": each.mark.file, "line": each.mark.line}
            for each in (*found.rehearsal.untested, *found.rehearsal.untested_base)
        ],
    }


def _test(outcome: Outcome) -> dict[str, Any]:
    return {
        "name": outcome.case.name,
        "place": asdict(outcome.case.mark),
        "expected": outcome.case.expect,
        "decided": "allow" if outcome.verdict.allowed else "deny",
        "by": [policy.id for policy in outcome.verdict.policies],
        "wrong": outcome.wrong,
    }


def _human(console: Console, found: _Checked, where: Path, place: formats.Place) -> None:
    if found.landscape is not None:
        console.print(f"[green]sound[/] {escaped(where)}: landscape {found.landscape.hash[:12]}", highlight=False)
    if found.rehearsal.outcomes:
        console.print(_table(found.rehearsal.outcomes))
    failed = sum(1 for each in found.rehearsal.outcomes if each.wrong)
    console.print(f"{len(found.rehearsal.outcomes)} tests of policies, {failed} failed", highlight=False)
    if found.rehearsal.untested_base and found.rehearsal.outcomes:
        names = ", ".join(policy.id for policy in found.rehearsal.untested_base)
        console.print(f"[dim]base policies that decided no test: {names}[/]", highlight=False)
    for each in found.report.findings:
        console.print(_line(each, place), highlight=False, soft_wrap=True)
    for one in found.report.waived:
        told = f"{one.finding.where}: {one.finding.rule}, {one.waiver.reason}"
        console.print(
            f"[dim]waived until {one.waiver.expires}: {escaped(told)} ({escaped(one.waiver.owner)})[/]",
            highlight=False,
            soft_wrap=True,
        )
    report = found.report
    counts = f"{report.count('error')} errors, {report.count('warning')} warnings, {report.count('info')} hints"
    console.print(f"{len(RULES)} rules: {counts}, {len(report.waived)} waived", highlight=False)


def _line(finding: Finding, place: formats.Place) -> str:
    mark = f"{place(finding.mark.file)}:{finding.mark.line}: " if finding.mark is not None else ""
    colour = _COLOURS[finding.severity]
    what = f"{escaped(mark)}[{colour}]{finding.severity}[/] {escaped(f'{finding.where}: {finding.text}')}"
    return f"{what} [dim]{finding.rule}[/]\n    -> {escaped(finding.remedy)}"


def _table(outcomes: tuple[Outcome, ...]) -> Table:
    made = Table("", "test", "decided", "by")
    for each in outcomes:
        decided = "allow" if each.verdict.allowed else "deny"
        by = ", ".join(policy.id for policy in each.verdict.policies) or "-"
        mark = "[red]failed[/]" if each.wrong else "[green]passed[/]"
        made.add_row(mark, escaped(each.case.name), decided, by)
    return made


def list_rules(*, form: Format) -> None:
    """`tillway check --rules`."""
    console = Console()
    if form != "human":
        console.out(msgspec.json.encode([_described(each) for each in RULES.values()]).decode(), highlight=False)
        return
    for title, of_subject in SUBJECTS.items():
        rows = [(each.id, each.severity, each.sentence) for each in of_subject]
        console.print(table(("rule", "severity", "sentence"), rows, title))


def explain(name: str, *, form: Format) -> None:
    """`tillway check --explain RULE`. Misconfigured when there is no such rule."""
    rule = RULES.get(name)
    if rule is None:
        raise Misconfigured(f"there is no rule {name!r}", remedy=meant(name, RULES))
    console = Console()
    if form != "human":
        console.out(msgspec.json.encode(_described(rule)).decode(), highlight=False)
        return
    console.print(f"[bold]{rule.id}[/] ({rule.severity})", highlight=False)
    for title, text in (("", rule.sentence), ("why", rule.why), ("remedy", rule.remedy)):
        console.print(escaped(f"{title}: {text}" if title else text), highlight=False, soft_wrap=True)
    for title, fragment in (("breaks it", rule.breaks), ("keeps it", rule.keeps)):
        console.print(f"\n{title}:", highlight=False)
        console.out(fragment_of(fragment), highlight=False)
    console.print(
        f"\nto waive it: governance.waivers: - {{rule: {rule.id}, path: ..., reason: ..., owner: ..., expires: ...}}",
        highlight=False,
        soft_wrap=True,
    )


def fragment_of(text: str) -> str:
    """An example as people write YAML: one key a line."""
    written: str = yaml.safe_dump(yaml.safe_load(text), sort_keys=False, allow_unicode=True, width=100)
    return written.rstrip("\n")


def _described(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "severity": rule.severity,
        "sentence": rule.sentence,
        "why": rule.why,
        "remedy": rule.remedy,
        "breaks": fragment_of(rule.breaks),
        "keeps": fragment_of(rule.keeps),
        "fixable": rule.fixable,
    }
