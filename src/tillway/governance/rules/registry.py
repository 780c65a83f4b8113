"""All house rules, and what comes of asking them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from tillway.contracts import Documents
from tillway.governance.rules import (
    consumers,
    credentials,
    deciding,
    events,
    extensions,
    lifecycle,
    ownership,
    policies,
    promises,
    waiving,
)
from tillway.governance.rules.contract import Contract, named, parsed, shipped
from tillway.governance.rules.documents import addresses, answers, fields, operations, structure
from tillway.governance.rules.rule import SEVERITIES, Found, Path, Rule, Severity, Subject
from tillway.identity import Rehearsal
from tillway.landscape import Landscape, Mark, Marks, Waiver, dotted

SUBJECTS: Final = MappingProxyType(
    {
        "Ownership": ownership.RULES,
        "Promises and layers": promises.RULES,
        "Credentials and networks": credentials.RULES,
        "Consumers": consumers.RULES,
        "Lifecycle": lifecycle.RULES,
        "Events and domains": events.RULES,
        "Own fields": extensions.RULES,
        "Policies": policies.RULES,
        "Deciding, names and shops": deciding.RULES,
        "Documents: structure": structure.RULES,
        "Documents: addresses": addresses.RULES,
        "Documents: operations": operations.RULES,
        "Documents: answers": answers.RULES,
        "Documents: fields": fields.RULES,
        "Waivers": waiving.RULES,
    }
)
"""The rules by subject, in the order in which they are told."""

RULES: Final[Mapping[str, Rule]] = MappingProxyType({each.id: each for rules in SUBJECTS.values() for each in rules})
"""The rules by id."""

_UNWAIVABLE: Final = frozenset(each.id for each in waiving.RULES)


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One place that breaks a rule, as it is told. `mark`: its file and line, if known."""

    rule: str
    severity: Severity
    path: Path
    text: str
    remedy: str
    mark: Mark | None

    @property
    def where(self) -> str:
        """Its path as people and waivers write it."""
        return dotted(self.path)


@dataclass(frozen=True, slots=True)
class Waived:
    """A finding that somebody answers for."""

    finding: Finding
    waiver: Waiver


@dataclass(frozen=True, slots=True)
class Report:
    """What is broken, and what is broken and waived, both in order of place."""

    findings: tuple[Finding, ...]
    waived: tuple[Waived, ...] = ()

    def count(self, severity: Severity) -> int:
        """How many findings have this severity."""
        return sum(1 for each in self.findings if each.severity == severity)

    def fails(self, at: Severity) -> bool:
        """Whether a finding is as bad as this, or worse."""
        return any(SEVERITIES.index(each.severity) <= SEVERITIES.index(at) for each in self.findings)


def subject(landscape: Landscape, ships: Documents, today: date, rehearsal: Rehearsal | None = None) -> Subject:
    """What is checked: a landscape with its own documents, against what ships, and what its tests decided."""
    return Subject(
        landscape=landscape,
        documents=landscape.documents,
        shipped=shipped(ships),
        contracts=tuple(_own(landscape)),
        today=today,
        rehearsal=rehearsal,
    )


def _own(landscape: Landscape) -> Iterator[Contract]:
    """The retailer's documents; those that the landscape compiled are not read again."""
    compiled = {(each.api, each.version): each.content for each in landscape.own_documents.apis.values()}
    for file, text in landscape.contracts.items():
        api, version = named(file)
        if (api, version) in compiled:
            yield Contract(file.rpartition("/")[2], api, version, compiled[api, version], text)
        elif file.endswith(".yaml"):
            yield parsed(file, text)


def check(asked: Subject, marks: Marks) -> Report:
    """Every finding of every rule, waived ones apart."""
    findings: list[Finding] = []
    waived: list[Waived] = []
    used: set[int] = set()
    waivers = asked.landscape.governance.waivers
    for each in RULES.values():
        for found in each.check(asked):
            finding = _finding(each, found, asked, marks)
            index = _waiver(waivers, finding, asked.today)
            if index is None:
                findings.append(finding)
            else:
                used.add(index)
                waived.append(Waived(finding, waivers[index]))
    idle = waiving.idle(asked, used, RULES)
    findings += [_finding(waiving.waiver_idle, found, asked, marks) for found in idle]
    return Report(tuple(sorted(findings, key=_by_place)), tuple(sorted(waived, key=lambda one: _by_place(one.finding))))


def _finding(each: Rule, found: Found, asked: Subject, marks: Marks) -> Finding:
    return Finding(
        rule=each.id,
        severity=each.severity,
        path=found.path,
        text=found.text,
        remedy=found.remedy or each.remedy,
        mark=found.mark or _mark(found.path, asked.contracts, marks),
    )


def _mark(path: Path, contracts: tuple[Contract, ...], marks: Marks) -> Mark | None:
    if path[:1] != ("contracts",):
        return marks.at(path)
    for contract in contracts:
        if contract.path == path[:2]:
            # Statuses and the like are numbers in some documents and texts in others.
            return Marks(contract.places).at(tuple(path[2:])) or Mark(contract.file, 1)
    return None


def _waiver(waivers: tuple[Waiver, ...], finding: Finding, today: date) -> int | None:
    if finding.rule in _UNWAIVABLE:
        return None
    for index, each in enumerate(waivers):
        if each.expires > today and waiving.matches(each, finding.rule, finding.where):
            return index
    return None


def _by_place(finding: Finding) -> tuple[str, int, str, str]:
    mark = finding.mark or Mark("", 0)
    return (mark.file, mark.line, finding.where, finding.rule)


def subjects() -> Iterator[tuple[str, tuple[Rule, ...]]]:
    """The rules by subject."""
    return iter(SUBJECTS.items())
