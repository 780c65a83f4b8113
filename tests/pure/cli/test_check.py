"""`tillway check`: offline, over a landscape's directory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.pure.governance.rules.examples import DOCUMENT, HERE
from typer.testing import CliRunner

from tillway.app.drafted_policies import POLICIES, TESTS
from tillway.cli import app
from tillway.errors import Misconfigured

RENAMED = (
    TESTS.replace("principal: web-shop", "principal: webshop")
    .replace("price-desk", "desk")
    .replace("price.changed", "order.accepted")
)
TODAY = ("--today", "2026-11-23")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """The landscape that keeps every house rule, with its document and the demo's policies."""
    (tmp_path / "policies" / "tests").mkdir(parents=True)
    (tmp_path / "contracts").mkdir()
    (tmp_path / "all.yaml").write_text((HERE / "nordwind.yaml").read_text())
    (tmp_path / "contracts" / DOCUMENT).write_text((HERE / DOCUMENT).read_text())
    (tmp_path / "policies" / "support.cedar").write_text(POLICIES)
    (tmp_path / "policies" / "tests" / "support.yaml").write_text(RENAMED)
    return tmp_path


def checked(directory: Path, *options: str):
    return CliRunner().invoke(app, ["check", str(directory), *TODAY, *options])


def broken(directory: Path, old: str, new: str, file: str = "all.yaml") -> Path:
    text = (directory / file).read_text()
    assert old in text
    (directory / file).write_text(text.replace(old, new, 1))
    return directory


def test_the_demos_policies_decide_as_their_tests_expect(directory):
    found = checked(directory)
    assert found.exit_code == 0, found.output
    assert "6 tests of policies, 0 failed" in found.output
    assert "0 errors, 0 warnings, 0 hints, 0 waived" in found.output


def test_a_failed_test_and_an_untested_policy_are_told(directory):
    (directory / "policies" / "support.cedar").write_text(
        POLICIES
        + '@id("left-alone") forbid (principal, action == Action::"touch", resource) when { context.hour < 0 };\n'
    )
    (directory / "policies" / "tests" / "support.yaml").write_text(RENAMED.replace("expect: deny", "expect: allow", 1))
    found = checked(directory, "--json")
    assert found.exit_code == 1
    told = json.loads(found.output)
    (wrong,) = [each for each in told["tests"] if each["wrong"]]
    assert wrong["wrong"].startswith("expected allow, decided deny: support-only-looks forbids it")
    assert wrong["place"] == {"file": "policies/tests/support.yaml", "line": 7}
    assert (told["passed"], told["untested"][0]["id"]) == (False, "left-alone")
    assert [each["rule"] for each in told["findings"]] == ["policy-untested", "policy-test-failed"]
    plain = checked(directory)
    assert (plain.exit_code, "policies.left-alone: no test is decided by it" in plain.output) == (1, True)


def test_a_finding_is_told_with_its_file_and_line(directory):
    found = checked(broken(directory, "owner: sales-it\n    deputy", "owner: somebody\n    deputy"))
    assert found.exit_code == 1
    text = (directory / "all.yaml").read_text()
    line = text[: text.index("owner: somebody")].count("\n") + 1
    assert f"all.yaml:{line}: error apis.orders.owner: there is no team 'somebody' owner-unknown" in found.output
    assert "-> declare the team" in found.output


def test_a_warning_fails_only_when_asked_to(directory):
    broken(directory, "tags: [accounts]", "tags: [account]", f"contracts/{DOCUMENT}")
    assert checked(directory).exit_code == 0
    found = checked(directory, "--fail-on", "warning", "--json")
    assert found.exit_code == 1
    (told,) = json.loads(found.output)["findings"]
    text = (directory / "contracts" / DOCUMENT).read_text()
    line = text[: text.index("tags: [account]")].count("\n") + 1
    assert (told["rule"], told["place"]["line"]) == ("operation-tags", line)
    assert Path(told["place"]["file"]).resolve() == directory / "contracts" / DOCUMENT


def test_a_review_is_overdue_on_the_day_that_is_named(directory):
    found = CliRunner().invoke(app, ["check", str(directory), "--today", "2027-07-01", "--json"])
    assert {each["rule"] for each in json.loads(found.output)["findings"]} == {"review-overdue"}


def test_a_waived_finding_does_not_fail(directory):
    broken(directory, "owner: sales-it\n    deputy", "owner: somebody\n    deputy")
    waiver = (
        "  waivers: [{rule: owner-unknown, path: apis.orders, reason: it moves, owner: platform, expires: 2027-01-31}]"
    )
    broken(directory, "governance:\n", f"governance:\n{waiver}\n")
    found = checked(directory)
    assert found.exit_code == 0
    assert "waived until 2027-01-31: apis.orders.owner: owner-unknown, it moves (platform)" in found.output


@pytest.mark.parametrize("form", ["sarif", "spectral"])
def test_other_tools_are_told_in_their_form(directory, form):
    broken(directory, "owner: sales-it\n    deputy", "owner: somebody\n    deputy")
    found = checked(directory, "--format", form)
    assert found.exit_code == 1
    told = json.loads(found.output)
    if form == "sarif":
        assert [each["ruleId"] for each in told["runs"][0]["results"]] == ["owner-unknown"]
    else:
        assert [each["code"] for each in told] == ["owner-unknown"]


def test_a_landscape_that_does_not_hold_together_is_told(directory):
    (directory / "policies" / "support.cedar").write_text("nonsense")
    found = checked(directory)
    assert found.exit_code == 2
    assert "policies/support.cedar:1: not a Cedar policy" in found.output
    told = checked(directory, "--format", "spectral")
    assert told.exit_code == 2
    assert json.loads(told.output)[0]["code"] == "invalid-landscape"


def test_a_directory_that_is_not_there_cannot_be_read(tmp_path):
    found = checked(tmp_path / "nowhere", "--json")
    assert found.exit_code == 2
    assert "cannot be read" in found.output


def test_rules_are_listed_and_explained():
    listed = CliRunner().invoke(app, ["check", "--rules", "--json"])
    rules = {each["id"]: each for each in json.loads(listed.output)}
    assert len(rules) > 90
    explained = CliRunner().invoke(app, ["check", "--explain", "experience-calls-erp"])
    assert explained.exit_code == 0
    for text in (rules["experience-calls-erp"]["why"], "calls:\n    - erp", "to waive it"):
        assert text in explained.output


def test_a_rule_that_is_not_there_is_told_with_what_was_meant():
    found = CliRunner().invoke(app, ["check", "--explain", "owner-unknow"])
    assert isinstance(found.exception, Misconfigured)
    assert found.exception.remedy == "did you mean owner-unknown?"
