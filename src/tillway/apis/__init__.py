"""The operations: one file per OpenAPI document, binding each `operationId` to the rooms below."""

from __future__ import annotations

from typing import NamedTuple

from tillway import contracts
from tillway.apis import (
    access,
    auditing,
    changes,
    consumers,
    customers,
    deciding,
    devices,
    erasure,
    events,
    exceptions,
    freshness,
    hooking,
    loyalty,
    migrating,
    offboarding,
    operations,
    order_changes,
    orders,
    parked,
    payments,
    pos,
    prices,
    products,
    promotions,
    quality,
    quarantined,
    rationing,
    reconciling,
    releasing,
    returns,
    revealing,
    shipments,
    stock,
    stock_notices,
    stores,
    subscribing,
    syncing,
    taxes,
    tending,
)
from tillway.apis.following import Following
from tillway.gateway import Handler, Leaving
from tillway.governance import Read
from tillway.governance.releases import Sign, Unsign
from tillway.journal import Tail
from tillway.postgres import Database
from tillway.records import Shelf
from tillway.retail import Offices

__all__ = ["Releases", "bindings"]


class Releases(NamedTuple):
    """What releases are made with: the texts that this process read of its files, and the hub's signature."""

    texts: Read
    sign: Sign
    unsign: Unsign


def bindings(
    *, db: Database, tail: Tail, shelf: Shelf, leaving: Leaving, releases: Releases, offices: Offices, hub: str = ""
) -> dict[str, Handler]:
    """Every operation's handler, by its id. `leaving` is the one the door is built with; `offices` answer what cannot
    be told from records.
    """
    proposing = changes.Proposing(db, releases.texts)
    following = Following(db, tail, leaving)
    return {
        **products.bind(db, shelf, following),
        **stores.bind(),
        **taxes.bind(db, shelf),
        **prices.bind(db, shelf, offices),
        **orders.bind(db, shelf, offices),
        **order_changes.bind(db, shelf, offices),
        **payments.bind(db),
        **returns.bind(db),
        **loyalty.bind(db, offices),
        **promotions.bind(db),
        **stock.bind(db, shelf),
        **stock_notices.bind(db, shelf),
        **pos.bind(db, contracts.load().document("pos")),
        **shipments.bind(db),
        **events.bind(following),
        **subscribing.bind(db),
        **operations.bind(db, tail, following, leaving),
        **parked.bind(db),
        **exceptions.bind(db),
        **tending.bind(db, tail),
        **hooking.bind(db, offices, hub),
        **freshness.bind(db),
        **quarantined.bind(db, contracts.load().document("pos")),
        **rationing.bind(db),
        **access.bind(db),
        **devices.bind(db),
        **auditing.bind(db),
        **erasure.bind(db),
        **revealing.bind(db),
        **deciding.bind(),
        **migrating.bind(db),
        **changes.bind(db, proposing),
        **releasing.bind(db, proposing, releases.sign, releases.unsign),
        **consumers.bind(db),
        **customers.bind(db, offices),
        **reconciling.bind(db),
        **syncing.bind(db),
        **quality.bind(db),
        **offboarding.bind(db),
    }
