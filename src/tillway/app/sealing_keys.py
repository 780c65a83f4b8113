"""The data keys that seal what is kept: the next one made by hand, and how they do, for `tillway doctor`."""

from __future__ import annotations

import getpass
import os
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from tillway import audit, clock, ids, settings
from tillway.app.findings import Finding
from tillway.app.hub import running
from tillway.app.sealed import masters_of
from tillway.audit import Entry
from tillway.errors import TillwayError
from tillway.identity import data_keys
from tillway.identity.data_keys import KEY_AGE, PUBLISHED_BEFORE, Standing
from tillway.masking import scrub
from tillway.postgres import Database
from tillway.settings import Settings

OVERDUE: Final = timedelta(days=2)
"""A data key that should have had a successor for so long: nobody makes keys any more."""


async def rotate(state: Path, reason: str) -> tuple[str, datetime]:
    """Make the next data key of a running hub; its id, and when it seals everywhere. Told of in the audit."""
    given, found, now = replace(settings.read(os.environ), state=state), running(state), clock.now()
    masters = masters_of(given)
    async with (
        Database(found.database_url, "sealing keys") as db,
        db.transaction(closing=lambda: audit.staging(_entry(reason, now))) as tx,
    ):
        made = await data_keys.rotate(tx, masters, now)
    return made, now + PUBLISHED_BEFORE


async def sealing_finding(db: Database, given: Settings) -> Finding:
    """Whether the key is here, opens everything, and the data keys are renewed."""
    try:
        found = await data_keys.standing(db, masters_of(given))
    except TillwayError as error:
        return Finding(what="sealing", well=False, seen=error.detail, remedy=error.remedy)
    return judged(found, clock.now())


def judged(found: Standing, now: datetime) -> Finding:
    """What to say of the data keys. Pure."""
    if found.youngest_at is None:
        return Finding(what="sealing", well=False, seen="nothing is sealed yet", remedy="start the hub once")
    age = now - found.youngest_at
    seen = f"{found.keys} keys, the youngest {age.days} days old"
    if found.stale:
        seen += f"; {found.stale} lie under an older master key"
        remedy = "is a works process running with the new file? It seals them anew within two minutes"
        return Finding(what="sealing", well=False, seen=seen, remedy=remedy)
    late = age > KEY_AGE + OVERDUE
    remedy = "is a works process running? It makes one every 30 days; or `tillway rotate-sealing-key`" if late else ""
    return Finding(what="sealing", well=not late, seen=seen, remedy=remedy)


def _entry(reason: str, now: datetime) -> Entry:
    return Entry(
        kind_of="act",
        at=now,
        node=ids.new(),
        operation="rotateSealingKey",
        status=200,
        network="loopback",
        release="-",
        principal="operator",
        kind="operator",
        api="operations",
        correlation=str(ids.new()),
        personal=msgspec.json.encode({"reason": scrub(reason), "user": getpass.getuser()}).decode(),
    )
