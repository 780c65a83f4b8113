"""Subscriptions as kept: made, looked at, switched off and on, removed. Their followers begin and end with them."""

from __future__ import annotations

from typing import Any, Final, Literal

from tillway import journal
from tillway.errors import Conflict, NotFound
from tillway.landscape import Landscape
from tillway.masking import remember_secret
from tillway.postgres import Database, Part, Tx
from tillway.subscriptions.signing import new_secret
from tillway.subscriptions.statements import SQL
from tillway.subscriptions.subscription import Subscription, follower_name, from_row, sealed_secrets

# Told after a subscription was made, changed or removed; works nodes listen.
CHANGED_CHANNEL: Final = "subscriptions_changed"

# Secrets that sign at once: the one in use and the one before it, while the receiver changes over.
SECRETS_KEPT: Final = 2

Standing = Literal["active", "held", "suspended"]


def create(tx: Tx, subscription: Subscription) -> None:
    """Keep a subscription made by `ask`; it follows from the position of this transaction on."""
    for secret in subscription.secrets:
        remember_secret(secret)
    args = (
        subscription.id,
        subscription.consumer,
        list(subscription.types),
        subscription.kind,
        subscription.url,
        sealed_secrets(subscription.id, subscription.secrets),
        subscription.created_at,
    )
    tx.stage(Part("subscriptions_create", SQL["create"], args, wakes=CHANGED_CHANNEL))
    tx.stage(journal.enrolling(subscription.follower))


async def get(db: Any, subscription: str, *, consumer: str | None = None) -> Subscription:
    """One subscription. NotFound when there is none, or it is another's (`consumer` None: anybody's)."""
    row = await db.fetchrow(SQL["one"], subscription)
    if row is None or consumer not in (None, row["consumer"]):
        raise NotFound("there is no such subscription")
    return from_row(row)


async def every(db: Any) -> tuple[Subscription, ...]:
    """All subscriptions kept, by id; what the landscape declared once is among them."""
    return tuple(from_row(row) for row in await db.fetch(SQL["all"]))


async def standing(db: Any, subscription: Subscription) -> Standing:
    """How a subscription does: told, held back while its receiver fails, or switched off."""
    if subscription.status == "disabled":
        return "suspended"
    states = await journal.follower_states(db)
    held = any(state.name == subscription.follower and state.held_for is not None for state in states)
    return "held" if held else "active"


async def remove(tx: Tx, subscription: str, *, consumer: str | None = None) -> None:
    """End a subscription for good: its place in the journal and what it parked go with it.

    NotFound as `get`; Conflict for one that the landscape declares, unless nobody in particular asks (off-boarding).
    """
    found = await get(tx, subscription, consumer=consumer)
    if found.origin == "landscape" and consumer is not None:
        raise Conflict("this subscription is declared in the landscape", remedy="remove it there")
    await tx.execute(SQL["remove"], subscription)
    await journal.unfollow(tx, found.follower)
    tx.nudge(CHANGED_CHANNEL)


async def disable(db: Database, subscription: str, reason: str) -> None:
    """Switch a subscription off; it keeps its place in the journal."""
    await _switch(db, subscription, "disabled", reason)


async def resume(db: Database, subscription: str) -> None:
    """Switch a subscription on again, or end its hold now; it goes on where it was. NotFound when there is none."""
    async with db.transaction() as tx:
        await resuming(tx, subscription)


async def resuming(tx: Tx, subscription: str) -> Subscription:
    """As `resume`, in the caller's transaction; the subscription as it was."""
    found = await get(tx, subscription)
    tx.stage(Part("subscriptions_status", SQL["set_status"], (subscription, "active", None), wakes=CHANGED_CHANNEL))
    tx.stage(journal.resuming(found.follower))
    return found


async def rotate(db: Database, subscription: str, *, consumer: str | None = None) -> str:
    """A new secret, which is answered; deliveries are signed with it and the one before. NotFound as `get`.

    Conflict for one that the landscape declares: its secret is where the landscape says.
    """
    found = await get(db, subscription, consumer=consumer)
    if found.origin == "landscape":
        raise Conflict("the secret of this subscription is kept by the landscape", remedy="change it there")
    secret = new_secret()
    remember_secret(secret)
    async with db.transaction() as tx:
        kept = sealed_secrets(subscription, [secret, *found.secrets][:SECRETS_KEPT])
        tx.stage(Part("subscriptions_rotate", SQL["rotate"], (subscription, kept), wakes=CHANGED_CHANNEL))
    return secret


async def adopt(db: Database, landscape: Landscape) -> None:
    """Have a row and a follower for everything the landscape declares. What it declares no more keeps its place.

    What is new or was changed is tried at once, however long its receiver was given up for.
    """
    for entry in landscape.subscriptions.values():
        args = (entry.id, entry.consumer, list(entry.types), entry.delivery.kind, entry.delivery.url)
        async with db.transaction() as tx:
            tx.stage(journal.enrolling(follower_name(entry.id)))
            if await tx.fetchval(SQL["adopt"], *args) is not None:
                tx.stage(journal.resuming(follower_name(entry.id)))


async def mark(db: Any) -> str:
    """A text that changes whenever a subscription was made, changed or removed; one tiny read."""
    value: str = await db.fetchval(SQL["mark"])
    return value


async def _switch(db: Database, subscription: str, status: str, reason: str | None) -> None:
    async with db.transaction() as tx:
        tx.stage(Part("subscriptions_status", SQL["set_status"], (subscription, status, reason), wakes=CHANGED_CHANNEL))
