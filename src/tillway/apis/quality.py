"""What is wrong with master data: part of `operations.v1`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from tillway.gateway import Answer, Ask, Handler
from tillway.landscape import Landscape
from tillway.postgres import Database
from tillway.records import findings
from tillway.records.findings import Found, Look

DEFAULT_LIMIT: Final = 100


def bind(db: Database) -> dict[str, Handler]:
    """The handler."""

    async def list_data_findings(ask: Ask) -> Answer:
        query = ask.query
        look = Look(
            connection=query.get("connection"),
            kind=query.get("kind"),
            sku=query.get("sku"),
            ended=query.get("ended", False),
            after=query.get("after", 0),
        )
        limit = query.get("limit", DEFAULT_LIMIT)
        found = await findings.page(db, look, limit)
        counted = await findings.counted(db, look.connection)
        return Answer(
            200,
            {
                "findings": [told(each, steward(ask.landscape, each.domain), ask.now) for each in found],
                "open": [{"kind": kind, "count": count} for kind, count in counted.items()],
                "next": found[-1].id if len(found) == limit else None,
            },
        )

    return {"listDataFindings": list_data_findings}


def steward(landscape: Landscape, domain: str) -> str:
    """Who answers for the quality of products or customers: the steward of the interface of that name. Pure."""
    api = landscape.apis.get(domain)
    if api is None:
        return landscape.defaults.owner or landscape.organisation.name
    return api.steward or api.owner


def told(found: Found, owner: str, now: datetime) -> dict[str, Any]:
    """A finding as it is answered, with its owner and age. Pure."""
    age = ((found.ended_at or now) - found.found_at).total_seconds()
    return msgspec.structs.asdict(found) | {"owner": owner, "age_seconds": max(0, int(age))}
