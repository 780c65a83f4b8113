"""Bring points: from taken here to done once in the back office, whose balance is set absolutely and has no key.

One movement of a card at a time. What was not answered is first made unable to happen and looked up by our reference.
What somebody else changed in the same moment and we overwrote is an exception: it can be given back, by its amount.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from tillway import clock
from tillway.errors import Conflict, NotFound, TryAgain
from tillway.journal import Event
from tillway.postgres import Database, Part
from tillway.processes.backoffice import call
from tillway.processes.definition import (
    EXCEPTION,
    REFUSED,
    START,
    UNANSWERED,
    UNKNOWN,
    Beginning,
    Definition,
    On,
    Outcome,
    Step,
    Work,
)
from tillway.records import loyalty
from tillway.retail import Bringing, Brought, Loyalty, Movement, Offices

OWNER: Final = "retail-operations"

# Points that are not in the back office by then need a person; they count here all the while.
DEADLINE: Final = timedelta(hours=4)

# How soon a movement looks again whether its card is free: the one before takes five calls, a quarter of a second.
TURN: Final = tuple(timedelta(seconds=seconds) for seconds in (0.1, 0.2, 0.2, 0.3, 0.3, 0.5, 0.5, 0.5, 1, 2, 5))

# Member of an instance's data: by how much it overwrote what somebody else did.
OVERWROTE: Final = "overwrote"

# What their people read in the history of a card.
TEXTS: Final = {"earn": "Points earned", "redeem": "Points spent", "reverse": "Taken back"}

TABLE: Final = (
    On(START, "loyalty.moved", "queueing"),
    On("queueing", "turn", "bringing"),
    On("bringing", "brought", "confirmed"),
    On("bringing", UNKNOWN, "finding-out"),
    On("finding-out", "brought", "confirmed"),
    On("finding-out", UNKNOWN, "finding-out"),
    On(EXCEPTION, "retry", "finding-out"),
    On(EXCEPTION, "restore", "restoring"),
    On("restoring", "brought", "confirmed"),
    On("restoring", UNKNOWN, "restoring"),
    On(EXCEPTION, "cancel", "cancelling"),
    On("cancelling", "absent", "cancelled"),
    On("cancelling", "brought", "confirmed"),
    On("cancelling", UNKNOWN, "cancelling"),
)


def bring_points(db: Database, offices: Offices) -> Definition:
    """The flow, bound to where it reads movements and whom it asks."""
    steps = _Steps(db, offices)
    return Definition(
        name="bring-points",
        version=1,
        starts_on="loyalty.moved",
        owner=OWNER,
        deadline=DEADLINE,
        steps=(
            Step(state="queueing", act=steps.queue, tag="retriable", retry=TURN),
            Step(state="bringing", act=steps.bring, tag="compensatable", compensation="cancelling"),
            Step(state="finding-out", act=steps.find_out, tag="retriable"),
            Step(state="restoring", act=steps.restore, tag="retriable"),
            Step(state="cancelling", act=steps.cancel, tag="retriable"),
        ),
        table=TABLE,
        ends=frozenset({"confirmed", "cancelled"}),
        begin=_begin,
        tell=_tell,
    )


class _Steps:
    def __init__(self, db: Database, offices: Offices) -> None:
        self._db = db
        self._offices = offices

    async def queue(self, work: Work) -> Outcome:
        if not await loyalty.take(self._db, work.subject):
            raise TryAgain("another movement of this card comes first")
        return Outcome(event="turn")

    async def bring(self, work: Work) -> Outcome:
        return await self._brought(work, again=False)

    async def find_out(self, work: Work) -> Outcome:
        await self._take_again(work)
        return await self._brought(work, again=True)

    async def restore(self, work: Work) -> Outcome:
        await self._take_again(work)
        movement, held, there = await self._there(work)
        brought = await there.restore(call(work, held.company), _bringing(movement, held))
        return _settled(work, movement, held, brought, event="brought")

    async def cancel(self, work: Work) -> Outcome:
        await self._take_again(work)
        movement, held, there = await self._there(work)
        found = await there.settle(call(work, held.company), _bringing(movement, held))
        if found.moved:
            return _confirmed(work, movement, held, found)
        return _settled(work, movement, held, found, event="absent")

    async def _brought(self, work: Work, *, again: bool) -> Outcome:
        movement, held, there = await self._there(work)
        try:
            found = await there.bring(call(work, held.company), _bringing(movement, held), again=again)
        except (Conflict, NotFound) as error:
            # It was not done, and nothing of it can happen any more: the card is free for others.
            freed = loyalty.put_down(movement.id, movement.card)
            return Outcome(event="short", detail=error.detail, parts=(freed,))
        return _confirmed(work, movement, held, found)

    async def _take_again(self, work: Work) -> None:
        """After an exception the card may have gone to others; out of turn, for those behind wait for nobody."""
        if not await loyalty.take(self._db, work.subject, in_order=False):
            raise TryAgain("another movement of this card is on its way")

    async def _there(self, work: Work) -> tuple[Movement, loyalty.Held, Loyalty]:
        movement = await loyalty.movement(self._db, work.subject)
        held = await loyalty.get(self._db, movement.card)
        return movement, held, self._offices.of(held.connection).loyalty


def _confirmed(work: Work, movement: Movement, held: loyalty.Held, found: Brought) -> Outcome:
    """It is there. What it overwrote is for a person to give back or to leave."""
    lost = movement.points - found.moved
    if lost and OVERWROTE not in work.data:
        return _settled(work, movement, held, found, event=OVERWROTE, lost=str(lost))
    return _settled(work, movement, held, found, event="brought")


def _settled(
    work: Work, movement: Movement, held: loyalty.Held, found: Brought, *, event: str, lost: str = ""
) -> Outcome:
    now = loyalty.settled(
        movement,
        held,
        status="cancelled" if event == "absent" else "confirmed",
        balance=found.balance,
        at=clock.now(),
        cause=work.cause,
    )
    return Outcome(
        event=event,
        events=now.events,
        parts=now.parts,
        data={OVERWROTE: lost} if lost else {},
        detail=f"a change of this card by {lost}, made there in the same moment, was overwritten" if lost else "",
    )


def _bringing(movement: Movement, held: loyalty.Held) -> Bringing:
    text = movement.reason or TEXTS.get(movement.kind, movement.kind)
    named = f"{text}, {movement.reference}" if movement.reference else text
    return Bringing(card=held.foreign_id, reference=movement.id, points=movement.points, text=named)


def _begin(_subject: str, data: Mapping[str, Any]) -> Beginning:
    return Beginning(data={"card": data["card"]})


def _tell(work: Work, code: str, detail: str) -> tuple[Sequence[Event], Sequence[Part]]:
    event = work.cause.event(
        "loyalty.exception",
        subject=work.subject,
        partitionkey=work.data["card"],
        data={
            "process": "bring-points",
            "code": code,
            "detail": detail,
            "owner": OWNER,
            "actions": ["retry", "restore"] if code == OVERWROTE else ["retry", "cancel"],
        },
    )
    if code == OVERWROTE:
        return (event,), ()
    # Refused at once and never unanswered: nothing of it is on its way. Otherwise the card waits with it.
    undone = code == REFUSED and UNANSWERED not in work.data
    return (event,), loyalty.stopped(work.subject, work.data["card"], known_undone=undone)
