"""Returns: a ledger of what was sold and came back, line by line, and the returns that moved it.

Whoever moves a line holds its row to the end of the transaction, so that of any number at once none returns what
another one does; a constraint of the table says the same again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec

from tillway import ids, journal
from tillway.errors import Conflict, Invalid, NotFound
from tillway.journal import Event
from tillway.postgres import Part, Tx, load
from tillway.records.keys import key_of
from tillway.records.statements import document
from tillway.records.tracing import Cause
from tillway.retail import (
    Balance,
    CreditRequest,
    Order,
    ReceiveRequest,
    Return,
    ReturnRequest,
    Sale,
    SoldLine,
    authorised_return,
    received_return,
    sold_lines,
    wrong_receipt,
    wrong_return_lines,
)

SQL: Final = load("tillway.records", "returns.sql")

ZERO: Final = Decimal(0)


async def authorise(
    tx: Tx, request: ReturnRequest, of: Order | Sale, *, consumer: str, at: datetime, cause: Cause
) -> Return:
    """Promise to take goods back. Invalid, naming each line, for what was not sold or came back already."""
    sold = sold_lines(of)
    held = await _held(tx, of.id, sold, {line.line for line in request.lines})
    wrong = wrong_return_lines(request.lines, sold, held)
    if wrong:
        raise Invalid("not all of this can come back", violations=wrong)
    made = authorised_return(request, return_id=str(ids.new()), of=of, consumer=consumer, held=held, at=at)
    moved = [(line.line, line.quantity) for line in made.lines]
    tx.stage(Part("records_return_authorised", SQL["authorise"], (UUID(of.id), *_columns(moved))))
    key = (UUID(made.id), UUID(of.id), consumer, made.shop, made.status, at, document(made))
    tx.stage(Part("records_return", SQL["save_return"], key))
    tx.stage(journal.appending([told("return.authorised", made, cause)]))
    return made


async def receive(tx: Tx, return_id: str, request: ReceiveRequest, of: Order | Sale, cause: Cause) -> Return:
    """Note what came back. Conflict once something did, Invalid for more than was authorised."""
    before = await locked(tx, return_id)
    if before.status != "authorised":
        raise Conflict(f"this return is {before.status}: its goods were received before")
    wrong = wrong_receipt(before, request.lines)
    if wrong:
        raise Invalid("more came back than may", violations=wrong)
    sold = sold_lines(of)
    held = await _held(tx, of.id, sold, {line.line for line in before.lines})
    made = received_return(before, request.lines, sold, held)
    rows = [(line.line, line.received, line.quantity - line.received) for line in made.lines]
    tx.stage(Part("records_return_received", SQL["receive"], (UUID(of.id), *_columns(rows))))
    _change(tx, made)
    tx.stage(journal.appending([told("return.received", made, cause)]))
    return made


async def credit(tx: Tx, return_id: str, request: CreditRequest, cause: Cause) -> Return:
    """Ask for the money of what came back. Conflict unless goods were received and nothing was paid back yet."""
    before = await locked(tx, return_id)
    if before.status != "received":
        why = "nothing of it is here yet" if before.status == "authorised" else "its money was asked for before"
        raise Conflict(f"this return is {before.status}: {why}")
    made = msgspec.structs.replace(before, status="crediting", tender=request.tender)
    # The ledger is moved as soon as it is decided: that the back office is slow makes nothing return twice.
    rows = [(line.line, line.received) for line in made.lines]
    tx.stage(Part("records_return_credited", SQL["credit"], (UUID(made.sold), *_columns(rows))))
    _change(tx, made)
    tx.stage(journal.appending([told("return.credit-requested", made, cause)]))
    return made


async def get(db: Any, return_id: str) -> Return:
    """One return. NotFound when there is none of that id."""
    return _opened(await db.fetchrow(SQL["return"], key_of(return_id, "return")))


async def locked(tx: Tx, return_id: str) -> Return:
    """One return that nobody else moves meanwhile."""
    return _opened(await tx.fetchrow(SQL["lock_return"], key_of(return_id, "return")))


def settle(return_id: str, status: str) -> Part:
    """The part that notes how far a return got."""
    return Part("records_return_settled", SQL["settle_return"], (UUID(return_id), status))


def told(event_type: str, of: Return, cause: Cause, **more: Any) -> Event:
    """An event of a return: all of it, but for its id."""
    data: dict[str, Any] = msgspec.to_builtins(of)
    data.pop("id")
    return cause.event(
        event_type,
        subject=of.id,
        data=data | more,
    )


async def refund(tx: Tx, of: Sale, given_back: Mapping[int, Decimal]) -> dict[int, Decimal]:
    """Count what a till gave back of a sale by itself. What could not come back any more, by line: excess, a fact."""
    sold = sold_lines(of)
    known = {line: quantity for line, quantity in given_back.items() if line in sold}
    held = await _held(tx, of.id, sold, set(known))
    tx.stage(Part("records_till_refund", SQL["refund"], (UUID(of.id), *_columns(sorted(known.items())))))
    excess = {line: quantity for line, quantity in given_back.items() if line not in sold}
    for line, quantity in known.items():
        left = sold[line].quantity - held[line].authorised - held[line].refunded
        if quantity > left:
            excess[line] = quantity - max(ZERO, left)
    return excess


async def _held(tx: Tx, sold_id: str, sold: Mapping[int, SoldLine], lines: Iterable[int]) -> dict[int, Balance]:
    """The balances of these lines, their rows held to the end of the transaction."""
    wanted = sorted(set(lines) & set(sold))
    if not wanted:
        return {}
    quantities = [sold[number].quantity for number in wanted]
    await tx.execute(SQL["open_lines"], UUID(sold_id), wanted, quantities)
    rows = await tx.fetch(SQL["lock_lines"], UUID(sold_id), wanted)
    return {row["line"]: Balance(row["authorised"], row["received"], row["credited"], row["refunded"]) for row in rows}


def _change(tx: Tx, made: Return) -> None:
    tx.stage(Part("records_return_changed", SQL["change_return"], (UUID(made.id), made.status, document(made))))


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _opened(row: Any) -> Return:
    if row is None:
        raise NotFound("no return has this id")
    return msgspec.convert(msgspec.json.decode(row["document"]), Return)
