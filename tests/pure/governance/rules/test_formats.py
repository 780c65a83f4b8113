"""What other tools read: SARIF that keeps its schema, Spectral's JSON, and our own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft4Validator
from tests.pure.governance.rules.examples import report

from tillway.governance.rules import RULES, formats
from tillway.landscape import Mark, Problem

# As the OASIS committee published it (2.1.0, rtm.5), to hold our logs against.
SARIF = Draft4Validator(json.loads((Path(__file__).parents[3] / "fixtures" / "sarif-2.1.0.json").read_text()))
BROKEN = (
    "apis: {orders: {owner: somebody}, prices: {owner: nobody}}\n"
    "contracts: {miles.v1.yaml: {paths: {/accounts: {get: {tags: null}}}}}\n"
    "governance: {waivers: [{rule: owner-unknown, path: apis.prices, reason: it moves, owner: platform, expires: 2027-03-01}]}"
)


def place(file: str) -> str:
    return f"landscape/{file}"


@pytest.fixture(scope="module")
def log():
    return formats.sarif(report(BROKEN), place, "1.2.3")


@pytest.mark.parametrize("fragment", ["", BROKEN])
def test_a_log_keeps_the_schema_of_sarif(fragment):
    assert [error.message for error in SARIF.iter_errors(formats.sarif(report(fragment), place, "1.2.3"))] == []


def test_a_wrong_log_breaks_the_schema(log):
    assert not SARIF.is_valid({**log, "version": "2.2"})


def test_a_result_names_rule_place_and_path(log):
    (run,) = log["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == list(RULES)
    found = {each["ruleId"]: each for each in run["results"] if "suppressions" not in each}
    assert set(found) == {"owner-unknown", "operation-tags"}
    tags = found["operation-tags"]
    assert run["tool"]["driver"]["rules"][tags["ruleIndex"]]["id"] == "operation-tags"
    (location,) = tags["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "landscape/contracts/miles.v1.yaml"
    assert location["physicalLocation"]["region"]["startLine"] > 1
    assert location["logicalLocations"] == [{"fullyQualifiedName": "contracts.miles.v1.yaml.paths./accounts.get"}]
    assert (tags["level"], found["owner-unknown"]["level"]) == ("warning", "error")


def test_what_is_waived_is_suppressed_with_its_reason(log):
    (one,) = [each for each in log["runs"][0]["results"] if "suppressions" in each]
    assert one["ruleId"] == "owner-unknown"
    assert one["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "it moves (platform, until 2027-03-01)"}
    ]


def test_a_finding_keeps_its_fingerprint_when_its_line_moves(log):
    moved = formats.sarif(report("customers: {}\n" + BROKEN), place, "1.2.3")
    prints = [[each["partialFingerprints"] for each in one["runs"][0]["results"]] for one in (log, moved)]
    assert prints[0] == prints[1]
    assert len({str(each) for each in prints[0]}) == 3


def test_spectrals_form_counts_lines_from_nothing():
    found = {each["code"]: each for each in formats.spectral(report(BROKEN), place)}
    tags = found["operation-tags"]
    assert tags.keys() == {"code", "path", "message", "severity", "range", "source"}
    assert (tags["severity"], found["owner-unknown"]["severity"]) == (1, 0)
    assert tags["path"] == ["contracts", "miles.v1.yaml", "paths", "/accounts", "get"]
    told = {each.rule: each for each in report(BROKEN).findings}
    assert tags["range"]["start"] == {"line": told["operation-tags"].mark.line - 1, "character": 0}
    assert tags["source"] == "landscape/contracts/miles.v1.yaml"


def test_our_own_form_tells_findings_and_waivers():
    told = formats.plain(report(BROKEN), place)
    assert [each["rule"] for each in told["findings"]] == ["owner-unknown", "operation-tags"]
    (one,) = told["waived"]
    assert (one["path"], one["owner"], one["expires"]) == ("apis.prices.owner", "platform", "2027-03-01")


def test_a_landscape_that_does_not_hold_together_is_told_in_every_form():
    found = formats.unsound([Problem(path=("shops",), text="is broken", remedy="mend it", mark=Mark("a.yaml", 3))])
    log = formats.sarif(found, place, "1.2.3")
    assert SARIF.is_valid(log)
    assert log["runs"][0]["results"][0]["ruleId"] == formats.UNSOUND
    assert formats.spectral(found, place)[0]["range"]["start"]["line"] == 2
    assert formats.plain(found, place)["findings"][0]["place"] == {"file": "landscape/a.yaml", "line": 3}
