"""May this change be published? Boards, quorums, four eyes, freezes: pure, over the landscape in force.

The rules are those of the landscape in force, never those of the proposal: nobody lowers the bar in the change that is
to jump it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

import msgspec

from tillway.governance.change import Change, Evidence, Touched, Vote
from tillway.identity import time_box
from tillway.landscape import ApprovalRule, Board, Freeze, Governance, Landscape

# Four eyes: so many different people stand behind whatever is published, the proposer being one if they are a person.
PEOPLE_MIN: Final = 2

# The kind of change that all boards must agree to, however it is proposed.
GOVERNANCE: Final = "governance"


class BoardStanding(msgspec.Struct, frozen=True, kw_only=True):
    """How a board stands: who agreed for it, and how many more it needs."""

    board: str
    name: str
    quorum: int
    agreed: tuple[str, ...]
    missing: int


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a change stands. `people_missing` counts approvals of anybody; `obstacles` say in words why not yet."""

    boards: tuple[BoardStanding, ...]
    approved_by: tuple[str, ...]
    people_missing: int
    obstacles: tuple[str, ...]

    @property
    def approved(self) -> bool:
        """Whether everybody agreed who must."""
        return not self.people_missing and not any(each.missing for each in self.boards)

    @property
    def publishable(self) -> bool:
        """Whether it may be published now."""
        return not self.obstacles


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """What a decision looks at beside the change: the landscape in force and its hash, the time, overdue reviews."""

    landscape: Landscape
    base: str
    now: datetime
    overdue: tuple[str, ...] = ()


def standing(change: Change, at: Situation) -> Standing:
    """How the change stands now."""
    governance = at.landscape.governance
    votes = counted(change)
    boards = tuple(_board(each, votes) for each in required(governance, change))
    approved_by = tuple(sorted(vote.person for vote in votes))
    missing = max(0, PEOPLE_MIN - len({*approved_by, *_person(change)}), 0 if approved_by else 1)
    held = Standing(boards=boards, approved_by=approved_by, people_missing=missing, obstacles=())
    return msgspec.structs.replace(held, obstacles=tuple(_obstacles(change, at, held)))


def counted(change: Change) -> tuple[Vote, ...]:
    """The approvals that count: never the proposer's own, never of another content, one a person."""
    found: dict[str, Vote] = {}
    for vote in change.votes:
        if vote.decision == "approve" and vote.hash == change.hash and vote.person != change.proposer:
            found[vote.person] = vote
    return tuple(found.values())


def required(governance: Governance, change: Change) -> tuple[Board, ...]:
    """The boards that must agree: by the rules that match, by the short way, or all for the rules of governing."""
    boards = governance.boards
    if GOVERNANCE in change.evidence.kinds:
        return tuple(boards.values())
    if change.kind == "rollback":
        return ()
    if change.kind == "emergency":
        return tuple(boards[name] for name in governance.emergency.boards if name in boards)
    wanted = {name for rule in governance.approvals if matches(rule, change.evidence) for name in rule.boards}
    return tuple(board for name, board in boards.items() if name in wanted)


def matches(rule: ApprovalRule, evidence: Evidence) -> bool:
    """Whether one and the same thing that changes has the verdict, the criticality and the kind of the rule.

    What was too much to be listed counts by the worst that is known of all.
    """
    rest = _worst(evidence) if evidence.left_off else ()
    return any(
        each.verdict in rule.verdicts
        and each.criticality in rule.criticalities
        and (rule.kinds is None or each.kind in rule.kinds)
        for each in (*evidence.changes, *rest)
    )


def frozen(governance: Governance, now: datetime, timezone: str) -> Freeze | None:
    """The freeze that holds now, if any."""
    for freeze in governance.freezes:
        box = time_box(freeze.begins, freeze.ends, timezone)
        if (box.begins is None or box.begins <= now) and (box.ends is None or now < box.ends):
            return freeze
    return None


def may_vote(change: Change, person: str, kind: str) -> str | None:
    """Why somebody may not approve this change; None when they may."""
    if kind != "person":
        return "only people approve: sign in with your own name"
    if person == change.proposer:
        return "nobody approves what they proposed"
    return None


def may_review(change: Change, person: str, kind: str, roles: Iterable[str], governance: Governance) -> str | None:
    """Why somebody may not review an emergency afterwards; None when they may."""
    if kind != "person":
        return "only people review: sign in with your own name"
    if person == change.proposer:
        return "nobody reviews what they proposed"
    as_usual = required(governance, msgspec.structs.replace(change, kind="change"))
    if as_usual and not any(frozenset(board.roles) & frozenset(roles) for board in as_usual):
        return f"the review is for {', '.join(board.name for board in as_usual)}"
    return None


def boards_of(vote: Vote, boards: Mapping[str, Board]) -> tuple[str, ...]:
    """The boards that a vote counts for."""
    return tuple(name for name, board in boards.items() if frozenset(board.roles) & frozenset(vote.roles))


def _board(board: Board, votes: Iterable[Vote]) -> BoardStanding:
    agreed = tuple(sorted(vote.person for vote in votes if frozenset(vote.roles) & frozenset(board.roles)))
    missing = max(0, board.quorum - len(agreed))
    return BoardStanding(board=board.id, name=board.name, quorum=board.quorum, agreed=agreed, missing=missing)


def _person(change: Change) -> tuple[str, ...]:
    return (change.proposer,) if change.proposer_kind == "person" else ()


def _obstacles(change: Change, at: Situation, held: Standing) -> Iterable[str]:
    if change.state != "open":
        yield f"it is {change.state} already"
        return
    if change.base != at.base:
        yield "the landscape in force is not the one it was compared with any more: propose it anew"
    if change.kind != "rollback":
        yield from change.evidence.blockers
    for board in held.boards:
        if board.missing:
            yield f"{board.name} has {len(board.agreed)} of {board.quorum} approvals"
    if held.people_missing and not any(board.missing >= held.people_missing for board in held.boards):
        yield f"{held.people_missing} more of other people must approve it"
    if change.kind == "change":
        freeze = frozen(at.landscape.governance, at.now, at.landscape.organisation.timezone)
        if freeze is not None:
            yield f"nothing is published until {freeze.ends.isoformat()}: {freeze.reason}"
        for each in at.overdue:
            yield f"the after-review of the emergency {each} is overdue"


def _worst(evidence: Evidence) -> tuple[Touched, ...]:
    """What is not listed could be the worst of any kind that occurs."""
    verdict, criticality = evidence.verdict, evidence.criticality
    return tuple(
        Touched(path="", kind=kind, verdict=verdict, criticality=criticality, text="") for kind in evidence.kinds
    )
