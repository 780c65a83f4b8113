"""Customers: a `res.partner` as we compare it, and ours as values of one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from tillway.retail import Address, BackOfficeCustomer, Customer, phone_key
from tillway.retail.customer import EMAIL_LENGTH
from tillway.retail.customer_keys import email_key
from tillway.retail.limits import NAME_LENGTH, REFERENCE_LENGTH

from .orders import MODULE
from .own_fields import NONE, OwnValues
from .values import reference, text

FIELDS: Final = [
    "name",
    "active",
    "is_company",
    "email",
    "email_normalized",
    "phone",
    "phone_sanitized",
    "vat",
    "ref",
    "street",
    "street2",
    "city",
    "zip",
    "country_id",
    "specific_property_product_pricelist",
]
"""Fields of `res.partner` that are read. Whether somebody bought before (`customer_rank`) says only whether there was
an invoice, so it tells nothing.
"""

WHO: Final[list[Any]] = [["partner_share", "=", True], ["type", "=", "contact"]]
"""Which partners are customers: neither the retailer's own people nor an address of somebody else's."""

_MARK: Final = f"{MODULE}.customer_"
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")
_VAT_LENGTH: Final = 32


def external_id(customer_id: str) -> str:
    """The external id of the partner that stands for our customer."""
    return _MARK + customer_id


def ours_of(external: Any) -> str | None:
    """Our id in an external id, if it is one of ours."""
    return external.removeprefix(_MARK) if isinstance(external, str) and external.startswith(_MARK) else None


def customer(
    row: Mapping[str, Any],
    *,
    ours: str | None,
    countries: Mapping[int, str],
    lists: Mapping[int, str],
    own: OwnValues = NONE,
) -> BackOfficeCustomer | None:
    """A partner. What cannot be read as an address or a number is left out; None for one without a name."""
    name = text(row["name"])
    if name is None:
        return None
    return BackOfficeCustomer(
        foreign_id=str(row["id"]),
        ours=ours,
        active=bool(row["active"]),
        name=name.strip()[:NAME_LENGTH],
        company=bool(row["is_company"]),
        email=_email(row),
        phone=_phone(row),
        vat=_short(row["vat"], _VAT_LENGTH),
        reference=_short(row["ref"], REFERENCE_LENGTH),
        address=_address(row, countries),
        price_list=lists.get(int(reference(row["specific_property_product_pricelist"]) or 0)),
        extensions=dict(own.values),
    )


def values(ours: Customer, *, country: int | None, price_list: int | None) -> dict[str, Any]:
    """Our customer as values of a partner; `false` empties. The list is left to them where the landscape names none."""
    address = ours.address or Address()
    own = next((each.value for each in ours.references if each.system == ours.connection), None)
    found: dict[str, Any] = {
        "name": ours.name,
        "is_company": ours.company,
        "email": ours.emails[0] if ours.emails else False,
        "phone": ours.phones[0] if ours.phones else False,
        "vat": ours.vat or False,
        "street": address.street or False,
        "street2": address.street2 or False,
        "city": address.city or False,
        "zip": address.zip or False,
        "country_id": country or False,
    }
    if own is not None:
        found["ref"] = own
    if price_list is not None:
        found["property_product_pricelist"] = price_list
    return found


def rows(customer_id: str, wanted: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Fields and data of the `load` that makes this partner, once."""
    cells = {"id": external_id(customer_id)}
    for name, value in wanted.items():
        if name in {"country_id", "property_product_pricelist"}:
            cells[f"{name}/.id"] = str(value) if value else ""
        elif isinstance(value, bool) and name == "is_company":
            cells[name] = str(value)
        else:
            cells[name] = str(value) if value else ""
    return list(cells), [list(cells.values())]


def differing(row: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """What of the values a partner does not have yet: what is written only for its own sake makes Odoo busy, and looks
    to everybody who watches like a change.
    """
    return {name: value for name, value in wanted.items() if _held(row, name) != value}


def _held(row: Mapping[str, Any], name: str) -> Any:
    if name == "country_id":
        return int(reference(row[name]) or 0) or False
    if name == "property_product_pricelist":
        return int(reference(row["specific_property_product_pricelist"]) or 0) or False
    return row[name]


def _email(row: Mapping[str, Any]) -> str | None:
    """The address as Odoo normalised it; several in one field are none."""
    found = text(row["email_normalized"]) or text(row["email"])
    if found is None:
        return None
    bare = email_key(found)
    return bare if _EMAIL.fullmatch(bare) and len(bare) <= EMAIL_LENGTH else None


def _phone(row: Mapping[str, Any]) -> str | None:
    """`phone_sanitized` holds whatever was typed where the server lacks the library for it, or is empty."""
    for name in ("phone_sanitized", "phone"):
        written = text(row[name])
        if written is not None and (found := phone_key(written)) is not None:
            return found
    return None


def _short(value: Any, length: int) -> str | None:
    found = text(value)
    return None if found is None else found.strip()[:length]


def _address(row: Mapping[str, Any], countries: Mapping[int, str]) -> Address | None:
    found = Address(
        street=_short(row["street"], NAME_LENGTH),
        street2=_short(row["street2"], NAME_LENGTH),
        city=_short(row["city"], NAME_LENGTH),
        zip=_short(row["zip"], REFERENCE_LENGTH),
        country=countries.get(int(reference(row["country_id"]) or 0)),
    )
    return None if found == Address() else found
