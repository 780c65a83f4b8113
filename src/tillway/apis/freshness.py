"""How fresh each domain is, against what its flows were promised. Part of `operations.v1`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from tillway import observe
from tillway.gateway import Answer, Ask, Handler
from tillway.landscape import Landscape
from tillway.observe import DomainFreshness, Measured
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
        measured.append(told | {"shops": _shops(each, found.measured, landscape)})
    return msgspec.structs.asdict(found) | {"measured": measured}


def _shops(of: Measured, every: Iterable[Measured], landscape: Landscape) -> list[str]:
    """Which shops depend on it. Where companies are read by themselves, as `stock/2`, each one's shops on theirs."""
    if of.connection is None:
        return []
    company = _company(of)
    elsewhere = {_company(each) for each in every if each.connection == of.connection} - {""}
    shops = landscape.shops_of(of.connection)
    return [
        shop.id for shop in shops if (str(shop.company) == company if company else str(shop.company) not in elsewhere)
    ]


def _company(of: Measured) -> str:
    return of.name.partition("/")[2] if of.kind != "follower" else ""
