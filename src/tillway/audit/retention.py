"""How long evidence is kept, by class: whole months are made ahead and dropped; what is left stays verifiable."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from tillway.audit.callers import CALLS_KEPT
from tillway.audit.entry import Class
from tillway.audit.staging import SQL
from tillway.postgres import Database

KEPT: Final[Mapping[Class, timedelta]] = {
    # Who changed what may be done: as long as books are kept.
    "act": timedelta(days=3_653),
    # Who ordered and who sold: the time in which claims are usually made.
    "write": timedelta(days=1_096),
    # Who looked: enough to look into an incident, and no longer, because it tells of people's work.
    "read": timedelta(days=90),
    # Who was refused: a year of security history and a month to look at it.
    "refusal": timedelta(days=396),
}
"""An entry is kept at least so long; its month goes as a whole."""

# The usage census, by day: two seasons side by side.
USAGE_KEPT: Final = timedelta(days=762)

# Months of partitions made ahead: an outage of upkeep for weeks goes unnoticed by the sealer.
PARTITIONS_AHEAD: Final = 2


async def keep(db: Database, now: datetime) -> int:
    """Make months ahead and drop those past their time; how many were dropped. Idempotent, for any node."""
    await db.fetchval(SQL["ensure_partitions"], now, PARTITIONS_AHEAD)
    dropped = 0
    for name, kept in KEPT.items():
        dropped += await db.fetchval(SQL["drop_partitions"], name, now - kept)
    await db.fetch(SQL["forget_usage"], (now - USAGE_KEPT).date())
    await db.fetch(SQL["forget_calls"], (now - CALLS_KEPT).date())
    return dropped
