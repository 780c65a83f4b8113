"""What two systems hold of one customer, field by field in one spelling, so that it can be compared. Pure.

A field that one side cannot tell is left out there; only what both tell is compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tillway.retail.customer import Address, Customer
from tillway.retail.customer_keys import email_key, phone_key, vat_key
from tillway.retail.outside import BackOfficeCustomer

_BETWEEN: Final = "\x1f"


def held_here(customer: Customer) -> Mapping[str, str]:
    """Ours, of what a back office has a place for: one address and one number."""
    own = next((each.value for each in customer.references if each.system == customer.connection), None)
    return {
        "name": _plain(customer.name),
        "company": str(customer.company),
        "email": email_key(customer.emails[0]) if customer.emails else "",
        "phone": (phone_key(customer.phones[0]) or "") if customer.phones else "",
        "vat": vat_key(customer.vat or ""),
        "reference": _plain(own),
        "address": _address(customer.address),
        "price_list": customer.price_list or "",
    }


def held_there(found: BackOfficeCustomer) -> Mapping[str, str]:
    """Theirs. A number that cannot be read as one is not told, so it is not compared."""
    told = {
        "name": _plain(found.name),
        "company": str(found.company),
        "email": email_key(found.email) if found.email else "",
        "vat": vat_key(found.vat or ""),
        "reference": _plain(found.reference),
        "address": _address(found.address),
        "price_list": found.price_list or "",
    }
    return told | ({"phone": phone_key(found.phone) or ""} if found.phone else {})


def _address(address: Address | None) -> str:
    told = address or Address()
    fields = [_plain(each) for each in (told.street, told.street2, told.city, told.zip, told.country)]
    return _BETWEEN.join(fields) if any(fields) else ""


def _plain(text: str | None) -> str:
    return (text or "").strip()
