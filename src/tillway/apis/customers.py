"""Customers: `customers.v1`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal

import msgspec

from tillway import clock
from tillway.apis.causing import cause
from tillway.apis.declaring import declared
from tillway.errors import Forbidden, Invalid, NotFound, TillwayError, Violation
from tillway.gateway import Answer, Ask, Handler
from tillway.landscape import Landscape
from tillway.postgres import Database
from tillway.records import customers
from tillway.records.customer_readings import take
from tillway.retail import (
    BackOfficeCustomer,
    Call,
    Consent,
    Criticality,
    Customer,
    CustomerKey,
    CustomerRequest,
    Offices,
    keys_of,
    parse,
)
from tillway.retail.customer import EMAIL_LENGTH
from tillway.retail.customer_changes import changed, decided

log = logging.getLogger(__name__)

ASKED_SECONDS: Final = 2.0
"""How long somebody at a checkout waits for a back office that may know a customer whom we do not."""

Asked = Literal["not-asked", "answered", "unavailable"]

_MEMBERS: Final = CustomerRequest.__struct_fields__


def bind(db: Database, offices: Offices) -> dict[str, Handler]:
    """The handlers of this document."""

    async def create_customer(ask: Ask) -> Answer:
        request = _listed(ask.landscape, parse(ask.body, CustomerRequest))
        async with ask.transaction(db) as tx:
            customer, new = await customers.create(tx, request, connection=_home(ask), cause=cause(ask))
            location = (("Location", f"/customers/v1/customers/{customer.id}"),) if new else ()
            answer = Answer(201 if new else 200, _told(customer, ask), location)
            ask.settle(tx, answer)
        return answer

    async def find_customers(ask: Ask) -> Answer:
        keys, connections = _wanted(ask.body), known_connections(ask)
        found = await customers.find(db, keys, connections)
        asked: Asked = "not-asked"
        if not found:
            asked = await _ask_there(db, offices, ask, keys, connections)
            found = await customers.find(db, keys, connections)
        return Answer(200, {"customers": [_told(each, ask) for each in found], "back_office": asked})

    async def get_customer(ask: Ask) -> Answer:
        return Answer(200, _told(await _seen(db, ask), ask))

    async def update_customer(ask: Ask) -> Answer:
        given = {name: value for name, value in ask.body.items() if name in _MEMBERS}

        def change(old: Customer) -> Customer:
            plain = {name: msgspec.to_builtins(getattr(old, name)) for name in _MEMBERS}
            return changed(old, _listed(ask.landscape, parse({**plain, **given}, CustomerRequest)))

        return await _changed(db, ask, change, ask.body.get("version"))

    async def merge_customers(ask: Ask) -> Answer:
        into = await _seen(db, ask)
        for each in ask.body["customers"]:
            _visible(ask, await customers.get(db, each))
        async with ask.transaction(db) as tx:
            merged = await customers.merge(tx, into.id, ask.body["customers"], cause=cause(ask))
            answer = Answer(200, _told(merged, ask))
            ask.settle(tx, answer)
        return answer

    async def record_consent(ask: Ask) -> Answer:
        return await _changed(db, ask, lambda old: decided(old, _consent(ask, granted=True)), None)

    async def withdraw_consent(ask: Ask) -> Answer:
        return await _changed(db, ask, lambda old: decided(old, _consent(ask, granted=False)), None)

    return {
        "createCustomer": create_customer,
        "findCustomers": find_customers,
        "getCustomer": get_customer,
        "updateCustomer": update_customer,
        "mergeCustomers": merge_customers,
        "recordConsent": record_consent,
        "withdrawConsent": withdraw_consent,
    }


async def _changed(db: Database, ask: Ask, change: Any, version: int | None) -> Answer:
    seen = await _seen(db, ask)
    async with ask.transaction(db) as tx:
        new = await customers.update(tx, seen.id, change, cause=cause(ask), version=version)
        answer = Answer(200, _told(new, ask))
        ask.settle(tx, answer)
    return answer


def _told(customer: Customer, ask: Ask) -> Customer:
    return declared(customer, "customer", ask.landscape)


async def _seen(db: Database, ask: Ask) -> Customer:
    return _visible(ask, await customers.get(db, ask.path["id"]))


def _visible(ask: Ask, customer: Customer) -> Customer:
    if customer.connection not in known_connections(ask):
        raise NotFound("no customer has this id")
    return customer


def known_connections(ask: Ask) -> tuple[str, ...]:
    """The back offices whose customers the asker may know: those that its shops stand on."""
    shops = ask.landscape.shops.values()
    if ask.grant.shops is None:
        return tuple(sorted(ask.landscape.connections))
    return tuple(sorted({shop.connection for shop in shops if ask.grant.sees_shop(shop.id)}))


def _home(ask: Ask) -> str:
    """Where a new customer is kept: behind the asker's own shop, or the only back office that it may know."""
    if ask.grant.shop is not None and ask.grant.shop in ask.landscape.shops:
        return ask.landscape.shops[ask.grant.shop].connection
    known = known_connections(ask)
    if not known:
        raise Forbidden(
            "customers of no shop are yours to create", remedy="ask who declares your shops in the landscape"
        )
    return known[0]


def _listed(landscape: Landscape, request: CustomerRequest) -> CustomerRequest:
    if request.price_list is not None and request.price_list not in landscape.price_lists:
        detail = "there is no such price list"
        raise Invalid(violations=(Violation(pointer="/price_list", detail=detail, rule="price-list"),))
    return request


def _wanted(body: Any) -> tuple[CustomerKey, ...]:
    """What is looked for. Invalid for what is no address, or a number that says no country."""
    given = {
        "name": "-",
        "emails": [body["email"]] if "email" in body and len(body["email"]) <= EMAIL_LENGTH else [],
        "vat": body.get("vat"),
        "references": [body["reference"]] if "reference" in body else [],
    }
    try:
        keys = keys_of(msgspec.convert(given | {"phones": []}, CustomerRequest))
    except msgspec.ValidationError:
        raise _wrong("/email", "is no e-mail address", "email") from None
    if "phone" in body:
        phones = keys_of(msgspec.structs.replace(_BLANK, phones=(body["phone"],)))
        if not phones:
            raise _wrong("/phone", "say it with its country, as in +3225550199", "phone")
        keys += phones
    if not keys:
        raise _wrong("", "holds nothing to look for", "empty")
    return keys


_BLANK: Final = CustomerRequest(name="-")


def _consent(ask: Ask, *, granted: bool) -> Consent:
    at = ask.body.get("at")
    moment = ask.now if at is None else msgspec.convert(at, datetime)
    if moment > ask.now + timedelta(minutes=1):
        raise _wrong("/at", "nobody has decided in the future", "time")
    return Consent(purpose=ask.body["purpose"], granted=granted, at=moment, source=ask.body["source"])


async def _ask_there(
    db: Database, offices: Offices, ask: Ask, keys: Sequence[CustomerKey], connections: Sequence[str]
) -> Asked:
    """Ask the back offices once for whom we do not know, and keep whom they know."""
    asked: Asked = "not-asked"
    for connection in connections:
        own = [key for key in keys if key.kind != "reference" or key.text.startswith(f"{connection}\x1f")]
        if not own:
            continue
        try:
            office = offices.of(connection)
            there = await office.customers.look_up(_terms(ask, office.company), own)
            await _keep(db, ask, connection, there)
        except TillwayError as error:
            # Whoever stands at a checkout is served all the same.
            log.info("customers of %s could not be looked up: %s", connection, error.detail)
            return "unavailable"
        asked = "answered"
    return asked


async def _keep(db: Database, ask: Ask, connection: str, there: Sequence[BackOfficeCustomer]) -> None:
    if there:
        async with db.transaction() as tx:
            await take(tx, there, connection=connection, cause=cause(ask))


def _terms(ask: Ask, company: str) -> Call:
    return Call(
        criticality=Criticality.CRITICAL,
        deadline=min(ask.deadline, clock.now() + timedelta(seconds=ASKED_SECONDS)),
        correlation=ask.correlation,
        reference=ask.correlation,
        company=company,
    )


def _wrong(pointer: str, detail: str, rule: str) -> Invalid:
    return Invalid(violations=(Violation(pointer=pointer, detail=detail, rule=rule),))
