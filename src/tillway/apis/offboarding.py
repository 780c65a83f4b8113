"""Off-boarding a consumer, and the proof of it. Part of `operations.v1`."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from tillway import audit, governance, identity, subscriptions
from tillway.apis.access import act
from tillway.audit import Wanted
from tillway.errors import NotFound
from tillway.gateway import Answer, Ask, Handler
from tillway.governance.change import Node
from tillway.identity import Offboarding
from tillway.postgres import Database

# Entries of the audit that are looked through for calls that went through after an off-boarding.
LOOKED_MAX: Final = 500

# A fact that was kept for a person: 202, and no right was used.
_KEPT: Final = 202


def bind(db: Database) -> dict[str, Handler]:
    """The handlers."""

    async def offboard(ask: Ask) -> Answer:
        name = ask.path["id"]
        ending = tuple(each.id for each in await subscriptions.every(db) if each.consumer == name)
        if name not in ask.landscape.consumers and not ending and name not in await audit.last_calls(db):
            raise NotFound("nobody knows a consumer of this id")
        async with ask.transaction(db) as tx:
            left = await identity.offboard(tx, name, act(ask), subscriptions=ending)
            for each in ending:
                await subscriptions.remove(tx, each)
            answer = Answer(200, left)
            ask.settle(tx, answer)
        return answer

    async def get_offboarding(ask: Ask) -> Answer:
        left = await identity.offboarding(db, ask.path["id"])
        if left is None:
            raise NotFound("no consumer of this id was off-boarded")
        said = await identity.enforced(db, left.consumer)
        doors = [told_of(node, said.get(node.id), left) for node in await governance.drift.nodes(db) if node.alive]
        in_force = all(each["since"] is not None for each in doors)
        rows = await audit.search(db, Wanted(consumer=left.consumer, outcome="done", since=left.since), LOOKED_MAX)
        went = [row.entry.at for row in rows if row.entry.status != _KEPT and row.entry.at > left.since]
        since = max((each["since"] for each in doors), default=None) if in_force else None
        return Answer(
            200,
            msgspec.structs.asdict(left)
            | {
                "declared": left.consumer in ask.landscape.consumers,
                "in_force": in_force,
                "in_force_since": since,
                "nodes": doors,
                "calls_since": len(went),
                "last_call": max(went, default=None),
                "facts_kept": sum(row.entry.status == _KEPT for row in rows),
            },
        )

    return {"offboardConsumer": offboard, "getOffboarding": get_offboarding}


def told_of(node: Node, said: datetime | None, left: Offboarding) -> dict[str, Any]:
    """A process and since when it refuses a consumer; one that began later did so from its first moment. Pure."""
    since = node.started_at if said is None and node.started_at > left.since else said
    return {"id": str(node.id), "kind": node.kind, "host": node.host, "since": since}
