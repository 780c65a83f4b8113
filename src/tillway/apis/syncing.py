"""Readings that somebody asks for: part of `operations.v1`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from tillway import inbox
from tillway.apis.reconciling import named_connection
from tillway.errors import Invalid, Violation
from tillway.gateway import Answer, Ask, Handler
from tillway.postgres import Database
from tillway.records import NEEDED, Synced, reading_all, synced


def bind(db: Database) -> dict[str, Handler]:
    """The handlers."""

    async def start_sync(ask: Ask) -> Answer:
        domain = ask.body["domain"]
        connection = named_connection(ask.landscape, ask.body.get("connection"), None)
        async with ask.transaction(db) as tx:
            if ask.body["mode"] == "full":
                reading_all(tx, connection, domain)
            tx.stage(inbox.nudging(connection, domain))
            answer = Answer(202, told(_state(await synced(tx), connection, domain)))
            ask.settle(tx, answer)
        return answer

    async def list_syncs(_ask: Ask) -> Answer:
        return Answer(200, {"syncs": [told(each) for each in await synced(db)]})

    return {"startSync": start_sync, "listSyncs": list_syncs}


def _state(known: Sequence[Synced], connection: str, domain: str) -> Synced:
    """How far a domain was read, one of its companies where it is read company by company (`stock/2`). Invalid for one
    that this back office was never read for, and that the hub can do without: perhaps it lacks the module.
    """
    parts = [each for each in known if (each.connection, each.domain.partition("/")[0]) == (connection, domain)]
    if parts:
        return msgspec.structs.replace(min(parts, key=lambda each: each.domain), domain=domain)
    if domain not in NEEDED:
        detail = f"{domain} were never read of {connection}; see `tillway doctor` for what it lacks"
        raise Invalid(violations=(Violation(pointer="/domain", detail=detail, rule="read"),))
    return Synced(connection=connection, domain=domain, loaded=False, read_at=None, begun_at=None, ended_at=None)


def told(found: Synced) -> dict[str, Any]:
    """As it is answered. Pure."""
    return msgspec.structs.asdict(found) | {"under_way": found.begun_at is not None}
