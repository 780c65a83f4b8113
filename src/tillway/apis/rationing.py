"""How calls to the back offices are rationed. Part of `operations.v1`."""

from __future__ import annotations

from typing import Any

from tillway.gateway import Answer, Ask, Handler
from tillway.outbound import Governed, governed
from tillway.postgres import Database
from tillway.retail import Criticality


def bind(db: Database) -> dict[str, Handler]:
    """The handlers."""

    async def list_permits(_ask: Ask) -> Answer:
        return Answer(200, {"connections": [told(each) for each in await governed(db)]})

    return {"listPermits": list_permits}


def told(state: Governed) -> dict[str, Any]:
    """One connection in the words of the contract. Pure."""
    return {
        "connection": state.connection,
        "ceiling": state.ceiling,
        "limit": state.limit,
        "held": state.held,
        "processes": state.processes,
        "running": round(state.running, 2),
        "latency_ms": round(state.latency * 1000, 1),
        "slow": round(state.slow, 2),
        "waiting": by_class(state.waiting),
        "calls": by_class(state.calls),
        "refused": state.refused,
        "left_alone": state.left_alone,
    }


def by_class(counts: tuple[int, ...]) -> dict[str, int]:
    """A number for each criticality, by its name. Pure."""
    return {each.name.lower(): counts[each] for each in Criticality}
