"""A sealer and what it seals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.pure.audit.evidence import NODE, START, entry, sign, unsign

from tillway import ids
from tillway.audit import Entry, Sealer, Verified, staging, verify
from tillway.postgres import Database

OTHER = ids.named("node", "other")
LATER = datetime(2026, 11, 23, 12, tzinfo=UTC)

__all__ = ["LATER", "NODE", "OTHER", "START", "entry", "holder", "sealed", "sign", "stage", "verified"]


async def stage(db: Database, *entries: Entry) -> None:
    for each in entries:
        async with db.transaction() as tx:
            tx.stage(staging(each))


async def holder(db: Database) -> Sealer:
    """A sealer that holds the lease."""
    sealer = Sealer(db, NODE, sign, lease_seconds=60)
    assert await sealer.lease()
    return sealer


async def sealed(db: Database, *entries: Entry, anchored: bool = True) -> Sealer:
    """These entries, sealed and anchored."""
    sealer = await holder(db)
    await stage(db, *entries)
    while await sealer.step():
        pass
    if anchored:
        assert await sealer.anchor(due=True)
    return sealer


async def verified(db: Database, *, limit: int = 10_000, now: datetime | None = None) -> Verified:
    """The whole walk, page by page."""
    after = 0
    while True:
        page = await verify(db, after=after, limit=limit, unsign=unsign, now=now or datetime.now(UTC) + timedelta(0))
        if page.following is None:
            return page
        after = page.following
