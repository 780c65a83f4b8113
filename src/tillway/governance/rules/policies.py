"""House rules on policies: they decide as their tests expect, and each is tested. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tillway.governance.rules.rule import Found, Subject, rule

_TEST: Final = (
    "policies/tests/orders.yaml: {tests: [{name: the web shop orders, principal: webshop, action: placeOrder, expect: "
)
_POLICY: Final = (
    "policies/desk.cedar: |\n"
    '  @id("no-nights") forbid (principal == Machine::"desk", action == Action::"getPrice", resource)\n'
    "  when { context.hour < 6 };\n"
)


@rule(
    "policy-test-failed",
    "error",
    sentence="Policies decide as their tests expect.",
    why="A test says what somebody meant; when it fails, rights are other than what was reviewed.",
    remedy="correct the policy, or the test if what it expects is not meant any more",
    breaks=_TEST + "deny}]}",
    keeps=_TEST + "allow}]}",
)
def policy_test_failed(subject: Subject) -> Iterator[Found]:
    """Tests pass."""
    for each in subject.rehearsal.outcomes if subject.rehearsal is not None else ():
        if each.wrong:
            yield Found(("policies", "tests", each.case.name), each.wrong, mark=each.case.mark)


@rule(
    "policy-untested",
    "info",
    sentence="Every policy of the landscape decides a test.",
    why="A policy that no test decides by can be turned into its opposite without anybody seeing it.",
    remedy="add a test to policies/tests that it decides",
    breaks=_POLICY,
    keeps=_POLICY + "policies/tests/desk.yaml: {tests: [{name: the desk sleeps, principal: desk, action: getPrice,\n"
    "  context: {hour: 3}, expect: deny, by: [no-nights]}]}",
)
def policy_untested(subject: Subject) -> Iterator[Found]:
    """Own policies are tested."""
    for each in subject.rehearsal.untested if subject.rehearsal is not None else ():
        yield Found(("policies", each.id), "no test is decided by it", mark=each.mark)


RULES: Final = (policy_test_failed, policy_untested)
