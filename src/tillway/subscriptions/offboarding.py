"""Subscriptions of consumers that left the landscape: told nothing at once, ended for good a week later.

A consumer can leave by mistake, and putting it back must not cost it its subscriptions: their secrets were shown once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from tillway.landscape import Landscape
from tillway.postgres import Database
from tillway.subscriptions import registry
from tillway.subscriptions.statements import SQL

OFF_BOARDED: Final = "its consumer is not in the landscape any more"
"""Why such a subscription is switched off."""

KEPT: Final = timedelta(days=7)
"""How long it can come back: somebody looks at what was published within a week."""


async def off_board(db: Database, landscape: Landscape) -> None:
    """Switch off what belongs to nobody any more, and on again what belongs to somebody who is back.

    Only when the landscape changes: two nodes that do not know the same one yet would undo each other's work.
    """
    declared = sorted(landscape.consumers)
    async with db.transaction() as tx:
        changed = await tx.fetch(SQL["off_board"], declared, OFF_BOARDED)
        changed += await tx.fetch(SQL["back_on_board"], declared, OFF_BOARDED)
        if changed:
            tx.nudge(registry.CHANGED_CHANNEL)


async def end_off_boarded(db: Database, now: datetime) -> None:
    """End those whose consumer has been gone for long: their place in the journal and what they parked go with them."""
    for row in await db.fetch(SQL["off_boarded"], OFF_BOARDED, now - KEPT):
        async with db.transaction() as tx:
            await registry.remove(tx, row["id"])
