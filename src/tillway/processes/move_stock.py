"""Counts and transfers: brought to the back office once, told, or left to a person who sees why not.

Both ask the far side first whether it was done already, under our name of it, so a step may be repeated freely.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple

from tillway.errors import Misconfigured
from tillway.journal import Event
from tillway.postgres import Database, Part
from tillway.processes.backoffice import BackOffices, call
from tillway.processes.definition import EXCEPTION, START, Beginning, Definition, On, Outcome, Step, Work
from tillway.records import claims, notices
from tillway.retail import Criticality, Stock, TransferPlaces

OWNER: Final = "store-operations"

# A count is of its day: what is not in the back office by then is counted again.
DEADLINE: Final = timedelta(hours=12)

ACTIONS: Final = ("retry", "drop")


def adjust_stock(db: Database, offices: BackOffices) -> Definition:
    """The flow of a count. `retry` asks again; `drop` lets the count go."""
    steps = _Counting(db, offices)
    return _definition("adjust-stock", "stock.counted", steps.apply, steps.drop, steps.tell)


def transfer_stock(db: Database, offices: BackOffices) -> Definition:
    """The flow of a transfer."""
    steps = _Moving(db, offices)
    return _definition("transfer-stock", "stock.transferred", steps.apply, steps.drop, steps.tell)


def _definition(name: str, starts_on: str, apply: Any, drop: Any, tell: Any) -> Definition:
    return Definition(
        name=name,
        version=1,
        starts_on=starts_on,
        owner=OWNER,
        deadline=DEADLINE,
        steps=(
            Step(state="applying", act=apply, tag="retriable"),
            Step(state="dropping", act=drop, tag="retriable"),
        ),
        table=(
            On(START, starts_on, "applying"),
            On("applying", "applied", "applied"),
            On(EXCEPTION, "retry", "applying"),
            On(EXCEPTION, "drop", "dropping"),
            On("dropping", "dropped", "dropped"),
        ),
        ends=frozenset({"applied", "dropped"}),
        begin=_begin,
        tell=tell,
    )


class _Counting:
    def __init__(self, db: Database, offices: BackOffices) -> None:
        self._db = db
        self._offices = offices

    async def apply(self, work: Work) -> Outcome:
        adjustment = (await notices.get_adjustment(self._db, work.subject)).adjustment
        place = _shelf(self._offices, adjustment.location)
        terms = call(work, place.company, criticality=Criticality.NORMAL)
        counted = await place.stock.count(terms, adjustment=adjustment, warehouse=place.warehouse)
        if not counted.done:
            detail = f"the back office holds {counted.held:f}, and {adjustment.expected:f} was expected"
            return Outcome(event="differs", detail=detail)
        return Outcome(
            event="applied",
            events=(notices.adjusted(adjustment, counted.held, work.cause),),
            parts=(notices.settle_adjustment(adjustment.id, "applied"),),
        )

    async def drop(self, work: Work) -> Outcome:
        return Outcome(event="dropped", parts=(notices.settle_adjustment(work.subject, "dropped"),))

    def tell(self, work: Work, code: str, detail: str) -> tuple[Sequence[Event], Sequence[Part]]:
        return (_exception("adjust-stock", work, code, detail),), (
            notices.settle_adjustment(work.subject, "exception"),
        )


class _Moving:
    def __init__(self, db: Database, offices: BackOffices) -> None:
        self._db = db
        self._offices = offices

    async def apply(self, work: Work) -> Outcome:
        transfer = (await notices.get_transfer(self._db, work.subject)).transfer
        left, reached = _shelf(self._offices, transfer.origin), _shelf(self._offices, transfer.destination)
        if (left.connection, left.company) != (reached.connection, reached.company):
            return Outcome(event="elsewhere", detail="the shops belong to two companies: transfer it there by hand")
        places = TransferPlaces(origin=left.warehouse, destination=reached.warehouse)
        await left.stock.transfer(call(work, left.company), transfer=transfer, places=places)
        parts = (notices.settle_transfer(transfer.id, "applied"), claims.committed(transfer.id))
        return Outcome(event="applied", parts=parts)

    async def drop(self, work: Work) -> Outcome:
        parts = (notices.settle_transfer(work.subject, "dropped"), claims.dropped(work.subject))
        return Outcome(event="dropped", parts=parts)

    def tell(self, work: Work, code: str, detail: str) -> tuple[Sequence[Event], Sequence[Part]]:
        return (_exception("transfer-stock", work, code, detail),), (
            notices.settle_transfer(work.subject, "exception"),
        )


class _Shelf(NamedTuple):
    """Where a shop's goods lie over there."""

    connection: str
    company: str
    warehouse: str
    stock: Stock


def _shelf(offices: BackOffices, shop: str) -> _Shelf:
    """The shelf that the shop's orders are served from."""
    place = offices.orders(shop, None)
    if place.stock is None or place.store.warehouse is None:
        raise Misconfigured(f"the stock of {shop} is kept nowhere", remedy="declare its warehouse in the landscape")
    return _Shelf(place.connection, place.store.company, place.store.warehouse, place.stock)


def _begin(_subject: str, _data: Mapping[str, Any]) -> Beginning:
    return Beginning(data={})


def _exception(process: str, work: Work, code: str, detail: str) -> Event:
    return work.cause.event(
        "stock.exception",
        subject=work.subject,
        data={"process": process, "code": code, "detail": detail, "owner": OWNER, "actions": list(ACTIONS)},
    )
