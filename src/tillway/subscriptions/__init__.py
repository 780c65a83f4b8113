"""Who gets which events: asked for or declared, selected by what the landscape grants, delivered signed.

A subscription is a follower of the journal that delivers: at least once, with the event's id, in order per key.
"""

from __future__ import annotations

from tillway.subscriptions.attempts import Delivery, deliveries
from tillway.subscriptions.erasing import PERSONAL
from tillway.subscriptions.judging import SCHEDULE
from tillway.subscriptions.registry import (
    CHANGED_CHANNEL,
    Standing,
    adopt,
    create,
    disable,
    every,
    get,
    remove,
    resume,
    resuming,
    rotate,
    standing,
)
from tillway.subscriptions.selection import recipient, told, visible, wire
from tillway.subscriptions.signing import headers, new_secret, sign
from tillway.subscriptions.subscription import Subscription, ask, current, follower_name
from tillway.subscriptions.webhooks import Webhooks, declared_secrets, followers

__all__ = [
    "CHANGED_CHANNEL",
    "PERSONAL",
    "SCHEDULE",
    "Delivery",
    "Standing",
    "Subscription",
    "Webhooks",
    "adopt",
    "ask",
    "create",
    "current",
    "declared_secrets",
    "deliveries",
    "disable",
    "every",
    "follower_name",
    "followers",
    "get",
    "headers",
    "new_secret",
    "recipient",
    "remove",
    "resume",
    "resuming",
    "rotate",
    "sign",
    "standing",
    "told",
    "visible",
    "wire",
]
