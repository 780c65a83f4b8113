"""What a house rule is: a sentence with a reason, an example that breaks it, and a check. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final, Literal, TypeVar

from tillway.contracts import Documents
from tillway.governance.rules.contract import Contract
from tillway.identity import Rehearsal
from tillway.landscape import Api, Landscape, Mark

Severity = Literal["error", "warning", "info"]
Path = tuple[str | int, ...]

SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "info")
"""From what is refused to what is only said."""


@dataclass(frozen=True, slots=True)
class Found:
    """One place that breaks a rule: where, and what is wrong there.

    `remedy`: what helps here; empty: the rule's. `mark`: its place, when it is not that of the path.
    """

    path: Path
    text: str
    remedy: str = ""
    mark: Mark | None = None


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What is checked: a landscape, what ships, the retailer's own documents, and the day it is checked for.

    `documents`: all that the landscape promises with. `rehearsal`: what the tests of its policies decided; None: they
    were not run.
    """

    landscape: Landscape
    documents: Documents
    shipped: Mapping[tuple[str, int], Contract]
    contracts: tuple[Contract, ...]
    today: date
    rehearsal: Rehearsal | None = None

    @cached_property
    def promised(self) -> dict[tuple[str, int], Contract]:
        """Every sound document by interface and version, the shipped ones with the retailer's own."""
        return dict(self.shipped) | {(each.api, each.version): each for each in self.contracts if each.sound}

    @cached_property
    def scopes(self) -> frozenset[str]:
        """Every scope that an operation asks for."""
        return frozenset(each.scope for one in self.promised.values() for each in one.operations if each.scope)

    def apis(self) -> Iterator[tuple[Path, Api]]:
        """Every interface that is declared, with its path."""
        for api in self.landscape.apis.values():
            yield ("apis", api.id), api

    def offered(self) -> Iterator[tuple[Path, Api]]:
        """Those of them that anybody may call: with a version that is neither blocked nor retired."""
        for path, api in self.apis():
            if any(version.lifecycle not in {"retired", "blocked"} for version in api.versions.values()):
                yield path, api


Check = Callable[[Subject], Iterable[Found]]
ContractCheck = Callable[[Contract, Subject], Iterable[Found]]
C = TypeVar("C")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """A house rule. `breaks` and `keeps` are fragments of YAML, merged over a landscape that keeps every rule."""

    id: str
    severity: Severity
    sentence: str
    why: str
    remedy: str
    breaks: str
    keeps: str
    check: Check
    fixable: bool = False


def rule(
    name: str, severity: Severity, *, sentence: str, why: str, remedy: str, breaks: str, keeps: str
) -> Callable[[Check], Rule]:
    """The rule whose check is the function below."""

    def made(check: Check) -> Rule:
        return Rule(
            id=name,
            severity=severity,
            sentence=sentence,
            why=why,
            remedy=remedy,
            breaks=breaks,
            keeps=keeps,
            check=check,
        )

    return made


def contract_rule(
    name: str, severity: Severity, *, sentence: str, why: str, remedy: str, breaks: str, keeps: str
) -> Callable[[ContractCheck], Rule]:
    """The rule whose check is the function below, asked of each document that can be read as OpenAPI."""

    def made(check: ContractCheck) -> Rule:
        def each(subject: Subject) -> Iterator[Found]:
            for contract in subject.contracts:
                if contract.sound:
                    for found in check(contract, subject):
                        yield Found((*contract.path, *found.path), found.text, found.remedy)

        return Rule(
            id=name,
            severity=severity,
            sentence=sentence,
            why=why,
            remedy=remedy,
            breaks=breaks,
            keeps=keeps,
            check=each,
        )

    return made
