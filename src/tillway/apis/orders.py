"""Orders: `orders.v1`."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

import msgspec

from tillway import ids
from tillway.apis import asking
from tillway.apis.causing import cause
from tillway.apis.listed import listed
from tillway.apis.order_changes import visible
from tillway.errors import Forbidden, Invalid, NotFound, Violation
from tillway.gateway import Answer, Ask, Handler
from tillway.identity import Grant
from tillway.landscape import Landscape
from tillway.postgres import Database, Tx
from tillway.records import Shelf, claims, customers, orders, promises
from tillway.retail import UNPRICED, Offices, Order, OrderDefaults, OrderRequest, Wanted, parse, place


def bind(db: Database, shelf: Shelf, offices: Offices) -> dict[str, Handler]:
    """The handlers of this document."""

    async def place_order(ask: Ask) -> Answer:
        request = parse(ask.body, OrderRequest)
        defaults = terms(request, ask.grant, ask.landscape)
        shop = ask.landscape.shop(request.shop or defaults.shop)
        request, own = await _customer(db, request, ask.landscape, shop.connection)
        name = request.price_list or own or ask.grant.price_list or shop.price_list
        by = await listed(shelf, ask.landscape, name, "/price_list" if request.price_list or not own else "/customer")
        known = await shelf.products({line.sku for line in request.lines})
        pricing = partial(
            place,
            # The list is found by its name here; `place` knows it by its content.
            msgspec.structs.replace(request, price_list=None),
            order_id=str(ids.new()),
            products=known,
            price_list=by.price_list,
            defaults=defaults,
            at=ask.now,
            others=by.others,
        )
        try:
            order = pricing()
        except Invalid as error:
            if not any(each.rule == UNPRICED for each in error.violations):
                raise
            lines = [Wanted(known[line.sku], line.quantity) for line in request.lines if line.sku in known]
            order = pricing(told=await asking.told(offices, ask, by, lines, ask.now))
        answer = Answer(201, order, (("Location", f"/orders/v1/orders/{order.id}"),))
        async with ask.transaction(db) as tx:
            orders.accept(tx, order, cause(ask), promised=await _taken(tx, ask, request, order))
            ask.settle(tx, answer)
        return answer

    async def get_order(ask: Ask) -> Answer:
        return Answer(200, await visible(db, ask, ask.path["id"]))

    return {"placeOrder": place_order, "getOrder": get_order}


async def _taken(tx: Tx, ask: Ask, request: OrderRequest, order: Order) -> dict[str, Decimal]:
    """What the order takes of the promises it names, by SKU."""
    if not request.promises:
        return {}
    whose = (order.id, order.consumer, order.shop)
    wanted = claims.totals((line.sku, line.quantity) for line in order.lines)
    return await promises.convert(tx, request.promises, whose, wanted, cause(ask), at=ask.now)


def terms(request: OrderRequest, grant: Grant, landscape: Landscape) -> OrderDefaults:
    """For whom and where, as far as the request leaves it open. Pure.

    Invalid: nobody says the shop, or what is named does not exist. Forbidden: a shop that is none of the consumer's.
    """
    shop = request.shop or grant.shop
    if shop is None:
        raise _wrong("/shop", "is required: your entry in the landscape names no shop", "required")
    if request.shop is not None and not grant.sees_shop(request.shop):
        raise Forbidden(
            "orders for this shop are not yours to place", remedy="ask who declares your shops in the landscape"
        )
    if shop not in landscape.shops:
        raise _wrong("/shop", "there is no such shop", "shop")
    return OrderDefaults(consumer=grant.consumer, shop=shop, customer=grant.customer)


async def _customer(
    db: Database, request: OrderRequest, landscape: Landscape, connection: str
) -> tuple[OrderRequest, str | None]:
    """The request for the customer that is meant: one that the landscape names, or one of our records, which may have
    become another; and the price list they buy at. Invalid when there is none in use behind this shop.
    """
    if request.customer is None or request.customer in landscape.customers:
        return request, None
    try:
        found = await customers.get(db, request.customer)
    except NotFound:
        raise _wrong("/customer", "there is no such customer", "customer") from None
    if found.status != "active" or found.connection != connection:
        raise _wrong("/customer", f"is {found.status}, or not a customer of this shop's back office", "customer")
    return msgspec.structs.replace(request, customer=found.id), found.price_list


def _wrong(pointer: str, detail: str, rule: str) -> Invalid:
    return Invalid(violations=(Violation(pointer=pointer, detail=detail, rule=rule),))
