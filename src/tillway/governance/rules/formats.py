"""A report as other tools read it: SARIF 2.1.0 for code scanning, Spectral's JSON, and our own. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import Any, Final

from tillway.governance.rules.registry import RULES, Finding, Report, Waived
from tillway.governance.rules.rule import Rule, Severity
from tillway.landscape import Mark, Problem, dotted

Place = Callable[[str], str]
"""The path of a landscape's file as whoever reads the report finds it."""

UNSOUND: Final = "invalid-landscape"
"""What a finding is called that keeps a landscape from being read; it is no rule, and nothing waives it."""

SARIF_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"

_LEVELS: Final[Mapping[Severity, str]] = {"error": "error", "warning": "warning", "info": "note"}
# Spectral counts from 0 for an error; 2 is what it calls information.
_SPECTRAL: Final[Mapping[Severity, int]] = {"error": 0, "warning": 1, "info": 2}


def unsound(problems: Iterable[Problem]) -> Report:
    """What is wrong with a landscape that does not hold together, as findings."""
    return Report(
        tuple(
            Finding(
                rule=UNSOUND,
                severity="error",
                path=each.path,
                text=each.text,
                remedy=each.remedy,
                mark=each.mark,
            )
            for each in problems
        )
    )


def plain(report: Report, place: Place) -> dict[str, Any]:
    """Findings and waivers in our own words."""
    return {
        "findings": [_plain(each, place) for each in report.findings],
        "waived": [
            _plain(each.finding, place)
            | {"reason": each.waiver.reason, "owner": each.waiver.owner, "expires": each.waiver.expires.isoformat()}
            for each in report.waived
        ],
    }


def _plain(finding: Finding, place: Place) -> dict[str, Any]:
    mark = None if finding.mark is None else asdict(Mark(place(finding.mark.file), finding.mark.line))
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "path": finding.where,
        "text": finding.text,
        "remedy": finding.remedy,
        "place": mark,
    }


def spectral(report: Report, place: Place) -> list[dict[str, Any]]:
    """As Spectral's JSON formatter writes it; lines and characters count from 0."""
    told = []
    for each in report.findings:
        mark = each.mark or Mark("", 1)
        spot = {"line": mark.line - 1, "character": 0}
        told.append(
            {
                "code": each.rule,
                "path": [str(step) for step in each.path],
                "message": f"{each.text} ({each.remedy})" if each.remedy else each.text,
                "severity": _SPECTRAL[each.severity],
                "range": {"start": spot, "end": spot},
                "source": place(mark.file),
            }
        )
    return told


def sarif(report: Report, place: Place, version: str) -> dict[str, Any]:
    """A SARIF 2.1.0 log with one run; what is waived is there too, suppressed with its reason."""
    results = [_result(each, place) for each in report.findings]
    results += [_result(each.finding, place) | {"suppressions": [_suppression(each)]} for each in report.waived]
    driver = {"name": "tillway check", "version": version, "rules": [_rule(each) for each in RULES.values()]}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.sentence},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"{rule.remedy}\n\n{rule.breaks}"},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(finding: Finding, place: Place) -> dict[str, Any]:
    location: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": finding.where or UNSOUND}]}
    if finding.mark is not None:
        location["physicalLocation"] = {
            "artifactLocation": {"uri": place(finding.mark.file)},
            "region": {"startLine": finding.mark.line},
        }
    result = {
        "ruleId": finding.rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.text}. {finding.remedy}" if finding.remedy else finding.text},
        "locations": [location],
        # Lines move; what is meant stays: the rule at its path.
        "partialFingerprints": {"ruleAndPath/v1": _fingerprint(finding)},
    }
    index = list(RULES).index(finding.rule) if finding.rule in RULES else None
    return result if index is None else {**result, "ruleIndex": index}


def _fingerprint(finding: Finding) -> str:
    return hashlib.sha256(f"{finding.rule}\x1f{dotted(finding.path)}".encode()).hexdigest()[:32]


def _suppression(waived: Waived) -> dict[str, Any]:
    told = f"{waived.waiver.reason} ({waived.waiver.owner}, until {waived.waiver.expires.isoformat()})"
    return {"kind": "external", "status": "accepted", "justification": told}
