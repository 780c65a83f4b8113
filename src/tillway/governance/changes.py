"""Change requests as they are kept: proposed, voted on, ended, reviewed. Each write tells the journal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, get_args
from uuid import UUID

import msgspec

from tillway import journal
from tillway.errors import Conflict, NotFound
from tillway.governance.change import Change, Evidence, Outcome, Release, Review, State, Vote
from tillway.governance.statements import SQL
from tillway.identity import Act
from tillway.journal import Event
from tillway.postgres import Database, Tx

# Changes in one answer.
LISTED_MAX: Final = 50

# After-reviews that are owed at once: more would be no emergencies.
OWED_MAX: Final = 100

DECIDED: Final = "change.decided"
ACTIVATED: Final = "release.activated"

# A plan of its own for each state: of open ones there are few among many, of the others many.
OF_STATE: Final[Mapping[State, str]] = {
    state: SQL["changes_of_state"].replace("$3", f"'{state}'") for state in get_args(State)
}

_LAST: Final = UUID(int=(1 << 128) - 1)

_evidence = msgspec.json.Decoder(Evidence).decode


async def add(tx: Tx, change: Change, act: Act) -> None:
    """Keep a new request."""
    await tx.execute(
        SQL["add_change"],
        change.id,
        change.kind,
        change.proposer,
        change.proposer_kind,
        change.reason,
        change.base,
        change.base_bundle,
        change.hash,
        change.bundle,
        change.rolls_back_to,
        msgspec.json.encode(change.evidence).decode(),
        change.proposed_at,
    )
    tell(tx, change, "proposed", act)


async def change(db: Database | Tx, number: UUID) -> Change:
    """One request with its votes. NotFound when there is none."""
    row = await db.fetchrow(SQL["change"], number)
    return (await _read(db, _there(row)))[0]


async def locked(tx: Tx, number: UUID) -> Change:
    """One request that nobody else changes until this transaction ends. NotFound when there is none."""
    row = await tx.fetchrow(SQL["lock_change"], number)
    return (await _read(tx, _there(row)))[0]


async def changes(db: Database, *, state: State | None, before: UUID | None) -> tuple[Change, ...]:
    """Requests, newest first, at most LISTED_MAX, made before this one."""
    last = before or _LAST
    if state is None:
        return await _read(db, await db.fetch(SQL["changes"], last, LISTED_MAX))
    return await _read(db, await db.fetch(OF_STATE[state], last, LISTED_MAX))


async def owed(db: Database | Tx) -> tuple[Change, ...]:
    """Emergencies whose after-review was not made yet, the one due first first."""
    return await _read(db, await db.fetch(SQL["owed_reviews"], OWED_MAX))


async def overdue(db: Database | Tx, now: datetime) -> tuple[str, ...]:
    """Ids of emergencies whose after-review should have been made by now."""
    return tuple(str(each.id) for each in await owed(db) if each.review is not None and each.review.due <= now)


async def vote(tx: Tx, change: Change, vote: Vote, act: Act) -> None:
    """Keep a vote. A rejection ends the request; `change` was locked in this transaction."""
    _open(change)
    await tx.execute(
        SQL["vote"], change.id, vote.person, list(vote.roles), vote.decision, vote.hash, vote.reason, vote.at
    )
    if vote.decision == "reject":
        await tx.execute(SQL["end_change"], change.id, "rejected", vote.at, None, None)
    tell(tx, change, "approved" if vote.decision == "approve" else "rejected", act)


async def review(tx: Tx, change: Change, outcome: Outcome, act: Act) -> None:
    """Keep the after-review of an emergency. Conflict when none is owed."""
    if change.review is None or change.review.at is not None:
        raise Conflict("no after-review is owed of it")
    await tx.execute(SQL["review_change"], change.id, act.at, act.by, outcome, act.reason)
    tell(tx, change, "reviewed", act)


def tell(tx: Tx, change: Change, decision: str, act: Act) -> None:
    """Stage the `change.decided` of an act."""
    data = {"decision": decision, "kind": change.kind, "hash": change.hash, "verdict": change.evidence.verdict}
    tx.stage(journal.appending([_event(DECIDED, str(change.id), data, act)]))


def tell_activated(tx: Tx, change: Change, made: Release, act: Act) -> None:
    """Stage what tells that a release is in force, and that its change was published."""
    manifest = made.manifest
    data = {
        "release": manifest.number,
        "hash": manifest.hash,
        "parent": manifest.parent,
        "kind": manifest.kind,
        "change": str(change.id),
        "rolls_back_to": manifest.rolls_back_to,
    }
    tx.stage(journal.appending([_event(ACTIVATED, "landscape", data, act)]))


def _event(kind: str, subject: str, data: Mapping[str, Any], act: Act) -> Event:
    return Event(
        type=kind,
        subject=subject,
        data=dict(data),
        correlation=act.correlation,
        causation=act.causation,
        traceparent=act.traceparent,
        retention="long",
        time=act.at,
    )


def _open(change: Change) -> None:
    if change.state != "open":
        raise Conflict(f"it is {change.state} already")


def _there(row: Any) -> list[Any]:
    if row is None:
        raise NotFound("there is no such change")
    return [row]


async def _read(db: Database | Tx, rows: Sequence[Any]) -> tuple[Change, ...]:
    votes: dict[UUID, list[Vote]] = defaultdict(list)
    for row in await db.fetch(SQL["votes"], [row["id"] for row in rows]) if rows else ():
        fields = dict(row.items())
        votes[fields.pop("change")].append(Vote(**fields | {"roles": tuple(fields["roles"])}))
    return tuple(_change(row, votes[row["id"]]) for row in rows)


def _change(row: Any, votes: Sequence[Vote]) -> Change:
    review = None
    if row["review_due"] is not None:
        review = Review(
            due=row["review_due"],
            at=row["reviewed_at"],
            by=row["reviewer"],
            outcome=row["review_outcome"],
            note=row["review_note"],
        )
    kept = {name: row[name] for name in _COLUMNS}
    return Change(**kept, evidence=_evidence(row["evidence"]), review=review, votes=tuple(votes))


_COLUMNS: Final = (
    "id",
    "kind",
    "state",
    "proposer",
    "proposer_kind",
    "reason",
    "base",
    "base_bundle",
    "hash",
    "bundle",
    "rolls_back_to",
    "proposed_at",
    "ended_at",
    "release",
)
