"""Credit a return: a posted credit note for an order, a refund at the till for a sale, of only what came back, once.

A credit note is made of the whole invoice, cut down to what came back and posted: three calls, of which only the
first can't be repeated. It carries our id, by which a lost answer is looked up. A refund's id is made of the return's,
so that sending it again is harmless.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

import msgspec

from tillway import clock
from tillway.errors import Invalid, TryAgain
from tillway.postgres import Database
from tillway.processes.backoffice import call
from tillway.processes.definition import EXCEPTION, START, UNKNOWN, Definition, On, Outcome, Step, Work
from tillway.processes.place_order import under_way
from tillway.processes.receive_return import begin, tell
from tillway.records import links, returns, sales
from tillway.retail import (
    BackOfficeInvoice,
    BackOfficeSale,
    Office,
    Offices,
    RefundOf,
    Return,
    Sale,
    SaleLine,
    Tender,
    Till,
    minor_units,
    sale_id,
)

OWNER: Final = "finance-operations"

# A customer was told that the money is on its way.
DEADLINE: Final = timedelta(days=2)

# The first refund of a return, and the only one: it is the number in the count of a till that exists for it alone.
REFUND_NUMBER: Final = 1

TABLE: Final = (
    On(START, "return.credit-requested", "looking-up"),
    On("looking-up", "to-credit", "crediting"),
    On("looking-up", "to-refund", "opening"),
    On("looking-up", "draft", "trimming"),
    On("looking-up", "confirmed", "reading-back"),
    On("crediting", "done", "finding"),
    On("crediting", UNKNOWN, "looking-up"),
    On("finding", "draft", "trimming"),
    On("finding", "confirmed", "reading-back"),
    On("trimming", "done", "reading-back"),
    On("trimming", UNKNOWN, "looking-up"),
    On("opening", "open", "refunding"),
    On("opening", UNKNOWN, "opening"),
    On("refunding", "done", "reading-back"),
    On("refunding", UNKNOWN, "looking-up"),
    On("reading-back", "credited", "credited"),
    On(EXCEPTION, "retry", "looking-up"),
)


def credit_return(db: Database, offices: Offices) -> Definition:
    """The flow, bound to where it reads returns and whom it asks."""
    steps = _Steps(db, offices)
    return Definition(
        name="credit-return",
        version=1,
        starts_on="return.credit-requested",
        owner=OWNER,
        deadline=DEADLINE,
        steps=(
            Step(state="looking-up", act=steps.look_up, tag="retriable"),
            Step(state="crediting", act=steps.credit, tag="pivot"),
            Step(state="finding", act=steps.find, tag="retriable"),
            Step(state="trimming", act=steps.trim, tag="pivot"),
            Step(state="opening", act=steps.open, tag="retriable"),
            Step(state="refunding", act=steps.refund, tag="pivot"),
            Step(state="reading-back", act=steps.read_back, tag="retriable"),
        ),
        table=TABLE,
        ends=frozenset({"credited"}),
        begin=begin,
        tell=tell("credit-return", OWNER, ("retry",)),
    )


def refund_of(of: Return, sale: Sale, *, at: datetime) -> Sale:
    """The till's refund that pays this return back: the sale's lines turned round, with what was really paid. Pure."""
    sold = {line.number: line for line in sale.lines}
    lines = tuple(
        SaleLine(
            number=line.line,
            sku=line.sku,
            quantity=-line.received,
            unit_price=sold[line.line].unit_price,
            discount=sold[line.line].discount,
            tax_rate=sold[line.line].tax_rate,
            tax_included=sold[line.line].tax_included,
            net=-line.net,
            tax=-line.tax,
            gross=-line.gross,
            refund_of=RefundOf(till=sale.till, epoch=sale.epoch, sequence=sale.sequence, line=line.line),
        )
        for line in of.lines
        if line.received
    )
    return Sale(
        id=sale_id(sale.till, of.id, REFUND_NUMBER),
        till=sale.till,
        epoch=of.id,
        sequence=REFUND_NUMBER,
        shop=sale.shop,
        business_day=at.date(),
        sold_at=at,
        currency=sale.currency,
        lines=lines,
        tenders=(Tender(kind=of.tender or "card", amount=-of.gross),),
        net=sum((line.net for line in lines), Decimal(0)),
        tax=sum((line.tax for line in lines), Decimal(0)),
        gross=-of.gross,
        kind="refund",
    )


def difference(of: Return, gross: Decimal) -> str:
    """How far the back office's amount is off ours; empty when no more than a minor unit a line, as taxes round."""
    tolerance = Decimal(len(of.lines)).scaleb(-minor_units(of.currency))
    if abs(abs(gross) - of.gross) <= tolerance:
        return ""
    return f"the back office credits {abs(gross)}, {of.gross} {of.currency} are to be paid back"


class _Steps:
    def __init__(self, db: Database, offices: Offices) -> None:
        self._db = db
        self._offices = offices

    async def look_up(self, work: Work) -> Outcome:
        of, office = await self._return(work)
        terms = call(work, office.company)
        if of.sold_as == "sale":
            refund = await self._refund(of)
            held = await office.tills.find_sale(terms, refund.id)
            return Outcome(event="to-refund" if held is None else "confirmed")
        found = await office.invoicing.find_credit(terms, of.id)
        if found is not None:
            return Outcome(event=found.state, data={"credit": found.foreign_id})
        if waiting := under_way(work.data, clock.now()):
            raise TryAgain(waiting)
        return Outcome(event="to-credit")

    async def credit(self, work: Work) -> Outcome:
        of, office = await self._return(work)
        terms = call(work, office.company)
        order = await links.find(self._db, "order", of.sold, office.connection)
        found = () if order is None else await office.invoicing.of_order(terms, order.theirs)
        invoice = next((each for each in found if each.state == "confirmed"), None)
        if invoice is None:
            raise Invalid("the order is not invoiced, so there is nothing to credit")
        day = clock.now().date()
        await office.invoicing.credit(terms, invoice.foreign_id, reference=of.id, day=day)
        return Outcome(event="done")

    async def find(self, work: Work) -> Outcome:
        of, office = await self._return(work)
        found = await self._note(work, of, office)
        return Outcome(event=found.state, data={"credit": found.foreign_id})

    async def trim(self, work: Work) -> Outcome:
        of, office = await self._return(work)
        terms = call(work, office.company)
        wanted = {(line.line, line.sku): line.received for line in of.lines if line.received}
        await office.invoicing.keep_only(terms, work.data["credit"], wanted)
        await office.invoicing.post(terms, work.data["credit"])
        return Outcome(event="done")

    async def open(self, work: Work) -> Outcome:
        of, office = await self._return(work)
        sale = await sales.read(self._db, of.sold)
        session = await office.tills.ensure_open(call(work, office.company), Till(id=sale.till, store=sale.shop))
        return Outcome(event="open", data={"session": session})

    async def refund(self, work: Work) -> Outcome:
        of, office = await self._return(work)
        await office.tills.book(call(work, office.company), await self._refund(of), work.data["session"])
        return Outcome(event="done")

    async def read_back(self, work: Work) -> Outcome:
        of, office = await self._return(work)
        held = await (self._refunded(work, of, office) if of.sold_as == "sale" else self._note(work, of, office))
        why = difference(of, held.gross)
        if why or held.state != "confirmed":
            return Outcome(event="differs", detail=why or f"it is {held.state} in the back office")
        credited = msgspec.structs.replace(of, status="credited")
        there = {"connection": office.connection, "id": held.foreign_id, "name": held.name}
        cause = work.cause
        return Outcome(
            event="credited",
            events=(returns.told("return.credited", credited, cause, back_office=there),),
            parts=(
                returns.settle(of.id, "credited"),
                links.linking("credit", of.id, office.connection, held.foreign_id, held.name),
            ),
        )

    async def _note(self, work: Work, of: Return, office: Office) -> BackOfficeInvoice:
        found = await office.invoicing.find_credit(call(work, office.company), of.id)
        if found is None:
            raise TryAgain("the back office made the credit note and does not show it yet")
        return found

    async def _refunded(self, work: Work, of: Return, office: Office) -> BackOfficeSale:
        found = await office.tills.find_sale(call(work, office.company), (await self._refund(of)).id)
        if found is None:
            raise TryAgain("the back office took the refund and does not show it yet")
        return found

    async def _refund(self, of: Return) -> Sale:
        return refund_of(of, await sales.read(self._db, of.sold), at=of.authorised_at)

    async def _return(self, work: Work) -> tuple[Return, Office]:
        of = await returns.get(self._db, work.subject)
        return of, self._offices.at(of.shop)
