"""Processes that wait for a person, looked at and acted on: part of `operations.v1`."""

from __future__ import annotations

from typing import Any

from tillway import clock, processes
from tillway.apis.acts import note
from tillway.gateway import Answer, Ask, Handler
from tillway.postgres import Database
from tillway.processes import ExceptionItem, Flows


def bind(db: Database) -> dict[str, Handler]:
    """The handlers."""
    known = processes.flows(db)

    async def list_exceptions(_ask: Ask) -> Answer:
        return Answer(200, {"exceptions": [told(item, known) for item in await processes.exceptions(db)]})

    async def get_exception(ask: Ask) -> Answer:
        item = await processes.exception(db, ask.path["id"])
        steps = await processes.transitions(db, item.id)
        return Answer(200, {"exception": told(item, known), "transitions": steps})

    async def act_on_exception(ask: Ask) -> Answer:
        async with ask.transaction(db) as tx:
            done = await processes.act(tx, known, ask.path["id"], ask.body["action"], note=note(ask))
            answer = Answer(
                200,
                {
                    "id": done.id,
                    "process": done.process,
                    "subject": done.subject,
                    "action": done.action,
                    "state": done.state,
                    "at": clock.iso(ask.now),
                },
            )
            ask.settle(tx, answer)
        return answer

    return {"listExceptions": list_exceptions, "getException": get_exception, "actOnException": act_on_exception}


def told(item: ExceptionItem, known: Flows) -> dict[str, Any]:
    """An exception as people see it, with what they may do about it. Pure."""
    return {
        "id": item.id,
        "process": item.definition,
        "state": item.state,
        "subject": item.subject,
        "code": item.exception_code or "",
        "detail": item.exception_detail or "",
        "owner": item.owner,
        "since": item.exception_at,
        "deadline": item.deadline,
        "money_at_risk": item.money_at_risk,
        "currency": item.currency,
        "correlation": item.correlation,
        "actions": processes.actions(known, item.definition, item.version),
    }
