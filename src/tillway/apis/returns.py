"""Returns: `returns.v1`."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from tillway.apis.causing import cause
from tillway.apis.order_changes import visible
from tillway.errors import Conflict, NotFound
from tillway.gateway import Answer, Ask, Handler
from tillway.postgres import Database, Tx
from tillway.records import order_changes, returns, sales
from tillway.retail import (
    CreditRequest,
    Order,
    ReceiveRequest,
    Return,
    ReturnRequest,
    Sale,
    parse,
    sale_id,
)

# A change of an order takes the back office a few seconds.
CHANGING_SECONDS: Final = 5.0

_NOT_SOLD: Final = "no order, sale or receipt is called this"


def bind(db: Database) -> dict[str, Handler]:
    """The handlers of this document."""

    async def authorise_return(ask: Ask) -> Answer:
        request = parse(ask.body, ReturnRequest)
        of = await _sold(db, ask, ask.path["sold"])
        async with ask.transaction(db) as tx:
            if isinstance(of, Order):
                of = await _unchanged(tx, of.id)
            made = await returns.authorise(tx, request, of, consumer=ask.grant.consumer, at=ask.now, cause=cause(ask))
            answer = Answer(201, made, (("Location", f"/returns/v1/returns/{made.id}"),))
            ask.settle(tx, answer)
        return answer

    async def get_return(ask: Ask) -> Answer:
        return Answer(200, await _visible(db, ask))

    async def receive_return(ask: Ask) -> Answer:
        request = parse(ask.body, ReceiveRequest)
        before = await _visible(db, ask)
        of = await _sold(db, ask, before.sold)
        async with ask.transaction(db) as tx:
            made = await returns.receive(tx, before.id, request, of, cause(ask))
            answer = Answer(200, made)
            ask.settle(tx, answer)
        return answer

    async def credit_return(ask: Ask) -> Answer:
        request = parse(ask.body, CreditRequest)
        before = await _visible(db, ask)
        async with ask.transaction(db) as tx:
            made = await returns.credit(tx, before.id, request, cause(ask))
            answer = Answer(202, made, (("Location", f"/returns/v1/returns/{made.id}"),))
            ask.settle(tx, answer)
        return answer

    return {
        "authoriseReturn": authorise_return,
        "getReturn": get_return,
        "receiveReturn": receive_return,
        "creditReturn": credit_return,
    }


async def _unchanged(tx: Tx, order_id: str) -> Order:
    """The order as it is now. Conflict while other lines are asked for, or it is to be called off."""
    found = await order_changes.lock(tx, order_id)
    if found.standing.changing in {"amend", "cancel"}:
        raise Conflict(f"another change ({found.standing.changing}) is under way", retry_after=CHANGING_SECONDS)
    return found.order


async def _visible(db: Any, ask: Ask) -> Return:
    found = await returns.get(db, ask.path["id"])
    own = found.consumer == ask.grant.consumer and ask.device is None
    if not own and not ask.grant.sees_shop(found.shop):
        raise NotFound("no return has this id")
    return found


async def _sold(db: Any, ask: Ask, name: str) -> Order | Sale:
    """The order or sale of this id, or the sale of this receipt. Conflict while it does not count as sold."""
    try:
        order = await visible(db, ask, name)
    except NotFound:
        return await _sale(db, ask, name)
    if order.status != "accepted":
        raise Conflict(f"the order is {order.status}: nothing of it was sold yet, or any more")
    return order


async def _sale(db: Any, ask: Ask, name: str) -> Sale:
    try:
        found = await sales.get(db, _receipt(name))
    except NotFound:
        raise NotFound(_NOT_SOLD) from None
    if ask.grant.shops is not None and found["shop"] not in ask.grant.shops:
        raise NotFound(_NOT_SOLD)
    if found["status"] in {"quarantined", "closed"}:
        raise Conflict(f"the sale is {found['status']}: a person has to look at it first")
    return msgspec.convert(found["sale"], Sale)


def _receipt(name: str) -> str:
    """The id of the sale that a receipt, as `till:epoch:sequence`, names; anything else as it is."""
    till, _, rest = name.partition(":")
    epoch, _, sequence = rest.rpartition(":")
    return sale_id(till, epoch, int(sequence)) if epoch and sequence.isdecimal() else name
