"""Readings that somebody asks for: part of `operations.v1`."""

from __future__ import annotations

from typing import Any

import msgspec

from tillway import inbox
from tillway.apis.reconciling import named_connection
from tillway.gateway import Answer, Ask, Handler
from tillway.postgres import Database
from tillway.records import Synced, reading_all, synced


def bind(db: Database) -> dict[str, Handler]:
    """The handlers."""

    async def start_sync(ask: Ask) -> Answer:
        domain = ask.body["domain"]
        connection = named_connection(ask.landscape, ask.body.get("connection"), None)
        async with ask.transaction(db) as tx:
            if ask.body["mode"] == "full":
                reading_all(tx, connection, domain)
            tx.stage(inbox.nudging(connection, domain))
            known = {(each.connection, each.domain): each for each in await synced(tx)}
            never = Synced(
                connection=connection, domain=domain, loaded=False, read_at=None, begun_at=None, ended_at=None
            )
            answer = Answer(202, told(known.get((connection, domain), never)))
            ask.settle(tx, answer)
        return answer

    async def list_syncs(_ask: Ask) -> Answer:
        return Answer(200, {"syncs": [told(each) for each in await synced(db)]})

    return {"startSync": start_sync, "listSyncs": list_syncs}


def told(found: Synced) -> dict[str, Any]:
    """As it is answered. Pure."""
    return msgspec.structs.asdict(found) | {"under_way": found.begun_at is not None}
