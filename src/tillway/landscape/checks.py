"""Do the parts of a landscape fit together? Pure; finds everything that does not, not only the first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tillway.landscape.declared import Declared, refers
from tillway.landscape.interfaces import unknown_fields
from tillway.landscape.landscape import Landscape
from tillway.landscape.lifecycle_checks import lives
from tillway.landscape.machine_checks import identified, vouched
from tillway.landscape.model import RESERVED_CONSUMER, Consumer, CustomerEntry, PriceListEntry, Shop, SubscriptionEntry
from tillway.landscape.people import people
from tillway.landscape.problem import Path, Problem
from tillway.landscape.quotas import ALL_APIS
from tillway.landscape.references import references

# Interfaces that hand out events: who may call them must say which events.
EVENT_APIS = ("events", "subscriptions")


def check(landscape: Landscape, declared: Declared) -> tuple[Problem, ...]:
    """All findings on how the entries refer to each other; empty when everything fits."""
    return (
        *_price_lists_and_customers(landscape, declared),
        *(problem for shop in landscape.shops.values() for problem in _shop(shop, landscape, declared)),
        *_tills(landscape),
        *references(landscape, declared),
        *unknown_fields(landscape),
        *lives(landscape, declared),
        *(problem for one in landscape.consumers.values() for problem in _consumer(one, landscape, declared)),
        *vouched(landscape, declared),
        *people(landscape.sign_in, landscape.roles, declared),
        *(problem for one in landscape.subscriptions.values() for problem in _subscription(one, landscape, declared)),
    )


def _price_lists_and_customers(landscape: Landscape, declared: Declared) -> Iterator[Problem]:
    connections = declared.of("connections")
    for entry in landscape.price_lists.values():
        yield from refers(("price_lists", entry.id, "connection"), "connection", entry.connection, connections)
    for customer in landscape.customers.values():
        yield from refers(("customers", customer.id, "connection"), "connection", customer.connection, connections)


def _shop(shop: Shop, landscape: Landscape, declared: Declared) -> Iterator[Problem]:
    here: Path = ("shops", shop.id)
    yield from refers((*here, "connection"), "connection", shop.connection, declared.of("connections"))
    yield from refers((*here, "price_list"), "price list", shop.price_list, declared.of("price_lists"))
    price_list = landscape.price_lists.get(shop.price_list)
    yield from _elsewhere((*here, "price_list"), price_list, shop, declared)
    if shop.tills and not shop.tender_methods:
        yield Problem(
            path=(*here, "tender_methods"),
            text="the shop has tills and no tender methods",
            remedy="name the payment method in Odoo for cash at least, e.g. {cash: 1}",
        )


def _elsewhere(
    path: Path, entry: PriceListEntry | CustomerEntry | None, shop: Shop | None, declared: Declared
) -> Iterator[Problem]:
    """What a shop works with lives behind the shop's own connection; one that is not declared was told already."""
    if entry is None or shop is None or not {entry.connection, shop.connection} <= declared.of("connections"):
        return
    if entry.connection != shop.connection:
        text = f"{entry.id!r} lives behind the connection {entry.connection!r}, {shop.id!r} books through "
        yield Problem(path=path, text=text + repr(shop.connection), remedy="name one of the same connection")


def _tills(landscape: Landscape) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    points: dict[tuple[str, int], str] = {}
    for shop in landscape.shops.values():
        for till in shop.tills.values():
            path: Path = ("shops", shop.id, "tills", till.id)
            if till.id in seen:
                text = f"the till {till.id!r} stands in the shop {seen[till.id]!r} too"
                yield Problem(path=path, text=text, remedy="a till's id is unique in the landscape; rename one")
            seen.setdefault(till.id, shop.id)
            point = (shop.connection, till.pos_config)
            if point in points:
                text = f"the till {points[point]!r} has the same point of sale {till.pos_config} in Odoo"
                yield Problem(path=(*path, "pos_config"), text=text, remedy="give each till one of its own")
            points.setdefault(point, till.id)


def _consumer(consumer: Consumer, landscape: Landscape, declared: Declared) -> Iterator[Problem]:
    here: Path = ("consumers", consumer.id)
    if consumer.id == RESERVED_CONSUMER:
        yield Problem(path=here, text="this name is kept for operators' tokens", remedy="call the consumer otherwise")
    yield from refers((*here, "shop"), "shop", consumer.shop, declared.of("shops"))
    yield from refers((*here, "price_list"), "price list", consumer.price_list, declared.of("price_lists"))
    yield from refers((*here, "customer"), "customer", consumer.customer, declared.of("customers"))
    yield from identified(consumer, landscape, declared)
    yield from _time_box(here, consumer)
    yield from _scopes(here, consumer, declared)
    yield from _consumer_shops(here, consumer, declared)
    yield from _event_types((*here, "event_types"), consumer.event_types, declared)
    for api in consumer.quotas:
        if api != ALL_APIS:
            yield from refers((*here, "quotas", api), "interface", api, declared.of("apis"))
    yield from _same_connection(here, consumer, landscape, declared)


def _time_box(here: Path, consumer: Consumer) -> Iterator[Problem]:
    begins, ends = consumer.valid_from, consumer.valid_until
    if begins is not None and ends is not None and ends.isoformat()[:10] < begins.isoformat()[:10]:
        yield Problem(path=(*here, "valid_until"), text="lies before valid_from", remedy="exchange the two")


def _scopes(here: Path, consumer: Consumer, declared: Declared) -> Iterator[Problem]:
    for index, scope in enumerate(consumer.scopes):
        yield from refers((*here, "scopes", index), "interface", scope.split(":")[0], declared.of("apis"))
        if scope in consumer.scopes[:index]:
            yield Problem(path=(*here, "scopes", index), text=f"{scope!r} stands twice", remedy="keep one")
    if not consumer.event_types and any(scope.split(":")[0] in EVENT_APIS for scope in consumer.scopes):
        yield Problem(
            path=(*here, "event_types"),
            text="may ask for events and is allowed none",
            remedy='list the event types it may receive, or "*"',
        )


def _consumer_shops(here: Path, consumer: Consumer, declared: Declared) -> Iterator[Problem]:
    if consumer.shops is None and consumer.shop is None:
        text = "it is not said whose data it may touch"
        yield Problem(path=(*here, "shops"), text=text, remedy='add shops: "*", a list of ids, or []')
    if not isinstance(consumer.shops, tuple):
        return
    for index, shop in enumerate(consumer.shops):
        yield from refers((*here, "shops", index), "shop", shop, declared.of("shops"))
    if consumer.shop is not None and consumer.shop not in consumer.shops:
        text = f"its own shop {consumer.shop!r} is not among its shops"
        yield Problem(path=(*here, "shops"), text=text, remedy=f"add {consumer.shop} to shops")


def _same_connection(here: Path, consumer: Consumer, landscape: Landscape, declared: Declared) -> Iterator[Problem]:
    shop = landscape.shops.get(consumer.shop or "")
    price_list = landscape.price_lists.get(consumer.price_list or "")
    customer = landscape.customers.get(consumer.customer or "")
    yield from _elsewhere((*here, "price_list"), price_list, shop, declared)
    yield from _elsewhere((*here, "customer"), customer, shop, declared)


def _event_types(here: Path, types: Iterable[str], declared: Declared) -> Iterator[Problem]:
    if types == "*":
        return
    for index, event_type in enumerate(types):
        yield from refers((*here, index), "event type", event_type, declared.of("events"))


def _subscription(entry: SubscriptionEntry, landscape: Landscape, declared: Declared) -> Iterator[Problem]:
    here: Path = ("subscriptions", entry.id)
    yield from refers((*here, "consumer"), "consumer", entry.consumer, declared.of("consumers"))
    yield from _event_types((*here, "types"), entry.types, declared)
    consumer = landscape.consumers.get(entry.consumer)
    if consumer is None or consumer.event_types == "*":
        return
    for index, event_type in enumerate(entry.types):
        if event_type in declared.of("events") and event_type not in consumer.event_types:
            text = f"the consumer {consumer.id!r} may not receive {event_type!r}"
            yield Problem(path=(*here, "types", index), text=text, remedy=f"add it to {consumer.id}'s event_types")
