"""What tells one customer from another: addresses, numbers and references in one spelling, and who is the same. Pure.

An e-mail address or another system's reference is one customer's. A phone number is a household's and a tax number a
company's with all its buyers: these say who it is only where no address contradicts.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple

from tillway.retail.customer import Customer, CustomerReference, CustomerRequest

KeyKind = Literal["email", "phone", "vat", "reference"]

STRONG: Final[frozenset[KeyKind]] = frozenset({"email", "reference"})
"""Keys that are one customer's alone."""

_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_SEPARATORS: Final = re.compile(r"[\s().\-/\u00a0]+")
_NOT_IN_VAT: Final = re.compile(r"[^A-Z0-9]+")


class CustomerKey(NamedTuple):
    """One normalised thing that a customer is found by."""

    kind: KeyKind
    text: str


def email_key(text: str) -> str:
    """An address in one spelling: the bare address, lower case, composed letters."""
    bare = text.rpartition("<")[2].rstrip("> ").strip()
    return unicodedata.normalize("NFKC", bare).lower()


def phone_key(text: str) -> str | None:
    """A number in the form of E.164; None for one that says no country."""
    plain = _SEPARATORS.sub("", text.strip())
    if plain.startswith("00"):
        plain = "+" + plain[2:]
    return plain if _E164.fullmatch(plain) else None


def vat_key(text: str) -> str:
    """A tax number without what people put between its letters and digits."""
    return _NOT_IN_VAT.sub("", unicodedata.normalize("NFKC", text).upper())


def reference_key(reference: CustomerReference) -> str:
    """A reference with its system; what stands in it is the other side's own."""
    return f"{reference.system}\x1f{reference.value.strip()}"


def keys_of(customer: Customer | CustomerRequest) -> tuple[CustomerKey, ...]:
    """Everything that a customer is found by, each once."""
    found: list[CustomerKey] = [CustomerKey("email", key) for each in customer.emails if (key := email_key(each))]
    found += [CustomerKey("phone", phone) for each in customer.phones if (phone := phone_key(each)) is not None]
    if customer.vat and (number := vat_key(customer.vat)):
        found.append(CustomerKey("vat", number))
    found += [CustomerKey("reference", reference_key(each)) for each in customer.references]
    return tuple(dict.fromkeys(found))


def same(wanted: Iterable[CustomerKey], candidates: Sequence[Customer]) -> tuple[Customer, ...]:
    """Those of the candidates who are whoever has these keys. More than one: it cannot be told who."""
    asked = tuple(wanted)
    strong = {key for key in asked if key.kind in STRONG}
    weak = {key for key in asked if key.kind not in STRONG}
    held = [(customer, set(keys_of(customer))) for customer in candidates]
    sure = tuple(customer for customer, keys in held if keys & strong)
    if sure:
        return sure
    addressed = any(key.kind == "email" for key in asked)
    return tuple(
        customer
        for customer, keys in held
        if keys & weak and not (addressed and any(key.kind == "email" for key in keys))
    )
