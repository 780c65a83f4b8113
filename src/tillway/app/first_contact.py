"""A landscape drafted from a live Odoo, which is only read, and a list of what integrates with it already.

Pure but for `look`: what was found goes in, the texts of files come out. What only people can say (who owns what, who
is called at night) stands as `to-be-named`, so that `tillway check` asks for it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import yaml

from tillway import clock, ids
from tillway.app.drafted_promises import THROUGH, levels
from tillway.app.drafting import CONNECTION, lists, shops_of
from tillway.connectors.odoo import Connection, Integration, Inventory, Odoo, Probe, Survey
from tillway.errors import Misconfigured
from tillway.landscape import base_landscape
from tillway.outbound import Client, reach
from tillway.retail import Call, Criticality

KEY_VARIABLE: Final = "ODOO_KEY"
"""Where the drafted landscape finds the key: it is written nowhere."""

INVENTORY: Final = "first-contact/inventory.yaml"
"""The list; it lies in a folder of its own, so that no landscape takes it for a file of its own."""

NOBODY: Final = "to-be-named"
"""Stands for an owner until somebody is named."""

DEPUTY: Final = "deputy-to-be-named"

LOOKED_SECONDS: Final = 120
"""The whole look: some twenty reads, on a busy Odoo a second each, several times over."""

KIND_MAX: Final = 10_000
"""Shops, tills and lists that are drafted: twice the largest retailer's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What an Odoo showed."""

    url: str
    database: str
    probe: Probe
    survey: Survey
    inventory: Inventory


async def look(url: str, database: str, key: str) -> Seen:
    """Look at an Odoo; nothing of it is changed. Misconfigured when it cannot be reached or does not let us in."""
    connection = Connection(url=url, database=database, key=key, allow_writes=False)
    terms = Call(
        criticality=Criticality.LOW,
        deadline=clock.now() + timedelta(seconds=LOOKED_SECONDS),
        correlation=str(ids.new()),
        reference="first contact",
        company="1",
    )
    async with Client(reach(_private(url))) as client:
        odoo = Odoo(connection, client)
        probe = await odoo.probe(terms)
        if not probe.key_accepted:
            raise Misconfigured(
                f"{url} cannot be looked at: {probe.problem}", remedy="check address, database and key; it is only read"
            )
        return Seen(
            url=url,
            database=database,
            probe=probe,
            survey=await odoo.survey(terms, limit=KIND_MAX),
            inventory=await odoo.inventory(terms),
        )


def drafted(seen: Seen, *, year: int) -> dict[str, str]:
    """File names to texts."""
    found = seen.survey
    first_company = next(iter(found.companies.values()), ("Retailer", "EUR"))
    shops, shipped = shops_of(found, every=True), yaml.safe_load(base_landscape())["apis"]
    return {
        "organisation.yaml": _text(
            "The retailer. `to-be-named` stands where only people know: teams, and who is called at night.",
            {
                "organisation": {"name": first_company[0], "currency": first_company[1], "timezone": "UTC"},
                "defaults": {"owner": NOBODY, "deputy": DEPUTY},
                "teams": {NOBODY: _team("To be named"), DEPUTY: _team("Deputy to be named")},
            },
        ),
        "apis.yaml": _text("Who answers for the data of what is offered.", {"apis": _apis(shipped)}),
        "promises.yaml": _text("What is promised of it: yours to change.", {"service_levels": levels(shipped)}),
        "connections.yaml": _text(
            f"The ERP, only read until you say otherwise. Its key is in the environment: {KEY_VARIABLE}.",
            {"connections": {CONNECTION: _connection(seen)}, **_networks(seen.url)},
        ),
        "prices.yaml": _text("Price lists by our id; `list` is Odoo's own list price.", {"price_lists": lists(found)}),
        "customers.yaml": _text(
            "Who orders when the order does not say. Is this your walk-in customer?",
            {"customers": {"walk-in": {"connection": CONNECTION, "partner": found.customer or 1}}},
        ),
        "shops.yaml": _text("Every warehouse is a shop until you take out what is none.", {"shops": shops}),
        "consumers.yaml": _text("Who may ask for what, and why.", {"consumers": _consumers(shops, year)}),
        INVENTORY: _text(
            "What integrates with this Odoo already, and what it has. Name an `owner` for each entry, or take it "
            "away over there; what may not be seen is under `unseen`.",
            inventory(seen),
        ),
    }


def inventory(seen: Seen) -> dict[str, Any]:
    """The list as a document."""
    found = seen.survey
    return {
        "odoo": {"url": seen.url, "database": seen.database, "version": seen.probe.version},
        "missing": {
            "modules": [*seen.probe.missing_modules, *seen.probe.without],
            "rights": list(seen.probe.missing_rights),
        },
        "unseen": list(seen.inventory.unseen),
        "integrations": [_integration(each) for each in seen.inventory.integrations],
        "companies": [{"id": key, "name": name, "currency": code} for key, (name, code) in found.companies.items()],
        "taxes": [dict(each) for each in seen.inventory.taxes],
        "payment_methods": [dict(each) for each in seen.inventory.payment_methods],
    }


def _integration(each: Integration) -> dict[str, Any]:
    return {"kind": each.kind, "id": each.id, "name": each.name, "owner": None, **each.detail}


def _apis(shipped: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {"steward": NOBODY, **({"calls": [THROUGH.get(name, CONNECTION)]} if "domain" in entry else {})}
        for name, entry in shipped.items()
    }


def _team(name: str) -> dict[str, str]:
    return {"name": name, "contact": f"{NOBODY}@example.com", "on_call": f"{NOBODY}@example.com"}


def _connection(seen: Seen) -> dict[str, Any]:
    return {"url": seen.url, "database": seen.database, "key": {"env": KEY_VARIABLE}, "allow_writes": False}


def _consumers(shops: Mapping[str, Any], year: int) -> dict[str, Any]:
    """One to begin with: it reads the catalogue, of every shop."""
    first = next(iter(shops), None)
    return {
        "first-reader": {
            "owner": NOBODY,
            "contact": f"{NOBODY}@example.com",
            "purpose": "reading products and prices, to see that they are right",
            "kind": "machine",
            "secret": {"env": "FIRST_READER_SECRET"},
            "scopes": ["products:read", "prices:read"],
            "shops": "*",
            **({} if first is None else {"shop": first, "price_list": shops[first]["price_list"]}),
            "review": f"{year + 1}-06-30",
        }
    }


def _networks(url: str) -> dict[str, Any]:
    found = _private(url)
    return {"outbound": {"allow_networks": list(found)}} if found else {}


def _private(url: str) -> tuple[str, ...]:
    """The address itself, when it is a private one that must be allowed by name."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return ("127.0.0.0/8", "::1/128")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return ()
    return (str(ipaddress.ip_network(address)),) if address.is_private else ()


def _text(comment: str, content: Mapping[str, Any]) -> str:
    return f"# {comment}\n" + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110)
