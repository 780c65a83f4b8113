"""A first landscape, drafted from what an Odoo holds. Pure: a survey in, the texts of YAML files out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

from tillway.app import drafted_people, drafted_promises, drafted_waivers
from tillway.app.drafted_policies import POLICIES, TESTS
from tillway.connectors.odoo import Survey, TillFound

CONNECTION: Final = "main"

# The demo shows changes within seconds; elsewhere the setting's minute holds.
POLL_SECONDS: Final = 2.0

# What the first consumer may ask: as often as it likes, and it sees how quotas are told.
_GENEROUS: Final = {"*": {"per_second": 100_000, "burst": 1_000_000}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the drafted landscape is to connect: the Odoo, where the demo's subscriber is, and where people sign in."""

    url: str
    database: str
    allow_writes: bool
    subscriber_url: str
    sign_in_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """File names to texts. `volatile` files name addresses of this run and are written anew at every start."""

    kept: Mapping[str, str]
    volatile: Mapping[str, str]
    consumers: tuple[str, ...]


def draft(found: Survey, wanted: Wanted, *, year: int) -> Draft:
    """The landscape of the demo: every till's shop, every price list, a handful of consumers."""
    shops = shops_of(found)
    first = next(iter(shops), None)
    currency = shops[first]["currency"] if first else next((pair[1] for pair in found.companies.values()), "EUR")
    consumers = _consumers(found, shops, review=f"{year + 1}-06-30")
    return Draft(
        consumers=tuple(name for name, entry in consumers.items() if "secret" in entry),
        kept={
            "organisation.yaml": _text(
                "The retailer.", {"organisation": {"name": "Demo Retail", "currency": currency, "timezone": "UTC"}}
            ),
            "prices.yaml": _text(
                "Price lists by our id; `list` is Odoo's own list price.", {"price_lists": lists(found)}
            ),
            "customers.yaml": _text(
                "Who orders when the order does not say.",
                {"customers": {"walk-in": {"connection": CONNECTION, "partner": found.customer or 1}}},
            ),
            "shops.yaml": _text("Shops, and where each stands in Odoo.", {"shops": shops}),
            **{name: _text(*said) for name, said in drafted_promises.files(CONNECTION).items()},
            "governance.yaml": _text(
                "Who answers for what no entry says it of, who decides, and the house rules that a demo may break.",
                drafted_waivers.content(year),
            ),
            "roles.yaml": _text("What people may do; they act on the hub only.", drafted_people.roles()),
            "policies/support.cedar": POLICIES,
            "policies/tests/support.yaml": TESTS,
            "consumers.yaml": _text("Who may ask for what, and why.", {"consumers": consumers}),
        },
        volatile={
            "connections.yaml": _text(
                "The ERP. Written anew at every start of the demo.", {"connections": {CONNECTION: _connection(wanted)}}
            ),
            "subscriptions.yaml": _text(
                "Who is told. Written anew at every start of the demo.", {"subscriptions": _subscriptions(wanted)}
            ),
            "sign-in.yaml": _text(
                "Where people sign in. Written anew at every start of the demo.",
                drafted_people.sign_in(wanted.sign_in_url),
            ),
            "outbound.yaml": _text(
                "Where the hub may connect to beside the public internet.",
                {"outbound": {"allow_networks": ["127.0.0.0/8", "::1/128"]}},
            ),
        },
    )


def slug(name: str, taken: Sequence[str] = ()) -> str:
    """A name as an id: lower case, words parted by dashes, unique among those taken."""
    base = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "unnamed"
    candidate, number = base, 1
    while candidate in taken:
        number += 1
        candidate = f"{base}-{number}"
    return candidate


def _connection(wanted: Wanted) -> dict[str, Any]:
    return {
        "kind": "odoo",
        "url": wanted.url,
        "database": wanted.database,
        "key": {"file": "../secrets/odoo.key"},
        "allow_writes": wanted.allow_writes,
        "poll_seconds": POLL_SECONDS,
    }


def lists(found: Survey) -> dict[str, Any]:
    """The price lists that there are, and Odoo's own list price."""
    made: dict[str, Any] = {"list": {"connection": CONNECTION, "odoo": "list", "name": "List price"}}
    for key, name in found.price_lists.items():
        made[slug(name, tuple(made))] = {"connection": CONNECTION, "odoo": key, "name": name}
    return made


def shops_of(found: Survey, *, every: bool = False) -> dict[str, Any]:
    """One shop a warehouse that has tills; without POS, or when `every` one is asked for, one shop a warehouse."""
    by_place: dict[tuple[int, int], list[TillFound]] = {}
    for till in found.tills:
        if till.methods and till.warehouse is not None:
            by_place.setdefault((till.company, till.warehouse), []).append(till)
    if every or not by_place:
        by_place = {(company, key): by_place.get((company, key), []) for key, (_, company) in found.warehouses.items()}
    names = [entry for entry in lists(found) if entry != "list"]
    shops: dict[str, Any] = {}
    tills: list[str] = []
    for (company, warehouse), here in by_place.items():
        title = found.warehouses[warehouse][0]
        shops[slug(title, tuple(shops))] = {
            "name": title,
            "connection": CONNECTION,
            "company": company,
            "warehouse": warehouse,
            "price_list": names[0] if names else "list",
            "timezone": "UTC",
            "currency": found.companies[company][1],
            "tills": _tills(here, tills),
            "tender_methods": here[0].methods if here else {},
            # What is paid outside the tills, above all by card, is booked in the same journals.
            "payment_journals": here[0].journals if here else {},
        }
    return shops


def _tills(here: Sequence[TillFound], taken: list[str]) -> dict[str, Any]:
    """Tills of one shop. Odoo gives each till a cash method of its own, so the others keep their own methods too."""
    tills = {}
    for till in here:
        name = slug(till.name, taken)
        taken.append(name)
        own = {} if till.methods == here[0].methods else {"tender_methods": till.methods}
        tills[name] = {"pos_config": till.config, **own}
    return tills


def _consumers(found: Survey, shops: Mapping[str, Any], *, review: str) -> dict[str, Any]:
    names = [entry for entry in lists(found) if entry != "list"]
    first = next(iter(shops), None)
    common: dict[str, Any] = {"kind": "machine", "shops": "*", "event_types": "*", "review": review}
    defaults = {"shop": first, "price_list": names[0] if names else "list", "customer": "walk-in"} if first else {}

    def consumer(owner: str, purpose: str, name: str | None, scopes: Sequence[str], **more: Any) -> dict[str, Any]:
        return {
            "owner": owner,
            "contact": f"{owner}@demo-retail.example",
            "purpose": purpose,
            **common,
            **({"secret": {"file": f"../secrets/{name}.secret"}} if name is not None else {}),
            "scopes": list(scopes),
            **more,
        }

    return {
        "integrator": consumer(
            "integration-team",
            "building and trying integrations",
            "integrator",
            drafted_promises.every_scope(),
            data_classes=["personal", "payment"],
            quotas=_GENEROUS,
            **defaults,
        ),
        "web-shop": consumer(
            "ecommerce",
            "selling on the web",
            "web-shop",
            ("products:read", "prices:read", "orders:read", "orders:write", "shipments:read", "events:read"),
            data_classes=["personal"],
            **defaults,
        ),
        "tills": consumer(
            "store-operations",
            "selling in the shops",
            "tills",
            ("products:read", "prices:read", "pos:read", "pos:write", "events:read"),
        ),
        # Tills with keys of their own, let in by `tillway device enrol`; each counts for its own shop only.
        "enrolled-tills": consumer(
            "store-operations",
            "selling in the shops, each till with a key of its own",
            None,
            ("products:read", "prices:read", "pos:read", "pos:write", "events:read"),
            kind="device",
        ),
        "price-desk": consumer(
            "pricing",
            "showing prices on shelves",
            "price-desk",
            ("prices:read", "events:read"),
            event_types=["order.accepted", "price.changed"],
        ),
    }


def _subscriptions(wanted: Wanted) -> dict[str, Any]:
    return {
        "price-desk-hook": {
            "consumer": "price-desk",
            "types": ["order.accepted", "price.changed"],
            "delivery": {
                "kind": "webhook",
                "url": wanted.subscriber_url,
                "secret": {"file": "../secrets/price-desk-hook.secret"},
            },
        }
    }


def _text(comment: str, content: Mapping[str, Any]) -> str:
    return f"# {comment}\n" + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110)
