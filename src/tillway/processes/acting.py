"""What a person does about an exception: only what the table of its flow allows, in one transaction, told with why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from tillway.errors import Conflict, Invalid, NotFound, Violation
from tillway.postgres import Database, Tx
from tillway.processes import deciding
from tillway.processes.backoffice import OrderPlace, TillPlace
from tillway.processes.definition import EXCEPTION, Definition
from tillway.processes.engine import DUE_CHANNEL, SQL
from tillway.processes.every import every
from tillway.retail import Office

Flows = Mapping[tuple[str, int], Definition]


class Acted(msgspec.Struct, frozen=True, kw_only=True):
    """What was done: the instance went from the exception to `state`."""

    id: str
    process: str
    subject: str
    action: str
    state: str


def flows(db: Database) -> Flows:
    """The flows of this release by name and version, for those who read their tables and run no step."""
    nowhere = _Nowhere()
    return {(each.name, each.version): each for each in every(db, nowhere)}


def actions(known: Flows, process: str, version: int) -> tuple[str, ...]:
    """What a person may do about an exception of this flow; nothing where this release does not know it."""
    definition = known.get((process, version))
    return () if definition is None else deciding.allowed(definition)


async def act(tx: Tx, known: Flows, instance: str, action: str, *, note: str) -> Acted:
    """Let an exception go on by one of its actions; `note` says who and why.

    NotFound without such an instance, Conflict when it waits for nobody (any more) or its flow is another release's,
    Invalid for an action that its table does not allow.
    """
    row = await tx.fetchrow(SQL["instance_by_id"], _id(instance))
    if row is None:
        raise NotFound("no process has this id", remedy="see what waits with `tillway process list`")
    definition = known.get((row["definition"], row["version"]))
    if definition is None:
        raise Conflict(f"{row['definition']} {row['version']} is of another release", remedy="act on a node of it")
    allowed = deciding.allowed(definition)
    if action not in allowed:
        detail = f"{definition.name} allows {', '.join(allowed)}"
        raise Invalid(violations=(Violation(pointer="/action", detail=detail, rule="action"),))
    target = await _go_on(tx, definition, row, action, note)
    return Acted(id=instance, process=definition.name, subject=row["subject"], action=action, state=target)


async def signal(db: Database, definition: Definition, subject: str, event: str) -> None:
    """As `act`, for the instance of a subject. NotFound too when the table has no such line."""
    if not definition.knows(EXCEPTION, event):
        raise NotFound(f"{definition.name} allows {', '.join(deciding.allowed(definition))} on an exception")
    async with db.transaction() as tx:
        row = await tx.fetchrow(SQL["instance"], definition.name, subject)
        if row is None:
            raise NotFound(f"there is no {definition.name} of {subject}")
        await _go_on(tx, definition, row, event, None)


async def _go_on(tx: Tx, definition: Definition, row: Any, action: str, note: str | None) -> str:
    target = definition.next(EXCEPTION, action)
    number = None
    if row["state"] == EXCEPTION:
        number = await tx.fetchval(SQL["signal"], row["id"], EXCEPTION, target, definition.deadline.total_seconds())
    if number is None:
        raise Conflict(f"{definition.name} of {row['subject']} is {row['state']} and waits for nobody")
    await tx.execute(SQL["note"], row["id"], number, EXCEPTION, action, target, 0, None, note)
    tx.nudge(DUE_CHANNEL)
    return target


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("no process has this id") from None


class _Nowhere:
    """No back offices: whoever only reads tables runs no step."""

    def orders(self, shop: str, customer: str | None) -> OrderPlace:
        raise AssertionError(f"unreachable: no step is run here ({shop}, {customer is None})")

    def sales(self, till: str) -> TillPlace:
        raise AssertionError(f"unreachable: no step is run here ({till})")

    def at(self, shop: str) -> Office:
        raise AssertionError(f"unreachable: no step is run here ({shop})")

    def of(self, connection: str) -> Office:
        raise AssertionError(f"unreachable: no step is run here ({connection})")
