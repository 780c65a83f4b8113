"""What a row of customers must be, and the key under which it is asked for once. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from tillway.cli.bulk.counts import text_of, unreadable
from tillway.cli.bulk.rows import Reject, Table
from tillway.retail import CustomerRequest

COLUMNS: Final = (
    "name",
    "company",
    "email",
    "phone",
    "vat",
    "system",
    "reference",
    "street",
    "street2",
    "zip",
    "city",
    "country",
)
TABLE: Final = Table(COLUMNS, COLUMNS[:1])

_ADDRESS: Final = COLUMNS[7:]
_TRUTHS: Final = {"": False, "false": False, "true": True}

# Where a member of `createCustomer` comes from, for what is wrong with it to be told by column.
_FROM: Final = {"emails": "email", "phones": "phone", "references": "reference", "system": "system"}


class Person(NamedTuple):
    """A customer as the row says."""

    row: int
    body: bytes
    """What `createCustomer` is asked with, as JSON."""
    keys: tuple[tuple[str, str], ...]
    """What is this customer's alone, by column: two rows that share it are one customer, told twice."""


def judged(row: int, cells: Mapping[str, Any]) -> tuple[Person | None, list[Reject]]:
    """The customer of a row, or everything that is wrong with it. No value is repeated. Pure."""
    texts = {name: _truth(cells, name) for name in COLUMNS}
    wrong = [Reject(row, name, "there is no such column") for name in cells if name not in COLUMNS]
    wrong += [Reject(row, name, detail) for name, text in texts.items() if (detail := unreadable(text))]
    told = {name: (text or "").strip() for name, text in texts.items()}
    if told["company"].lower() not in _TRUTHS:
        wrong.append(Reject(row, "company", "is neither true nor false"))
    if bool(told["system"]) != bool(told["reference"]):
        missing = "reference" if told["system"] else "system"
        wrong.append(Reject(row, missing, "is needed: a reference is a number and the system that gave it"))
    if not told["name"]:
        wrong.append(Reject(row, "name", "is needed"))
    if wrong:
        return None, wrong
    body = _body(told)
    for field, part in _parts(body):
        try:
            msgspec.convert({"name": "x"} | part, CustomerRequest)
        except msgspec.ValidationError as error:
            wrong.append(Reject(row, field, _reason(error)))
    if wrong:
        return None, wrong
    return Person(row, msgspec.json.encode(body), _keys(told)), []


def key(digest: str, row: int) -> str:
    """The Idempotency-Key of a row of the file with this digest. Pure."""
    return f"customer-{digest}-{row}"


def _truth(cells: Mapping[str, Any], name: str) -> str | None:
    """A cell as text; `company` may be a truth value of JSON."""
    cell = cells.get(name)
    return str(cell).lower() if name == "company" and isinstance(cell, bool) else text_of(cell)


def _body(told: Mapping[str, str]) -> dict[str, Any]:
    body: dict[str, Any] = {"name": told["name"]}
    if _TRUTHS[told["company"].lower()]:
        body["company"] = True
    if told["email"]:
        body["emails"] = [told["email"]]
    if told["phone"]:
        body["phones"] = [told["phone"]]
    if told["vat"]:
        body["vat"] = told["vat"]
    if told["reference"]:
        body["references"] = [{"system": told["system"], "value": told["reference"]}]
    address = {name: told[name] for name in _ADDRESS if told[name]}
    if address:
        body["address"] = address
    return body


def _parts(body: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The body in parts that each come from one column."""
    found = [(_FROM.get(name, name), {name: value}) for name, value in body.items() if name != "address"]
    address = body.get("address", {})
    return found + [(name, {"address": {name: value}}) for name, value in address.items()]


def _reason(error: msgspec.ValidationError) -> str:
    """Why, in the words of the check, without the place: that is the column."""
    return f"does not fit: {str(error).partition(' - at ')[0].lower()}"


def _keys(told: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """As `createCustomer` finds people: an e-mail address and a reference are one customer's; where there is neither,
    the phone or tax number is.
    """
    sure = []
    if told["email"]:
        sure.append(("email", told["email"].lower()))
    if told["reference"]:
        sure.append(("reference", f"{told['system']} {told['reference']}"))
    return tuple(sure) or tuple((name, told[name]) for name in ("phone", "vat") if told[name])
