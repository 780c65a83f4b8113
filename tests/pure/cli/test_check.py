"""`tillway check`: offline, over a landscape's directory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.pure.identity.who import YAML
from typer.testing import CliRunner

from tillway.app.drafted_policies import POLICIES, TESTS
from tillway.cli import app
from tillway.errors import Misconfigured

RENAMED = TESTS.replace("principal: web-shop", "principal: webshop").replace("price-desk", "till")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "policies" / "tests").mkdir(parents=True)
    (tmp_path / "all.yaml").write_text(YAML.replace('event_types: "*"', 'event_types: "*", data_classes: [personal]'))
    (tmp_path / "policies" / "support.cedar").write_text(POLICIES)
    (tmp_path / "policies" / "tests" / "support.yaml").write_text(RENAMED)
    return tmp_path


def checked(directory: Path, *options: str):
    return CliRunner().invoke(app, ["check", str(directory), *options])


def test_the_demos_policies_decide_as_their_tests_expect(directory):
    found = checked(directory)
    assert found.exit_code == 0, found.output
    assert "6 tests of policies, 0 failed" in found.output
    assert "no test decided by" not in found.output


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
    plain = checked(directory)
    assert (plain.exit_code, "no test decided by left-alone" in plain.output) == (1, True)


def test_a_landscape_that_does_not_hold_together_is_told(directory):
    (directory / "policies" / "support.cedar").write_text("nonsense")
    found = checked(directory)
    assert isinstance(found.exception, Misconfigured)
    assert "policies/support.cedar:1: not a Cedar policy" in found.exception.detail
