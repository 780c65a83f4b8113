"""Who must agree before a change is published: properties over any boards, rules, votes and times."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pure.landscape.sample import sample

from tillway import clock, ids
from tillway.governance import Change, Evidence, Situation, Vote, may_review, may_vote, standing
from tillway.governance.change import PolicyTests, Rollback, Touched
from tillway.governance.deciding import PEOPLE_MIN
from tillway.landscape import ApprovalRule, Board, Emergency, Freeze, Governance

NOW = clock.now()
LAND = sample()
PEOPLE = ("person:ann", "person:bob", "person:cid", "person:dee")
ROLES = ("architect", "security", "retail")
KINDS = ("contract", "rights", "quota", "governance")
VERDICTS = ("same", "additive", "breaking")
CRITICALITIES = ("critical", "high", "normal", "low")
BASE, HASH = "a" * 64, "b" * 64


def evidence(*touched: Touched, blockers: tuple[str, ...] = (), left_off: int = 0) -> Evidence:
    return Evidence(
        verdict=max((each.verdict for each in touched), key=VERDICTS.index, default="same"),
        criticality=min((each.criticality for each in touched), key=CRITICALITIES.index, default="low"),
        kinds=tuple(sorted({each.kind for each in touched})),
        changes=touched,
        left_off=left_off,
        consumers=(),
        shops=(),
        promises=(),
        tests=PolicyTests(passed=0, failed=()),
        rules=None,
        rollback=Rollback(builds=True, restores=True, changes=len(touched)),
        blockers=blockers,
    )


def touched(kind="contract", verdict="additive", criticality="normal") -> Touched:
    return Touched(path="apis.orders", kind=kind, verdict=verdict, criticality=criticality, text="")


def change(*votes: Vote, **more) -> Change:
    return Change(
        **{
            "id": ids.new(),
            "kind": "change",
            "state": "open",
            "proposer": PEOPLE[0],
            "proposer_kind": "person",
            "reason": "",
            "base": BASE,
            "base_bundle": "",
            "hash": HASH,
            "bundle": "",
            "rolls_back_to": None,
            "evidence": evidence(touched()),
            "proposed_at": NOW,
            "votes": votes,
            **more,
        }
    )


def vote(person=PEOPLE[1], *roles: str, decision="approve", content=HASH) -> Vote:
    return Vote(person=person, roles=roles, decision=decision, hash=content, reason="", at=NOW)


def at(governance: Governance | None = None, *, base=BASE, overdue=()) -> Situation:
    land = LAND.model_copy(update={"governance": governance or Governance()})
    return Situation(landscape=land, base=base, now=NOW, overdue=overdue)


def governance(*approvals: ApprovalRule, **more) -> Governance:
    boards = {role: Board(id=role, name=role, roles=(role,), quorum=more.pop(role, 1)) for role in ROLES}
    return Governance(boards=boards, approvals=approvals, **more)


votes = st.builds(
    lambda person, roles, decision, content: vote(person, *roles, decision=decision, content=content),
    st.sampled_from(PEOPLE),
    st.lists(st.sampled_from(ROLES), max_size=3, unique=True),
    st.sampled_from(("approve", "reject")),
    st.sampled_from((HASH, BASE)),
)
things = st.builds(touched, st.sampled_from(KINDS), st.sampled_from(VERDICTS), st.sampled_from(CRITICALITIES))
rules = st.builds(
    lambda boards, verdicts, kinds: ApprovalRule(boards=boards, verdicts=verdicts, kinds=kinds or None),
    st.lists(st.sampled_from(ROLES), min_size=1, unique=True),
    st.lists(st.sampled_from(VERDICTS), min_size=1, unique=True),
    st.lists(st.sampled_from(KINDS), unique=True),
)
changes = st.builds(
    lambda given, found, kind, who: change(*given, evidence=evidence(*found), kind=kind, proposer_kind=who),
    st.lists(votes, max_size=8),
    st.lists(things, min_size=1, max_size=4),
    st.sampled_from(("change", "emergency", "rollback")),
    st.sampled_from(("person", "machine", "operator")),
)
governances = st.builds(
    lambda approvals, quorum, short: governance(*approvals, security=quorum, emergency=Emergency(boards=short)),
    st.lists(rules, max_size=4),
    st.integers(1, 3),
    st.lists(st.sampled_from(ROLES), max_size=2, unique=True),
)


@given(changes, governances)
def test_nothing_is_published_without_four_eyes_and_every_quorum(asked: Change, ruled: Governance) -> None:
    held = standing(asked, at(ruled))
    agreed = {
        each.person
        for each in asked.votes
        if each.decision == "approve" and each.hash == asked.hash and each.person != asked.proposer
    }
    assert set(held.approved_by) <= agreed
    if not held.publishable:
        assert held.obstacles
        return
    people = agreed | ({asked.proposer} if asked.proposer_kind == "person" else set())
    assert len(people) >= PEOPLE_MIN
    assert agreed
    for board in held.boards:
        found = {each for each in agreed if any(board.board in one.roles for one in asked.votes if one.person == each)}
        assert len(found) >= ruled.boards[board.board].quorum


@given(changes, governances, votes)
def test_what_the_proposer_says_and_what_is_said_of_something_else_changes_nothing(
    asked: Change, ruled: Governance, more: Vote
) -> None:
    own = msgspec.structs.replace(more, person=asked.proposer)
    other = msgspec.structs.replace(more, person="person:eve", hash="c" * 64)
    for added in (own, other):
        with_it = msgspec.structs.replace(asked, votes=(*asked.votes, added))
        assert standing(with_it, at(ruled)) == standing(asked, at(ruled))


@given(changes, governances)
def test_in_a_freeze_no_usual_change_is_published(asked: Change, ruled: Governance) -> None:
    frozen = ruled.model_copy(
        update={"freezes": (Freeze(begins=NOW - timedelta(days=1), ends=NOW + timedelta(days=1), reason="peak"),)}
    )
    if asked.kind == "change":
        assert not standing(asked, at(frozen)).publishable
    else:
        assert standing(asked, at(frozen)) == standing(asked, at(ruled))


@given(changes, governances)
def test_governing_needs_every_board_whatever_the_way(asked: Change, ruled: Governance) -> None:
    boards = {each.board for each in standing(asked, at(ruled)).boards}
    if "governance" in asked.evidence.kinds:
        assert boards == set(ROLES)
    elif asked.kind == "rollback":
        assert boards == set()


def test_a_rule_matches_one_and_the_same_thing() -> None:
    """A breaking quota and an additive contract are no breaking contract."""
    rule = ApprovalRule(boards=("security",), verdicts=("breaking",), kinds=("contract",))
    apart = change(evidence=evidence(touched("quota", "breaking"), touched("contract", "additive")))
    as_one = change(evidence=evidence(touched("contract", "breaking")))
    assert standing(apart, at(governance(rule))).boards == ()
    assert [each.board for each in standing(as_one, at(governance(rule))).boards] == ["security"]


def test_what_was_too_much_to_be_listed_counts_by_the_worst() -> None:
    rule = ApprovalRule(boards=("security",), verdicts=("breaking",), kinds=("contract",))
    more = change(evidence=evidence(touched("quota", "breaking"), touched("contract", "additive"), left_off=1))
    assert [each.board for each in standing(more, at(governance(rule))).boards] == ["security"]


def test_without_boards_one_other_person_suffices() -> None:
    assert standing(change(vote()), at()).publishable
    assert standing(change(), at()).people_missing == 1


@pytest.mark.parametrize("kind", ["machine", "operator"])
def test_what_no_person_proposed_needs_two(kind: str) -> None:
    asked = {"proposer": kind, "proposer_kind": kind}
    assert not standing(change(vote(), **asked), at()).publishable
    assert standing(change(vote(), vote(PEOPLE[2]), **asked), at()).publishable


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"base": HASH}, "propose it anew"),
        ({"overdue": ("e-1",)}, "after-review of the emergency e-1"),
    ],
)
def test_what_else_stands_in_the_way(more: dict, why: str) -> None:
    (obstacle,) = standing(change(vote()), at(**more)).obstacles
    assert why in obstacle


def test_blockers_stop_all_but_the_way_back() -> None:
    blocked = evidence(touched(verdict="breaking"), blockers=("it breaks web-shop",))
    for kind, stops in (("change", True), ("emergency", True), ("rollback", False)):
        assert standing(change(vote(), evidence=blocked, kind=kind), at()).publishable is not stops


def test_a_quorum_counts_each_person_once() -> None:
    ruled = governance(ApprovalRule(boards=("security",)), security=2)
    twice = change(vote(PEOPLE[1], "security"), vote(PEOPLE[1], "security"))
    two = change(vote(PEOPLE[1], "security"), vote(PEOPLE[2], "security"))
    assert (standing(twice, at(ruled)).publishable, standing(two, at(ruled)).publishable) == (False, True)


def test_who_may_vote_and_review() -> None:
    ruled = governance(ApprovalRule(boards=("security",)))
    urgent = change(kind="emergency")
    assert may_vote(urgent, PEOPLE[1], "person") is None
    assert may_vote(urgent, PEOPLE[0], "person") is not None
    assert may_vote(urgent, "operator", "operator") is not None
    assert may_review(urgent, PEOPLE[1], "person", ("security",), ruled) is None
    assert may_review(urgent, PEOPLE[1], "person", ("retail",), ruled) is not None
    assert may_review(urgent, PEOPLE[0], "person", ("security",), ruled) is not None
    assert may_review(urgent, "operator", "operator", ("security",), ruled) is not None
