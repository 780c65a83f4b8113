"""Customers and contacts: names, the company they belong to, the price list they buy at."""

from __future__ import annotations

from email.utils import parseaddr
from typing import Any, Final

from tillway.sandbox import changing, reading
from tillway.sandbox.environment import Env
from tillway.sandbox.methods import Call
from tillway.sandbox.refusals import constraint, validation_error

MODEL: Final = "res.partner"


def complete_name(env: Env, record: int) -> str:
    """The name, after that of the company it is a contact of."""
    row = env.row(MODEL, record)
    name = row["name"] or ""
    if row["parent_id"] and not row["is_company"]:
        return f"{env.row(MODEL, row['parent_id'])['name']}, {name}"
    return str(name)


def company_type(env: Env, record: int) -> str:
    """`company` or `person`."""
    return "company" if env.row(MODEL, record)["is_company"] else "person"


def set_company_type(env: Env, record: int, value: str) -> None:
    """Written through to `is_company`."""
    changing.put(env, MODEL, record, is_company=value == "company")


def email_normalized(env: Env, record: int) -> str | bool:
    """The bare address in lower case."""
    return parseaddr(env.row(MODEL, record)["email"] or "")[1].lower() or False


def commercial_partner(env: Env, record: int) -> int:
    """The company that pays: the first one upwards that is a company, else the topmost."""
    row = env.row(MODEL, record)
    while row["parent_id"] and not row["is_company"]:
        row = env.row(MODEL, row["parent_id"])
    return int(row["id"])


def is_shared(env: Env, record: int) -> bool:
    """Whether it is nobody of the retailer's own."""
    return not env.search_by("res.users", "partner_id", record)


def same_vat(env: Env, record: int) -> int | bool:
    """Another partner with the same tax number, if any: a hint, not a constraint."""
    vat = env.row(MODEL, record)["vat"]
    return next((other for other in env.search_by(MODEL, "vat", vat) if other != record), False) if vat else False


def pricelist(env: Env, record: int) -> int | bool:
    """The price list given to the partner, else the first one there is."""
    given = env.row(MODEL, record)["specific_property_product_pricelist"]
    if given:
        return int(given)
    return next(iter(reading.search(env, "product.pricelist", [], limit=1)), False)


def set_pricelist(env: Env, record: int, value: Any) -> None:
    """Written through to the stored choice."""
    changing.write(env, MODEL, [record], {"specific_property_product_pricelist": value})


def check(env: Env, records: list[int], _changed: frozenset[str] = frozenset()) -> None:
    """A contact has a name, and nobody is above himself."""
    for record in records:
        row = env.row(MODEL, record)
        if row["type"] == "contact" and row["name"] is False:
            raise constraint("Contacts require a name")
        above, seen = row["parent_id"], {record}
        while above:
            if above in seen:
                raise validation_error("You cannot create recursive Partner hierarchies.")
            seen.add(above)
            above = env.row(MODEL, above)["parent_id"]


def find_or_create(call: Call, email: str, *, assert_valid_email: bool = False) -> list[int]:
    """The partner with this address, else a new one. Racy, as the real one is."""
    del assert_valid_email
    name, address = parseaddr(email)
    found = reading.search(call.env, MODEL, [["email_normalized", "=", address.lower()]], limit=1)
    return found or [changing.create(call.env, MODEL, {"name": name or address, "email": address})]


GROUPS: Final = frozenset({"base.group_user", "base.group_system", "product.group_product_pricelist"})
"""What its one user is in: everything is switched on."""


def has_group(call: Call, group_ext_id: str) -> bool:
    """Whether a user is in a group."""
    for user in call.ids:
        call.env.row("res.users", user)
    return group_ext_id in GROUPS


def context_get(call: Call) -> dict[str, Any]:
    """Who calls, in which language and zone."""
    row = call.env.row("res.users", call.env.user)
    partner = call.env.row("res.partner", row["partner_id"])
    return {"lang": partner["lang"], "tz": partner["tz"], "uid": call.env.user}
