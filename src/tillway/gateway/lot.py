"""Permits in hand: what one node holds of one consumer's quota of one API. Pure; times are seconds of its own clock.

A lot is spent in memory. When it is empty or too old, the next block is leased (`quota.py`), and what was left goes
back with that very request: it leaves the lot before it is told, so it can never be spent as well.
"""

from __future__ import annotations

import math
from typing import Final

from tillway.gateway.ledger import SECOND, Block, Policy

_NEVER: Final = -math.inf


class Lot:
    """A node's permits. One for each consumer and API that asked here."""

    __slots__ = ("asking", "full", "lease", "left", "level", "policy", "rest", "retry_at", "silent_until", "until")

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.lease = ""
        self.left = 0
        self.until = _NEVER
        self.silent_until = _NEVER
        self.retry_at = _NEVER
        self.full = ""
        self.level = 0
        self.rest = 0
        self.asking = 0

    def take(self, now: float) -> bool:
        """Spend one permit, if one is in hand."""
        if self.left and now < self.until:
            self.left -= 1
            return True
        return False

    def refused(self, now: float) -> bool:
        """Whether asking is known to be in vain."""
        return now < self.silent_until

    def emptied(self) -> tuple[str, int]:
        """The lease to settle and its unspent permits, which are out of reach from now on; no lease: nothing."""
        told = self.lease, self.left
        self.lease, self.left = "", 0
        return told

    def filled(self, block: Block, asked_at: float) -> None:
        """Take over what a lease brought. `asked_at` is when it was asked for: the ledger's clock began later."""
        self.level, self.rest, self.full = block.level, block.left, block.full
        if block.permits:
            self.lease, self.left = block.lease, block.permits
            self.until = asked_at + block.valid / SECOND
            self.silent_until = _NEVER
        else:
            self.silent_until = asked_at + block.again / SECOND
            self.retry_at = asked_at + block.retry / SECOND
