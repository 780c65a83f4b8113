"""A connection's budget: how often all nodes together ask one ERP. Leased like a quota, but waited for.

The ledger is the quotas' own, under a name that no consumer can have.
"""

from __future__ import annotations

import asyncio
import math
from typing import Final

from tillway import clock, ids
from tillway.errors import OutcomeUnknown, TryAgain
from tillway.gateway import leasing
from tillway.gateway.ledger import Policy
from tillway.gateway.lot import Lot
from tillway.postgres import Database

_API: Final = "calls"
_ZONE: Final = "UTC"  # a budget has no day


class Budget:
    """The calls a second of one connection. For one asyncio loop; each node has its own and leases its part."""

    def __init__(self, database: Database, connection: str, per_second: float) -> None:
        self._database = database
        self._connection = connection
        self._lot = Lot(Policy(max(1, round(per_second * 1000)), max(1, math.ceil(per_second)), 0))
        self._leasing = asyncio.Lock()

    async def spend(self, seconds: float) -> None:
        """One call's permit, waited for. TryAgain when there is none within `seconds`, or nobody can count."""
        lot, until = self._lot, clock.monotonic() + seconds
        lot.asking += 1
        try:
            while not lot.take(now := clock.monotonic()):
                if now >= until:
                    raise TryAgain("the connection's budget of calls is used up until the deadline")
                if lot.refused(now):
                    await asyncio.sleep(min(lot.silent_until, until) - now)
                else:
                    await self._leased()
        finally:
            lot.asking -= 1

    async def _leased(self) -> None:
        """Lease a block, unless another call of this node did while this one waited for its turn to ask."""
        async with self._leasing:
            lot, asked_at = self._lot, clock.monotonic()
            if (lot.left and asked_at < lot.until) or lot.refused(asked_at):
                return
            settle, unspent = lot.emptied()
            wanted = leasing.Wanted(
                consumer=f"connection:{self._connection}",
                api=_API,
                policy=lot.policy,
                zone=_ZONE,
                settle=settle,
                unspent=unspent,
                lease=str(ids.new()),
                waiting=lot.asking,
            )
            try:
                lot.filled(await leasing.exchange(self._database, wanted), asked_at)
            except OutcomeUnknown as error:
                raise TryAgain("the connection's budget could not be counted just now") from error
