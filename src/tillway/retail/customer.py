"""Customer: a person or company that buys, as the hub knows them; what may be asked and told of one.

Whoever asks sees the fields of the classes that its Grant names: an id, a price list and consents tell nobody's name.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec

from tillway.retail.data_class import DataClass, classed
from tillway.retail.limits import Id, Instant, Name, Reference
from tillway.retail.own_field import OwnFieldsHeld
from tillway.retail.word import Word

EMAIL_LENGTH: Final = 254
"""Characters of an address: what SMTP carries (RFC 5321 section 4.5.3.1.3, less the angle brackets)."""

WAYS_MAX: Final = 5
"""Addresses, and phone numbers, of one customer; more are several people."""

REFERENCES_MAX: Final = 10
"""Numbers that other systems know one customer by."""

CONSENTS_MAX: Final = 50
"""Purposes that one customer decided about."""

ALSO_MAX: Final = 500
"""Customers that were merged into one."""

CustomerStatus = Literal["active", "archived", "erased"]
"""Active: may buy. Archived: put away, here or in the back office. Erased: nothing personal is known any more."""

Email = Annotated[str, msgspec.Meta(pattern="^[^@\\s]+@[^@\\s]+$", min_length=3, max_length=EMAIL_LENGTH)]
"""An e-mail address, as written."""

Phone = Annotated[str, msgspec.Meta(pattern="^\\+[1-9][0-9]{6,14}$", min_length=8, max_length=16)]
"""A phone number in the form of E.164, as in `+3225550199`."""

VatId = Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
"""A tax number with its country, as written; whether it is valid is for others to say."""

Country = Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$", min_length=2, max_length=2)]
"""Two letters of ISO 3166-1."""

Purpose = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9-]{0,63}$", min_length=1, max_length=64)]
"""What data is used for, in a word: `marketing-email`, `profiling`."""


class CustomerReference(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What another system calls the customer."""

    system: Annotated[Id, classed(DataClass.INTERNAL)]
    """Which system, by a short name: `web-shop`, `loyalty`."""
    value: Annotated[Reference, classed(DataClass.INTERNAL)]
    """Its number there; the list it stands in is personal."""


class Address(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a customer lives or is registered."""

    street: Annotated[Name | None, classed(DataClass.PERSONAL)] = None
    """Street and number."""
    street2: Annotated[Name | None, classed(DataClass.PERSONAL)] = None
    """What else finds the door."""
    city: Annotated[Name | None, classed(DataClass.PERSONAL)] = None
    """City."""
    zip: Annotated[Reference | None, classed(DataClass.PERSONAL)] = None
    """Postal code."""
    country: Annotated[Country | None, classed(DataClass.PERSONAL)] = None
    """Two letters of ISO 3166-1."""


class Consent(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the customer decided about one purpose, the last time."""

    purpose: Annotated[Purpose, classed(DataClass.CONFIDENTIAL)]
    """What the data may, or may not, be used for."""
    granted: Annotated[bool, classed(DataClass.CONFIDENTIAL)]
    """Whether the customer agreed; false: withdrawn, or refused."""
    at: Annotated[Instant, classed(DataClass.CONFIDENTIAL)]
    """When the customer decided."""
    source: Annotated[Reference, classed(DataClass.CONFIDENTIAL)]
    """Where, so that it can be shown: `web-shop checkout`, `paper form 4711`."""


class CustomerRequest(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `createCustomer` receives: a name, and what else is known."""

    name: Annotated[Annotated[Name, msgspec.Meta(min_length=1)], classed(DataClass.PERSONAL)]
    """As the customer writes it."""
    company: Annotated[bool, classed(DataClass.INTERNAL)] = False
    """Whether it is a company; false: a person."""
    emails: Annotated[Annotated[tuple[Email, ...], msgspec.Meta(max_length=WAYS_MAX)], classed(DataClass.PERSONAL)] = ()
    """E-mail addresses, the one that counts first."""
    phones: Annotated[Annotated[tuple[Phone, ...], msgspec.Meta(max_length=WAYS_MAX)], classed(DataClass.PERSONAL)] = ()
    """Phone numbers in the form of E.164, the one that counts first."""
    vat: Annotated[VatId | None, classed(DataClass.PERSONAL)] = None
    """Tax number."""
    references: Annotated[
        Annotated[tuple[CustomerReference, ...], msgspec.Meta(max_length=REFERENCES_MAX)],
        classed(DataClass.PERSONAL),
    ] = ()
    """What other systems call the customer."""
    address: Annotated[Address | None, classed(DataClass.PERSONAL)] = None
    """Where the customer lives or is registered."""
    price_list: Annotated[Id | None, classed(DataClass.INTERNAL)] = None
    """The list the customer buys at; absent: the shop's."""


class Customer(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A customer as the hub holds them."""

    id: Annotated[Id, classed(DataClass.INTERNAL)]
    """A UUID of ours. One that was merged into another goes on to answer, as the other."""
    connection: Annotated[Id, classed(DataClass.INTERNAL)]
    """The back office that keeps the customer too."""
    status: Annotated[CustomerStatus, classed(DataClass.INTERNAL)] = "active"
    """Whether the customer is there to buy."""
    name: Annotated[Name | None, classed(DataClass.PERSONAL)] = None
    """As the customer writes it."""
    company: Annotated[bool, classed(DataClass.INTERNAL)] = False
    """Whether it is a company; false: a person."""
    emails: Annotated[Annotated[tuple[Email, ...], msgspec.Meta(max_length=WAYS_MAX)], classed(DataClass.PERSONAL)] = ()
    """E-mail addresses, the one that counts first."""
    phones: Annotated[Annotated[tuple[Phone, ...], msgspec.Meta(max_length=WAYS_MAX)], classed(DataClass.PERSONAL)] = ()
    """Phone numbers in the form of E.164, the one that counts first."""
    vat: Annotated[VatId | None, classed(DataClass.PERSONAL)] = None
    """Tax number."""
    references: Annotated[
        Annotated[tuple[CustomerReference, ...], msgspec.Meta(max_length=REFERENCES_MAX)],
        classed(DataClass.PERSONAL),
    ] = ()
    """What other systems call the customer."""
    address: Annotated[Address | None, classed(DataClass.PERSONAL)] = None
    """Where the customer lives or is registered."""
    price_list: Annotated[Id | None, classed(DataClass.INTERNAL)] = None
    """The list the customer buys at; absent: the shop's."""
    consents: Annotated[
        Annotated[tuple[Consent, ...], msgspec.Meta(max_length=CONSENTS_MAX)], classed(DataClass.CONFIDENTIAL)
    ] = ()
    """What the customer decided, the last time for each purpose."""
    also: Annotated[Annotated[tuple[Id, ...], msgspec.Meta(max_length=ALSO_MAX)], classed(DataClass.INTERNAL)] = ()
    """Ids of customers that were merged into this one."""
    version: Annotated[Annotated[int, msgspec.Meta(ge=1)], classed(DataClass.INTERNAL)] = 1
    """Counts the changes."""
    extensions: Annotated[OwnFieldsHeld, classed(DataClass.PUBLIC)] = msgspec.field(default_factory=dict)
    """The retailer's own fields, as its landscape declares them; each has a class of its own there."""
