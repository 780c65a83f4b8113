"""Documents of people as they are kept: members that are personal, or that no contract knows, are sealed in place."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any, Final

import msgspec

from tillway import sealing
from tillway.contracts import classes_of
from tillway.records.statements import document
from tillway.retail import Customer, DataClass, Order, Sale

ORDERS_AT: Final = "records.orders.document"
SALES_AT: Final = "records.sales.document"
CUSTOMERS_AT: Final = "records.customers.document"

PERSONAL_OF_CUSTOMER: Final = ("name", "emails", "phones", "vat", "references", "address", "extensions")
"""What tells who a customer is, and the retailer's own fields, which may; it is sealed as one, so that erasing any
of it erases all."""

_TENDERS: Final = "tenders"
_REFERENCE: Final = "reference"
_PERSONAL: Final = "personal"
_LOOKS_SEALED: Final = f'"{sealing.PREFIX}'


def sealed_order(order: Order) -> str:
    """The document of an order as it is kept."""
    if order.customer is None:
        return document(order)
    kept = copy.copy(order)
    msgspec.structs.force_setattr(kept, "customer", sealing.seal(ORDERS_AT, order.id, order.customer))
    return document(kept)


def opened_order(text: str) -> Order:
    """The order that was kept."""
    tree = msgspec.json.decode(text)
    if tree.get("customer") is not None:
        tree["customer"] = sealing.opened(ORDERS_AT, tree["id"], tree["customer"])
    return msgspec.convert(tree, Order)


def sealed_customer(customer: Customer) -> str:
    """The document of a customer as it is kept."""
    tree = msgspec.to_builtins(customer)
    personal = {name: told for name in PERSONAL_OF_CUSTOMER if (told := tree.pop(name))}
    tree[_PERSONAL] = sealing.seal(CUSTOMERS_AT, customer.id, document(personal)) if personal else None
    return document(tree)


def opened_customer(text: str, customer_id: str) -> Customer:
    """The customer that was kept; of one that was erased, what tells of nobody."""
    tree = msgspec.json.decode(text)
    personal = tree.pop(_PERSONAL, None)
    if personal is not None:
        tree |= msgspec.json.decode(sealing.opened(CUSTOMERS_AT, customer_id, personal))
    return msgspec.convert(tree, Customer)


def sealed_sale(body: dict[str, Any], sale_id: str, *, sound: bool) -> str:
    """The document of a sale as it is kept; of one that is not sound, what no contract knows is sealed whole."""
    if sound and _LOOKS_SEALED not in (text := document(body)):
        return document(_with_tenders(body, sale_id)) if f'"{_REFERENCE}":"' in text else text
    return document(_walked(body, sale_id, ()))


def opened_sale(text: str, sale_id: str) -> dict[str, Any]:
    """What was kept of a sale, all its members in clear."""
    tree: dict[str, Any] = msgspec.json.decode(text)
    return _opened(tree, sale_id) if _LOOKS_SEALED in text else tree


def _with_tenders(body: dict[str, Any], sale_id: str) -> dict[str, Any]:
    tenders = [
        tender | {_REFERENCE: _seal(tender[_REFERENCE], sale_id)} if tender.get(_REFERENCE) is not None else tender
        for tender in body[_TENDERS]
    ]
    return body | {_TENDERS: tenders}


def _walked(value: Any, sale_id: str, path: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        return dict(_member(name, each, sale_id, (*path, name)) for name, each in value.items())
    if isinstance(value, list):
        return [_walked(each, sale_id, path) for each in value]
    if isinstance(value, str) and value.startswith(sealing.PREFIX):
        return _seal(value, sale_id)
    return value


def _member(name: str, value: Any, sale_id: str, path: tuple[str, ...]) -> tuple[str, Any]:
    """One member; of one that no contract knows the name is sealed, too: it may be anything."""
    found = _classes().get(".".join(path))
    if found is None:
        return sealing.seal(SALES_AT, sale_id, document(name)), _seal(value, sale_id)
    return name, _walked(value, sale_id, path) if DataClass(found) < DataClass.PERSONAL else _seal(value, sale_id)


def _seal(value: Any, sale_id: str) -> str | None:
    """Any value as its sealed JSON; nothing stays nothing."""
    return None if value is None else sealing.seal(SALES_AT, sale_id, document(value))


def _opened(value: Any, sale_id: str) -> Any:
    if isinstance(value, dict):
        return {_opened(name, sale_id): _opened(each, sale_id) for name, each in value.items()}
    if isinstance(value, list):
        return [_opened(each, sale_id) for each in value]
    if isinstance(value, str) and value.startswith(sealing.PREFIX):
        return msgspec.json.decode(sealing.opened(SALES_AT, sale_id, value))
    return value


@cache
def _classes() -> dict[str, str]:
    return classes_of(msgspec.json.schema(Sale))
