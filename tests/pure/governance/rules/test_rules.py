"""Every rule by its own example: what breaks it breaks it alone, and what its remedy makes of it keeps them all."""

from __future__ import annotations

import pytest
from tests.pure.governance.rules.examples import report

from tillway.governance.rules import RULES, SEVERITIES

EACH = pytest.mark.parametrize("rule", RULES.values(), ids=list(RULES))


def told(found):
    return [f"{each.rule} {each.where}: {each.text}" for each in found.findings]


def test_the_landscape_that_examples_are_merged_over_keeps_every_rule():
    assert told(report()) == []


@EACH
def test_the_example_breaks_its_rule_and_no_other(rule):
    found = report(rule.breaks)
    assert {each.rule for each in found.findings} == {rule.id}, told(found)


@EACH
def test_what_the_remedy_makes_of_the_example_keeps_every_rule(rule):
    assert told(report(rule.keeps)) == []


@EACH
def test_a_finding_says_where_and_what_to_do(rule):
    found = report(rule.breaks).findings[0]
    assert found.mark is not None
    assert (found.mark.file.endswith((".yaml", ".cedar")), found.mark.line > 0) == (True, True)
    assert found.remedy
    assert found.where


@EACH
def test_a_rule_explains_itself(rule):
    assert rule.severity in SEVERITIES
    assert rule.sentence.endswith(".")
    assert rule.why.endswith(".")
    assert not rule.remedy.endswith(".")
