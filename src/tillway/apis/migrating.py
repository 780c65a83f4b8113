"""The ledger of a migration: who still calls a version, and who calls what follows it. Part of `operations.v1`."""

from __future__ import annotations

from typing import Any, Final

from tillway import audit
from tillway.audit import Caller
from tillway.errors import NotFound
from tillway.gateway import Answer, Ask, Handler
from tillway.governance import OBSERVED, numbered
from tillway.identity import devices
from tillway.landscape import Landscape
from tillway.postgres import Database

# Callers in one answer.
PAGE: Final = 500

# Parts a consumer and its device in `after`; no id has one.
_PARTED: Final = "/"


def bind(db: Database) -> dict[str, Handler]:
    """The handlers."""

    async def get_migration(ask: Ask) -> Answer:
        api, version = ask.path["api"], ask.path["version"]
        entry = ask.landscape.apis.get(api)
        life = None if entry is None else entry.versions.get(version)
        if life is None:
            raise NotFound(f"the landscape declares no {api}/{version}")
        since = (ask.now - OBSERVED).date()
        consumer, _, device = ask.query.get("after", "").partition(_PARTED)
        found = await audit.callers(
            db,
            api,
            int(version[1:]),
            since,
            successor=numbered(life.successor),
            after=(consumer, device),
            limit=PAGE,
        )
        tills = await devices.tills(db, [each.device for each in found if each.device])
        return Answer(
            200,
            {
                "version": f"{api}/{version}",
                "lifecycle": life.lifecycle,
                "deprecated": life.deprecated,
                "sunset": life.sunset,
                "successor": life.successor,
                "since": since,
                "callers": [told(each, ask.landscape, tills.get(each.device)) for each in found],
                "next": f"{found[-1].consumer}{_PARTED}{found[-1].device}" if len(found) == PAGE else None,
            },
        )

    return {"getMigration": get_migration}


def told(caller: Caller, landscape: Landscape, till: str | None) -> dict[str, Any]:
    """A caller with who answers for it. Pure."""
    consumer = landscape.consumers.get(caller.consumer)
    return {
        "consumer": caller.consumer,
        "owner": None if consumer is None else consumer.owner,
        "contact": None if consumer is None else consumer.contact,
        "device": caller.device or None,
        "shop": caller.shop or None,
        "till": till,
        "calls": caller.calls,
        "first_seen": caller.first_seen,
        "last_seen": caller.last_seen,
        "following_seen": caller.following_seen,
    }
