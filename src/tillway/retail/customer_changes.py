"""What becomes of a customer: decisions on consent, two that are one, and what the back office says. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, TypeVar

import msgspec

from tillway.retail.customer import (
    ALSO_MAX,
    CONSENTS_MAX,
    REFERENCES_MAX,
    WAYS_MAX,
    Consent,
    Customer,
    CustomerReference,
    CustomerRequest,
)
from tillway.retail.customer_keys import email_key, reference_key, vat_key
from tillway.retail.outside import BackOfficeCustomer

T = TypeVar("T")


def made(request: CustomerRequest, *, customer_id: str, connection: str) -> Customer:
    """A new customer."""
    return Customer(id=customer_id, connection=connection, **_members(request))


def changed(customer: Customer, request: CustomerRequest) -> Customer:
    """The customer with all members as requested."""
    return msgspec.structs.replace(customer, **_members(request))


def decided(customer: Customer, consent: Consent) -> Customer:
    """The customer after a decision. The latest of a purpose counts; of two at one moment the one that refuses."""
    return msgspec.structs.replace(customer, consents=_latest((*customer.consents, consent)))


def merged(into: Customer, sources: Sequence[Customer]) -> Customer:
    """One customer of several: what the first lacks comes from the others in their order, the latest consents count."""
    every = (into, *sources)
    ids = dict.fromkeys(each for source in sources for each in (source.id, *source.also))
    return msgspec.structs.replace(
        into,
        name=next((each.name for each in every if each.name), None),
        emails=_union((way for each in every for way in each.emails), email_key, WAYS_MAX),
        phones=_union((way for each in every for way in each.phones), str, WAYS_MAX),
        vat=next((each.vat for each in every if each.vat), None),
        references=_union((way for each in every for way in each.references), reference_key, REFERENCES_MAX),
        address=next((each.address for each in every if each.address), None),
        price_list=next((each.price_list for each in every if each.price_list), None),
        consents=_latest(consent for each in every for consent in each.consents),
        extensions={name: value for each in reversed(every) for name, value in each.extensions.items()},
        also=tuple(dict.fromkeys((*into.also, *ids)))[:ALSO_MAX],
    )


def brought(old: Customer, found: BackOfficeCustomer) -> Customer:
    """Our customer as the back office has them now. What it has no place for stays as it is here; a number that it
    holds and we cannot read takes none away.
    """
    theirs = (CustomerReference(system=old.connection, value=found.reference),) if found.reference else ()
    ours = tuple(each for each in old.references if each.system != old.connection)
    return msgspec.structs.replace(
        old,
        status="active" if found.active else "archived",
        name=found.name,
        company=found.company,
        emails=_first(found.email, old.emails, email_key),
        phones=_first(found.phone, old.phones, str) if found.phone else old.phones,
        vat=old.vat if found.vat and old.vat and vat_key(found.vat) == vat_key(old.vat) else found.vat,
        references=_union((*ours, *theirs), reference_key, REFERENCES_MAX),
        address=found.address,
        price_list=found.price_list,
        extensions=found.extensions,
    )


def completed(ours: Customer, found: BackOfficeCustomer) -> Customer:
    """Our customer who turned out to be known over there: what they hold counts, and we add what they lack."""
    theirs = brought(ours, found)
    return msgspec.structs.replace(
        theirs,
        emails=theirs.emails if found.email else ours.emails,
        vat=theirs.vat or ours.vat,
        address=theirs.address or ours.address,
        price_list=theirs.price_list or ours.price_list,
        references=_union((*theirs.references, *ours.references), reference_key, REFERENCES_MAX),
    )


def _members(request: CustomerRequest) -> dict[str, Any]:
    return {name: getattr(request, name) for name in request.__struct_fields__}


def _latest(consents: Iterable[Consent]) -> tuple[Consent, ...]:
    latest: dict[str, Consent] = {}
    for each in consents:
        known = latest.get(each.purpose)
        if known is None or (each.at, not each.granted) > (known.at, not known.granted):
            latest[each.purpose] = each
    return tuple(latest[purpose] for purpose in sorted(latest))[:CONSENTS_MAX]


def _first(found: str | None, held: tuple[str, ...], key: Callable[[str], str]) -> tuple[str, ...]:
    """The ways with what they hold in first place; it takes the place of ours that was there."""
    if found is None:
        return held[1:]
    if held and key(held[0]) == key(found):
        return held
    return _union((found, *(each for each in held[1:] if key(each) != key(found))), key, WAYS_MAX)


def _union(each: Iterable[T], key: Callable[[T], Hashable], limit: int) -> tuple[T, ...]:
    found: dict[Hashable, T] = {}
    for one in each:
        found.setdefault(key(one), one)
    return tuple(found.values())[:limit]
