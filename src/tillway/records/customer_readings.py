"""What the back office's customers mean for ours: who is who, and what is new. Deciding is pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from tillway import ids, journal
from tillway.journal import Event
from tillway.postgres import Tx
from tillway.records.customer_events import changed
from tillway.records.customers import SQL, Kept, digest, row_kept, store
from tillway.records.tracing import Cause
from tillway.retail import BackOfficeCustomer, Customer, CustomerKey
from tillway.retail.customer_changes import brought
from tillway.retail.customer_keys import email_key

Linked = tuple[str, str]
"""Our id and theirs."""

_NOBODY: Final[Mapping[str, Kept]] = {}


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """Whom we hold already of a page: by their id (all that stand behind one), by ours that it carries, and those whom
    nobody stands for yet by their address.
    """

    linked: Mapping[str, tuple[Kept, ...]] = {}
    marked: Mapping[str, Kept] = {}
    unlinked: Mapping[str, Kept] = {}


class Decision(msgspec.Struct, frozen=True):
    """What to keep, which records stand for whom, and what to tell."""

    save: tuple[Kept, ...]
    links: tuple[Linked, ...]
    events: tuple[Event, ...]


def decide(known: Known, page: Iterable[BackOfficeCustomer], connection: str, cause: Cause, *, first: bool) -> Decision:
    """What a page of customers changes; a first load tells nothing. What is not delivered yet is not overwritten, and
    whoever is erased stays so.
    """
    save: list[Kept] = []
    links: list[Linked] = []
    events: list[Event] = []
    taken: set[str] = set()
    for found in page:
        old, linked = _who(known, found)
        if linked and old is None:
            continue  # merged here, and not yet over there
        if old is not None and old.customer.id in taken:
            continue  # two of theirs are one of ours: a merge is on its way
        if old is None:
            made = ids.named("customer", connection, found.foreign_id)
            blank = Customer(id=str(made), connection=connection)
            new = brought(blank, found)
        else:
            new = old.customer if old.pending or old.customer.status == "erased" else brought(old.customer, found)
        taken.add(new.id)
        if not linked:
            links.append((new.id, found.foreign_id))
        if old is not None and new == old.customer:
            continue
        if old is not None:
            new = msgspec.structs.replace(new, version=old.customer.version + 1)
        save.append(Kept(customer=new, delivered=new.version))
        if not first:
            events.append(changed(None if old is None else old.customer, new, "back-office", cause))
    return Decision(tuple(save), tuple(links), tuple(events))


async def take(
    tx: Tx, page: Sequence[BackOfficeCustomer], *, connection: str, cause: Cause, first: bool = False
) -> None:
    """Keep what a page of theirs changes, and tell it, in the caller's transaction."""
    decision = decide(await _known(tx, page, connection), page, connection, cause, first=first)
    await store(tx, decision.save)
    if decision.links:
        await tx.execute(SQL["link_customers"], connection, *(list(each) for each in zip(*decision.links, strict=True)))
    if decision.events:
        tx.stage(journal.appending(decision.events))


def _who(known: Known, found: BackOfficeCustomer) -> tuple[Kept | None, bool]:
    """Who of ours it is, and whether it is linked already."""
    behind = known.linked.get(found.foreign_id, ())
    if behind:
        # One who was erased and came back is two of ours and one of theirs.
        alive = sorted((each for each in behind if each.merged_into is None), key=_erased)
        return next(iter(alive), None), True
    if found.ours is not None and found.ours in known.marked:
        return known.marked[found.ours], False
    return known.unlinked.get(email_key(found.email)) if found.email else None, False


async def _known(tx: Tx, page: Sequence[BackOfficeCustomer], connection: str) -> Known:
    rows = await tx.fetch(SQL["customers_there"], connection, [each.foreign_id for each in page])
    linked: dict[str, tuple[Kept, ...]] = {}
    for row in rows:
        linked[row["theirs"]] = (*linked.get(row["theirs"], ()), row_kept(row))
    rest = [each for each in page if each.foreign_id not in linked]
    ours = [UUID(each.ours) for each in rest if each.ours is not None and _is_id(each.ours)]
    rows = await tx.fetch(SQL["customers_named"], ours) if ours else []
    marked = {str(row["asked"]): row_kept(row) for row in rows}
    return Known(linked=linked, marked=marked, unlinked=await _unlinked(tx, rest, connection))


async def _unlinked(tx: Tx, page: Sequence[BackOfficeCustomer], connection: str) -> Mapping[str, Kept]:
    emails = {digest(CustomerKey("email", key)): key for each in page if each.email and (key := email_key(each.email))}
    if not emails:
        return _NOBODY
    rows: list[Any] = await tx.fetch(SQL["customers_unlinked"], list(emails), connection)
    return {emails[row["digest"]]: row_kept(row) for row in rows}


def _erased(each: Kept) -> bool:
    return each.customer.status == "erased"


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
