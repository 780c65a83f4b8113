"""The only way out: HTTP calls with guarded addresses, one deadline each and an outcome that is never guessed."""

from __future__ import annotations

from .breaker import Breakers
from .client import Client
from .exchange import Limits, Reply, Request
from .reach import Reach, origin, reach

__all__ = [
    "Breakers",
    "Client",
    "Limits",
    "Reach",
    "Reply",
    "Request",
    "origin",
    "reach",
]
