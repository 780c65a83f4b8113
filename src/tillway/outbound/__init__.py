"""The only way out: HTTP calls with guarded addresses, one deadline each and an outcome that is never guessed."""

from __future__ import annotations

from .breaker import Breakers
from .client import Client
from .erasing import PERSONAL
from .exchange import Limits, Reply, Request
from .governor import LEASE_SECONDS, Gate, Governed, InMemory, InPostgres, Pace, Terms, ceiling, governed
from .reach import Reach, origin, reach

__all__ = [
    "LEASE_SECONDS",
    "PERSONAL",
    "Breakers",
    "Client",
    "Gate",
    "Governed",
    "InMemory",
    "InPostgres",
    "Limits",
    "Pace",
    "Reach",
    "Reply",
    "Request",
    "Terms",
    "ceiling",
    "governed",
    "origin",
    "reach",
]
