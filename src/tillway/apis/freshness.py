"""How fresh each domain is, against what its flows were promised. Part of `operations.v1`."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from tillway import observe
from tillway.gateway import Answer, Ask, Handler
from tillway.landscape import Landscape
from tillway.observe import DomainFreshness
from tillway.postgres import Database

# A consumer that was not seen for a month does not need it at once.
DAYS: Final = 30


def bind(db: Database) -> dict[str, Handler]:
    """The handlers."""

    async def get_freshness(ask: Ask) -> Answer:
        days = ask.query.get("days", DAYS)
        found = await observe.fresh(db, ask.landscape, ask.now, days=days)
        return Answer(200, {"at": ask.now, "days": days, "domains": [_told(each, ask.landscape) for each in found]})

    return {"getFreshness": get_freshness}


def _told(found: DomainFreshness, landscape: Landscape) -> dict[str, Any]:
    measured = []
    for each in found.measured:
        told = msgspec.structs.asdict(each)
        del told["domain"]
        shops = () if each.connection is None else landscape.shops_of(each.connection)
        measured.append(told | {"shops": [shop.id for shop in shops]})
    return msgspec.structs.asdict(found) | {"measured": measured}
