"""Erasing a person, and the proof of it: part of `operations.v1`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from tillway import (
    audit,
    gateway,
    governance,
    identity,
    inbox,
    journal,
    outbound,
    processes,
    reconcile,
    records,
    sealing,
    subscriptions,
)
from tillway.errors import Invalid, NotFound, Violation
from tillway.gateway import Answer, Ask, Handler
from tillway.landscape import Landscape
from tillway.postgres import Database, Found, Personal, Wanted
from tillway.records import customers, orders, sales

ROOMS: Final[Mapping[str, Personal]] = {
    room.schema: room
    for room in (
        journal.PERSONAL,
        gateway.PERSONAL,
        processes.PERSONAL,
        subscriptions.PERSONAL,
        identity.PERSONAL,
        governance.PERSONAL,
        audit.PERSONAL,
        inbox.PERSONAL,
        outbound.PERSONAL,
        reconcile.PERSONAL,
        records.PERSONAL,
    )
}
"""Every room that owns a schema; records last, for they know what an order or sale of ours tells of its person."""

# Shorter texts stand in too much that is about somebody else.
VALUE_CHARACTERS_MIN: Final = 5

# What is on its way to its place (staged events, entries that wait for the sealer) is there within a second.
PASSES: Final = 8
BETWEEN_SECONDS: Final = 0.25

# Characters of a digest: 128 bits.
_DIGEST: Final = 32

# Tables whose rows are about an entity of ours that events are about, too.
_TELL_ENTITIES: Final = frozenset(
    {"records.customers", "records.orders", "records.sales", "journal.events", "journal.staged"}
)


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one table: rows looked at, held before, erased, and still held after, in which columns."""

    table: str
    looked: int
    held: int
    erased: int
    left: int
    columns: tuple[str, ...]


def bind(db: Database) -> dict[str, Handler]:
    """The handlers."""

    async def erase_subject(ask: Ask) -> Answer:
        body = ask.body
        kind, wanted = await chosen(db, ask.landscape, body["subject"], body.get("kind"))
        _fit(wanted, body["subject"], body["reason"])
        rooms = [ROOMS[body["room"]]] if "room" in body else list(ROOMS.values())
        dry = body.get("dry_run", False)
        subject = pseudonym(body["subject"])
        if ask.trail is not None:
            ask.trail.subject = subject
        before = {room.schema: await room.holds(db, wanted) for room in rooms}
        if dry:
            tables = [each for found in before.values() for each in _told(found, {}, ())]
        else:
            people = await _people(db, wanted) if records.PERSONAL.schema in before else ()
            entities = await _entities(db, before, wanted) | set(people)
            # From here on there is evidence that somebody erases: what follows cannot be undone.
            async with ask.transaction(db) as tx:
                await journal.bar(tx, entities)
            await customers.forget(db, people)
            tables = [each for room in rooms for each in await _erase(db, room, wanted, before[room.schema])]
        told = {
            "subject": subject,
            "kind": kind,
            "dry_run": dry,
            "proved": not dry and not any(each.left for each in tables),
            "tables": tables,
        }
        async with ask.transaction(db) as tx:
            answer = Answer(200, told)
            ask.settle(tx, answer)
        return answer

    return {"eraseSubject": erase_subject}


def pseudonym(subject: str) -> str:
    """What stands for an erased person in our evidence: only this hub can tell whose it is, and only when asked."""
    return f"erased:{sealing.digest('erasure', subject.strip().lower())[:_DIGEST]}"


async def chosen(db: Database, landscape: Landscape, subject: str, kind: str | None) -> tuple[str, Wanted]:
    """Who is meant: an order, sale or customer of ours, one the landscape names, or any value that tells of a person.

    NotFound: an entity that is not ours.
    """
    if kind in (None, "entity"):
        found = await _entity(db, subject)
        if found is not None:
            return "entity", found
        if kind == "entity":
            raise NotFound("no order, sale or customer has this id")
    if kind == "customer" or (kind is None and subject in landscape.customers):
        return "customer", Wanted((subject,), exact=True)
    return "value", Wanted((subject.strip(),))


async def _entity(db: Database, subject: str) -> Wanted | None:
    try:
        order = (await orders.get(db, subject)).order
    except NotFound:
        try:
            sale = (await sales.get(db, subject))["id"]
        except NotFound:
            return await _customer(db, subject)
        return Wanted((), exact=True, about=sale)
    return Wanted((order.customer,) if order.customer else (), exact=True, about=order.id)


async def _customer(db: Database, subject: str) -> Wanted | None:
    try:
        found = await customers.get(db, subject)
    except NotFound:
        return None
    return Wanted((found.id, *found.also), exact=True, about=found.id)


async def _people(db: Database, wanted: Wanted) -> tuple[str, ...]:
    """Customers of ours who are meant: whoever has an address or a number is erased with all that is known of them."""
    if wanted.about is not None:
        return wanted.values if wanted.about in wanted.values else ()
    return tuple([each for value in wanted.values for each in await customers.known_by(db, value)])


def _fit(wanted: Wanted, subject: str, reason: str) -> None:
    violations = []
    if not wanted.exact and len(subject.strip()) < VALUE_CHARACTERS_MIN:
        detail = f"has fewer than {VALUE_CHARACTERS_MIN} characters and would stand in too much else"
        violations.append(Violation(pointer="/subject", detail=detail, rule="length"))
    if subject.strip().lower() in reason.lower():
        detail = "must not name who is erased: it is kept"
        violations.append(Violation(pointer="/reason", detail=detail, rule="personal"))
    if violations:
        raise Invalid(violations=tuple(violations))


async def _erase(db: Database, room: Personal, wanted: Wanted, before: Sequence[Found]) -> list[Erased]:
    """Erase and look again, until nothing is left or nothing more can be done."""
    erased: dict[str, int] = {}
    left: Sequence[Found] = before
    for number in range(PASSES):
        if number:
            await asyncio.sleep(BETWEEN_SECONDS)
        for each in await room.erase(db, wanted):
            erased[each.table] = erased.get(each.table, 0) + each.erased
        left = await room.holds(db, wanted)
        if not any(each.held for each in left):
            break
    return _told(before, erased, left)


async def _entities(db: Database, before: Mapping[str, Sequence[Found]], wanted: Wanted) -> set[str]:
    """Whom late events must tell nothing of; records know of more also when only the journal is meant."""
    found = [each for held in before.values() for each in held]
    if journal.PERSONAL.schema in before and records.PERSONAL.schema not in before:
        found += await records.PERSONAL.holds(db, wanted)
    known = {entity for each in found for entity in each.about if each.table in _TELL_ENTITIES}
    return known | ({wanted.about} if wanted.about else set())


def _told(before: Sequence[Found], erased: Mapping[str, int], left: Sequence[Found]) -> list[Erased]:
    after = {each.table: each for each in left}
    return [
        Erased(
            table=each.table,
            looked=max(each.looked, after[each.table].looked if each.table in after else 0),
            held=each.held,
            erased=erased.get(each.table, 0),
            left=after[each.table].held if each.table in after else 0,
            columns=after[each.table].columns if each.table in after else each.columns,
        )
        for each in before
    ]
