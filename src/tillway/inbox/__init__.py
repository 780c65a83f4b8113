"""Receive notifications: the outside says that something changed, and we look for ourselves."""

from __future__ import annotations

from tillway.inbox import sources
from tillway.inbox.erasing import PERSONAL
from tillway.inbox.hearing import Domains, Inbox
from tillway.inbox.notice import BODY_BYTES_MAX
from tillway.inbox.nudges import CHANNEL, Nudge, Told, nudging, take, told

__all__ = [
    "BODY_BYTES_MAX",
    "CHANNEL",
    "PERSONAL",
    "Domains",
    "Inbox",
    "Nudge",
    "Told",
    "nudging",
    "sources",
    "take",
    "told",
]
