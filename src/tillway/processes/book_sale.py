"""Book a sale: have a printed receipt in the back office once, in its till's open session.

Booking is idempotent over there by the sale's id, so an unknown outcome is looked up and, if nothing is found, booked
again with the same id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from tillway.errors import TryAgain
from tillway.journal import Event
from tillway.postgres import Database, Part
from tillway.processes.backoffice import BackOffices, call
from tillway.processes.definition import EXCEPTION, START, UNKNOWN, Beginning, Definition, On, Outcome, Step, Work
from tillway.records import BACK_OFFICE, claims, links, sales
from tillway.retail import BackOfficeSale, Sale

OWNER: Final = "store-operations"

# A day's takings are closed in the night; what is not booked by then must be known to somebody.
DEADLINE: Final = timedelta(hours=12)

TABLE: Final = (
    On(START, "sale.recorded", "opening"),
    On("opening", "open", "booking"),
    On("opening", UNKNOWN, "opening"),
    On("booking", "booked", "booked"),
    On("booking", UNKNOWN, "looking-up"),
    On("looking-up", "booked", "booked"),
    On("looking-up", "absent", "opening"),
    On(EXCEPTION, "retry", "looking-up"),
)


def book_sale(db: Database, offices: BackOffices) -> Definition:
    """The flow, bound to where it reads sales and whom it asks."""
    steps = _Steps(db, offices)
    return Definition(
        name="book-sale",
        version=1,
        starts_on="sale.recorded",
        owner=OWNER,
        deadline=DEADLINE,
        steps=(
            Step(state="opening", act=steps.open, tag="retriable"),
            # A printed sale is a fact: booking it is the point of no return, there is nothing to compensate.
            Step(state="booking", act=steps.book, tag="pivot"),
            Step(state="looking-up", act=steps.look_up, tag="retriable"),
        ),
        table=TABLE,
        ends=frozenset({"booked"}),
        begin=_begin,
        tell=_tell,
    )


class _Steps:
    def __init__(self, db: Database, offices: BackOffices) -> None:
        self._db = db
        self._offices = offices

    async def open(self, work: Work) -> Outcome:
        sale = await sales.read(self._db, work.subject)
        # Over there a refund names the line that it takes back: that has to be there first, and not in the same call.
        if waiting := await sales.on_their_way(self._db, sales.taken_back_by(sale)):
            raise TryAgain(f"what this takes back is not booked yet: sale {waiting[0]}")
        place = self._offices.sales(work.data["till"])
        session = await place.sessions.ensure_open(call(work, place.company), place.till)
        return Outcome(event="open", data={"session": session})

    async def book(self, work: Work) -> Outcome:
        sale = await sales.read(self._db, work.subject)
        place = self._offices.sales(sale.till)
        held = await place.sessions.book(call(work, place.company), sale, work.data["session"])
        return _booked(work, sale, place.connection, held)

    async def look_up(self, work: Work) -> Outcome:
        sale = await sales.read(self._db, work.subject)
        place = self._offices.sales(sale.till)
        held = await place.sessions.find_sale(call(work, place.company), sale.id)
        return Outcome(event="absent") if held is None else _booked(work, sale, place.connection, held)


def _booked(work: Work, sale: Sale, connection: str, held: BackOfficeSale) -> Outcome:
    why = difference(sale, held)
    if why:
        return Outcome(event="differs", detail=why)
    cause = work.cause
    return Outcome(
        event="booked",
        data={"session": held.session},
        events=(sales.booked(sale, connection=connection, foreign=held.foreign_id, name=held.name, cause=cause),),
        parts=(
            sales.settle(sale.id, "booked"),
            claims.committed(sale.id),
            links.linking("sale", sale.id, connection, held.foreign_id, held.name),
        ),
    )


def difference(sale: Sale, held: BackOfficeSale) -> str:
    """What the back office holds otherwise than the receipt says; empty when they agree. Pure.

    Odoo ignores a changed resend without a word, so agreement is never assumed.
    """
    if held.gross != sale.gross:
        return f"the back office holds a total of {held.gross}, the receipt says {sale.gross} {sale.currency}"
    if held.line_count != len(sale.lines):
        return f"the back office holds {held.line_count} lines, the receipt has {len(sale.lines)}"
    return ""


def _begin(subject: str, data: Mapping[str, Any]) -> Beginning | None:
    if data.get("origin") == BACK_OFFICE:
        return None  # it is there already: made or sold over there
    del subject
    return Beginning(data={"till": data["till"]}, money_at_risk=Decimal(data["gross"]), currency=data["currency"])


def _tell(work: Work, code: str, detail: str) -> tuple[Sequence[Event], Sequence[Part]]:
    event = work.cause.event(
        "sale.exception",
        subject=work.subject,
        data={"process": "book-sale", "code": code, "detail": detail, "owner": OWNER, "actions": ["retry"]},
    )
    return (event,), (sales.settle(work.subject, "exception"),)
