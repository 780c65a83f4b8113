"""What machines say of a change: whom it hits by what was declared and by what was seen, and what stops it."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from tests.contract.test_changes import addition, files, hidden_break

from tillway.governance import Accepted, Conformance, InForce, Observed, compared, evidence
from tillway.governance.change import Files, Node
from tillway.governance.drift import SETTLED_SECONDS, of_files, of_nodes

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TODAY = NOW.date()
SEEN = {"station-till": {"getCard": 12}, "integrator": {"getPrice": 9}}


def of(new: dict[str, str], accepted: tuple[Accepted, ...] = (), seen: dict | None = None):
    return evidence(compared(files(), new), Observed(seen=seen or {}), TODAY, accepted)


def test_who_was_seen_to_use_it_breaks_too() -> None:
    found = of(files(miles=hidden_break()), seen=SEEN)
    assert {each.consumer: (each.declared, each.calls) for each in found.consumers} == {
        "station-till": (False, 12),
        "web-shop": (True, 0),
    }
    assert found.shops == ("harbour", "station")


def test_each_of_them_is_accepted_by_name() -> None:
    accepted = (Accepted("web-shop", "it knows"),)
    (blocker,) = of(files(miles=hidden_break()), accepted, SEEN).blockers
    assert blocker.startswith("it breaks station-till of it (12 calls in 30 days)")


def test_what_is_added_hits_nobody() -> None:
    found = of(files(miles=addition()), seen=SEEN)
    assert (found.verdict, found.consumers, found.blockers) == ("additive", (), ())
    assert [each.budget_left for each in found.promises] == [None]


def test_contract_tests_that_came_along_are_kept_and_those_that_failed_stop_it() -> None:
    held = Conformance(
        kind="contract", provider="https://miles.example", document="miles.v1", sha256="a" * 64, at=NOW, passed=True
    )
    failed = msgspec.structs.replace(held, kind="pact", document="shop.json", passed=False, failures=("a card: 404",))
    new = compared(files(), files(miles=addition()))
    found = evidence(new, Observed(conformance=(held, failed)), TODAY)
    assert found.conformance == (held, failed)
    assert found.blockers == ("contract tests of shop.json failed at https://miles.example: a card: 404",)


def test_a_test_of_policies_that_fails_stops_it() -> None:
    wrong = {"name": "the web shop cancels", "principal": "web-shop", "action": "eraseSubject", "expect": "allow"}
    found = of({**files(miles=addition()), "policies/tests/more.yaml": json.dumps({"tests": [wrong]})})
    assert (found.tests.passed, len(found.tests.failed)) == (0, 1)
    assert any("the web shop cancels" in each for each in found.blockers)


def test_only_house_rules_that_were_kept_before_stop_it() -> None:
    assert of(files(miles=addition())).rules == of(files(miles=addition())).rules
    content = json.loads(files()["landscape.yaml"])
    content["governance"] = copy.deepcopy(content["governance"]) | {"approvals": []}
    found = of({**files(), "landscape.yaml": json.dumps(content)})
    assert any("breaking-without-board" in each for each in found.blockers)


def node(release: int | None = 2, error: str | None = None) -> Node:
    return Node(
        id=UUID(int=1),
        kind="door",
        host="h",
        pid=1,
        directory="/l",
        version="0",
        started_at=NOW - timedelta(days=1),
        beat_at=NOW,
        alive=True,
        release=release,
        hash="in force",
        error=error,
    )


def lying(found: str | None, error: str | None = None) -> Files:
    return Files(host="h", directory="/l", hash=found, error=error, since=NOW - timedelta(hours=3))


IN_FORCE = InForce(release=2, hash="in force", bundle="", activated_at=NOW - timedelta(hours=1))


def test_drift_of_files_has_the_age_of_whatever_came_later() -> None:
    (drift,) = of_files([lying("other")], [node()], IN_FORCE, NOW)
    assert (drift.found, drift.age_seconds) == ("other", 3600.0)
    (alone,) = of_files([lying(None, "not YAML")], [node(None)], None, NOW)
    assert (alone.detail, alone.age_seconds) == ("not YAML", 3 * 3600.0)
    assert list(of_files([lying("in force")], [node()], IN_FORCE, NOW)) == []
    assert list(of_files([lying("other")], [], IN_FORCE, NOW)) == []


@pytest.mark.parametrize(("release", "found"), [(1, "1"), (None, "files")])
def test_a_node_that_does_not_run_the_release_is_drift(release: int | None, found: str) -> None:
    (drift,) = of_nodes([node(release, "it cannot")], IN_FORCE, NOW)
    assert (drift.expected, drift.found, drift.detail, drift.age_seconds) == ("2", found, "it cannot", 3600.0)
    assert list(of_nodes([node()], IN_FORCE, NOW)) == []
    just = InForce(release=3, hash="", bundle="", activated_at=NOW - timedelta(seconds=SETTLED_SECONDS / 2))
    assert list(of_nodes([node()], just, NOW)) == []
