"""At which price list somebody buys: what is asked for, else the customer's own, else the asker's."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from tillway.apis.customers import known_connections
from tillway.errors import Invalid, NotFound, Violation
from tillway.gateway import Ask
from tillway.records import customers

CUSTOMER: Final = "customer"


class Chosen(NamedTuple):
    """A price list by its name here, None for list prices; who chose it; and where the request said so."""

    name: str | None
    by: str
    pointer: str


async def chosen(db: Any, ask: Ask, *, named: str | None, customer: str | None, at: str) -> Chosen:
    """The list that a question is answered by. `at` is where the request has its members, as `/query`.

    Invalid when there is no such customer in use behind a shop of the asker's: at which list somebody buys is told to
    nobody who may not know them.
    """
    held = None if customer is None else await _list_of(db, ask, customer, f"{at}/customer")
    if named is not None:
        return Chosen(named, "request", f"{at}/price_list")
    if held is not None:
        return Chosen(held, CUSTOMER, f"{at}/customer")
    return Chosen(ask.grant.price_list, "consumer", f"{at}/price_list")


async def _list_of(db: Any, ask: Ask, customer: str, pointer: str) -> str | None:
    if customer in ask.landscape.customers:
        return None
    try:
        found = await customers.get(db, customer)
    except NotFound:
        raise _unknown(pointer) from None
    if found.status != "active" or found.connection not in known_connections(ask):
        raise _unknown(pointer)
    return found.price_list


def _unknown(pointer: str) -> Invalid:
    return Invalid(violations=(Violation(pointer=pointer, detail="there is no such customer", rule="customer"),))
