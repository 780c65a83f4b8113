"""Subscriptions: `subscriptions.v1`."""

from __future__ import annotations

from typing import Any

from tillway import subscriptions
from tillway.errors import Forbidden
from tillway.gateway import Answer, Ask, Handler
from tillway.postgres import Database
from tillway.subscriptions import Standing, Subscription


def bind(db: Database) -> dict[str, Handler]:
    """The handlers of this document."""

    async def create_subscription(ask: Ask) -> Answer:
        _not_for_devices(ask)
        made = subscriptions.ask(
            ask.landscape,
            consumer=ask.grant.consumer,
            types=ask.body["types"],
            url=ask.body["delivery"]["url"],
            now=ask.now,
        )
        headers = (("Location", f"/subscriptions/v1/subscriptions/{made.id}"),)
        async with ask.transaction(db) as tx:
            subscriptions.create(tx, made)
            # Kept without its secret: that is shown once, and a stored answer is no place for it.
            ask.settle(tx, Answer(201, told(made, "active"), headers))
        return Answer(201, told(made, "active") | {"secret": made.secrets[0]}, headers)

    async def get_subscription(ask: Ask) -> Answer:
        _not_for_devices(ask)
        found = await subscriptions.get(db, ask.path["id"], consumer=ask.grant.consumer)
        return Answer(200, told(found, await subscriptions.standing(db, found)))

    async def delete_subscription(ask: Ask) -> Answer:
        _not_for_devices(ask)
        async with ask.transaction(db) as tx:
            await subscriptions.remove(tx, ask.path["id"], consumer=ask.grant.consumer)
        return Answer(204)

    return {
        "createSubscription": create_subscription,
        "getSubscription": get_subscription,
        "deleteSubscription": delete_subscription,
    }


def _not_for_devices(ask: Ask) -> None:
    """A subscription is told what its consumer may be told, which is more than one shop's."""
    if ask.device is not None:
        raise Forbidden("a device has no subscriptions of its own", remedy="read the feed, which is cut to its shop")


def told(subscription: Subscription, standing: Standing) -> dict[str, Any]:
    """A subscription as its consumer sees it, without its secret. Pure."""
    return {
        "id": subscription.id,
        "types": subscription.types,
        "delivery": {"kind": subscription.kind, "url": subscription.url},
        "status": standing,
        "created_at": subscription.created_at,
    }
