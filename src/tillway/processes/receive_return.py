"""Receive a return: have the goods of an order back in the back office's stock, once; damaged ones where nobody can
sell them.

Goods of a till's sale come back into stock with its refund, which the back office does in one: nothing is done here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from tillway import clock
from tillway.errors import Invalid, TryAgain
from tillway.journal import Event
from tillway.postgres import Database, Part
from tillway.processes.backoffice import call
from tillway.processes.definition import EXCEPTION, START, UNKNOWN, Beginning, Definition, On, Outcome, Step, Work
from tillway.processes.place_order import under_way
from tillway.records import links, returns
from tillway.retail import BackOfficeLine, GoodsBack, Office, Offices, Return

OWNER: Final = "retail-operations"

# Stock that is on the shelf and not in the books can't be sold.
DEADLINE: Final = timedelta(hours=12)

TABLE: Final = (
    On(START, "return.received", "looking-up"),
    On("looking-up", "with-the-refund", "received"),
    On("looking-up", "absent", "taking-back"),
    On("looking-up", "draft", "finishing"),
    On("looking-up", "confirmed", "received"),
    On("taking-back", "draft", "finishing"),
    On("taking-back", "confirmed", "received"),
    On("taking-back", UNKNOWN, "looking-up"),
    On("finishing", "confirmed", "received"),
    On("finishing", UNKNOWN, "looking-up"),
    On(EXCEPTION, "retry", "looking-up"),
    On(EXCEPTION, "leave", "leaving"),
    On("leaving", "confirmed", "received"),
)


def receive_return(db: Database, offices: Offices) -> Definition:
    """The flow, bound to where it reads returns and whom it asks."""
    steps = _Steps(db, offices)
    return Definition(
        name="receive-return",
        version=1,
        starts_on="return.received",
        owner=OWNER,
        deadline=DEADLINE,
        steps=(
            Step(state="looking-up", act=steps.look_up, tag="retriable"),
            Step(state="taking-back", act=steps.take_back, tag="pivot"),
            Step(state="finishing", act=steps.finish, tag="retriable"),
            Step(state="leaving", act=steps.leave, tag="retriable"),
        ),
        table=TABLE,
        ends=frozenset({"received"}),
        begin=begin,
        tell=tell("receive-return", OWNER, ("retry", "leave")),
    )


class _Steps:
    def __init__(self, db: Database, offices: Offices) -> None:
        self._db = db
        self._offices = offices

    async def look_up(self, work: Work) -> Outcome:
        of = await returns.get(self._db, work.subject)
        if of.sold_as == "sale":
            return Outcome(event="with-the-refund")
        office, order = await self._order(of)
        terms = call(work, office.company)
        held = await office.taking_back.find(terms, order, of.id, of.authorised_at)
        if held is not None:
            return _found(of, office, held)
        if waiting := under_way(work.data, clock.now()):
            raise TryAgain(waiting)
        return Outcome(event="absent")

    async def take_back(self, work: Work) -> Outcome:
        of = await returns.get(self._db, work.subject)
        office, order = await self._order(of)
        goods = tuple(BackOfficeLine(sku=line.sku, quantity=line.received) for line in of.lines if line.received)
        return _found(of, office, await office.taking_back.take_back(call(work, office.company), order, of.id, goods))

    async def finish(self, work: Work) -> Outcome:
        of = await returns.get(self._db, work.subject)
        office = self._offices.at(of.shop)
        damaged = tuple(
            BackOfficeLine(sku=line.sku, quantity=line.received)
            for line in of.lines
            if line.received and line.condition == "damaged"
        )
        terms = call(work, office.company)
        return _found(of, office, await office.taking_back.finish(terms, work.data["goods"], damaged))

    async def leave(self, work: Work) -> Outcome:
        """A person has put them into stock there by hand."""
        del work
        return Outcome(event="confirmed")

    async def _order(self, of: Return) -> tuple[Office, str]:
        office = self._offices.at(of.shop)
        link = await links.find(self._db, "order", of.sold, office.connection)
        if link is None:
            raise Invalid("the back office does not have the order")
        return office, link.theirs


def _found(of: Return, office: Office, held: GoodsBack) -> Outcome:
    parts = (links.linking("goods-back", of.id, office.connection, held.foreign_id, held.name),)
    return Outcome(event=held.state, data={"goods": held.foreign_id}, parts=parts)


def begin(subject: str, data: Mapping[str, Any]) -> Beginning:
    """What a flow of a return starts with."""
    del subject
    return Beginning(data={"sold": data["sold"]}, money_at_risk=Decimal(data["gross"]), currency=data["currency"])


def tell(process: str, owner: str, actions: Sequence[str]) -> Any:
    """What is announced when a flow of a return becomes an exception."""

    def told(work: Work, code: str, detail: str) -> tuple[Sequence[Event], Sequence[Part]]:
        event = work.cause.event(
            "return.exception",
            subject=work.subject,
            data={
                "process": process,
                "code": code,
                "detail": detail,
                "owner": owner,
                "actions": list(actions),
                "sold": work.data["sold"],
            },
        )
        return (event,), (returns.settle(work.subject, "exception"),) if process == "credit-return" else ()

    return told
