"""Customers: found by what they tell of themselves, created once, changed, merged and forgotten.

What tells who somebody is lies sealed; a customer is found by keyed digests of normalised e-mail addresses, phone and
tax numbers and references. The key of the digests is kept with the data keys and is never renewed, so that a digest
stays the same on every node and after every renewal of the keys that seal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from tillway import ids, journal, sealing
from tillway.errors import Conflict, NotFound
from tillway.postgres import Database, Part, Tx, load
from tillway.records.customer_events import Origin, changed, joined
from tillway.records.keys import key_of
from tillway.records.sealed import opened_customer, sealed_customer
from tillway.records.tracing import Cause
from tillway.retail import Customer, CustomerKey, CustomerRequest, keys_of, same
from tillway.retail.customer_changes import made, merged
from tillway.retail.customer_keys import STRONG

SQL: Final = load("tillway.records", "customers.sql")

FOUND_MAX: Final = 20
"""Customers that one search leads to; a number that more share tells nobody who it is."""

DUPLICATES_MAX: Final = 1000
"""Duplicates told of at once: a day's work of whoever puts them right."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A customer as kept. `delivered` is the version that the back office has."""

    customer: Customer
    delivered: int
    merged_into: str | None = None

    @property
    def pending(self) -> bool:
        """Whether the back office does not have it as it is here."""
        return self.customer.version > self.delivered


def digest(key: CustomerKey) -> str:
    """What a key is kept as."""
    return sealing.digest("customer", f"{key.kind}\x1f{key.text}")


async def get(db: Any, customer_id: str) -> Customer:
    """The customer; of an id that was merged, the one it became. NotFound when there is none."""
    return (await kept(db, customer_id)).customer


async def kept(db: Any, customer_id: str) -> Kept:
    """As `get`, with how far it got."""
    row = await db.fetchrow(SQL["customer"], key_of(customer_id, "customer"))
    if row is None:
        raise NotFound("no customer has this id")
    return row_kept(row)


async def find(db: Any, keys: Iterable[CustomerKey], connections: Sequence[str]) -> tuple[Customer, ...]:
    """Those in use who have all of these keys."""
    wanted = set(keys)
    return tuple(each for each in await _with_any(db, wanted, connections) if wanted <= set(keys_of(each)))


async def create(tx: Tx, request: CustomerRequest, *, connection: str, cause: Cause) -> tuple[Customer, bool]:
    """Have this customer, and whether it is new. However many ask at once, there is one.

    Conflict: it is told of several who they are.
    """
    keys = keys_of(request)
    await tx.fetch(SQL["lock_customer_keys"], sorted(digest(key) for key in keys))
    known = same(keys, await _with_any(tx, keys, (connection,)))
    if len(known) > 1:
        raise Conflict(f"this is told of {len(known)} customers", remedy="find them, and merge them or choose one")
    if known:
        return known[0], False
    new = made(request, customer_id=str(ids.new()), connection=connection)
    await store(tx, [Kept(customer=new, delivered=0)])
    tx.stage(journal.appending([changed(None, new, "hub", cause)]))
    return new, True


async def update(
    tx: Tx, customer_id: str, change: Callable[[Customer], Customer], *, cause: Cause, version: int | None = None
) -> Customer:
    """Change a customer. Conflict when it is not at this version, is erased, or becomes like somebody else."""
    old = await _locked(tx, customer_id)
    if version is not None and version != old.customer.version:
        raise Conflict(f"the customer is at version {old.customer.version}", remedy="read it again and repeat")
    new = change(old.customer)
    if new == old.customer:
        return new
    new = msgspec.structs.replace(new, version=old.customer.version + 1)
    await _alone(tx, old.customer, new)
    await store(tx, [Kept(customer=new, delivered=old.delivered)])
    tx.stage(journal.appending([changed(old.customer, new, "hub", cause)]))
    return new


async def merge(tx: Tx, into: str, sources: Sequence[str], *, cause: Cause, source: Origin = "hub") -> Customer:
    """Make one customer of several; all ids go on to answer. Those that are merged already count as done.

    NotFound: one of them is none. Conflict: one is erased or of another back office.
    """
    target = await get(tx, into)
    found = [each for each in [await get(tx, one) for one in sources] if each.id != target.id]
    if not found:
        return target
    rows = await tx.fetch(SQL["lock_customers"], sorted({UUID(target.id), *(UUID(each.id) for each in found)}))
    held = {each.customer.id: each for each in map(row_kept, rows) if each.merged_into is None}
    if not {target.id, *(each.id for each in found)} <= held.keys():
        raise Conflict("one of them was merged just now", remedy="repeat the request")
    old, gone = held.pop(target.id), [held[each] for each in dict.fromkeys(each.id for each in found)]
    if any(each.customer.connection != old.customer.connection for each in gone):
        remedy = "merge those of one back office at a time"
        raise Conflict("they are customers of different back offices", remedy=remedy)
    if "erased" in {old.customer.status, *(each.customer.status for each in gone)}:
        remedy = "merge the others"
        raise Conflict("one of them is erased, and nothing is known of them any more", remedy=remedy)
    new = merged(old.customer, [each.customer for each in gone])
    new = msgspec.structs.replace(new, version=old.customer.version + 1)
    told = [each.customer.id for each in gone]
    await tx.execute(SQL["drop_customer_keys"], [UUID(each) for each in told])
    await tx.execute(SQL["merge_customers"], UUID(new.id), [UUID(each) for each in told])
    delivered = old.delivered if _differs(old.customer, new) or old.pending else new.version
    await store(tx, [Kept(customer=new, delivered=delivered)])
    events = [joined(new, told, source, cause)]
    if _differs(old.customer, new):
        events.append(changed(old.customer, new, source, cause))
    tx.stage(journal.appending(events))
    return new


async def forget(db: Database, customer_ids: Iterable[str]) -> None:
    """Nothing personal of these is known any more, and nothing finds them. Safe to repeat."""
    keys = [UUID(each) for each in customer_ids]
    if keys:
        async with db.transaction() as tx:
            await tx.execute(SQL["drop_customer_keys"], keys)
            await tx.execute(SQL["erase_customers"], keys)


async def known_by(db: Any, text: str) -> tuple[str, ...]:
    """Ids of the customers whose e-mail address, phone or tax number this is."""
    wanted = [digest(key) for key in keys_of(CustomerRequest(name="-", emails=(text,), phones=(text,), vat=text))]
    return tuple(str(row[0]) for row in await db.fetch(SQL["customers_with_keys"], wanted))


async def duplicates(db: Any) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What several customers share though it is one's alone: its kind, and their ids."""
    rows = await db.fetch(SQL["duplicate_customers"], DUPLICATES_MAX)
    return tuple((row["kind"], tuple(str(each) for each in row["customers"])) for row in rows)


def delivered(customer: Customer) -> Part:
    """The part that notes that the back office has this version."""
    return Part("records_customer_delivered", SQL["customer_delivered"], (UUID(customer.id), customer.version))


async def store(tx: Tx, entries: Sequence[Kept]) -> None:
    """Keep these as they are, with what finds them."""
    if not entries:
        return
    people = [each.customer for each in entries]
    alive = [each for each in people if each.status != "erased"]
    keys = [(digest(key), UUID(each.id), key.kind) for each in alive for key in keys_of(each)]
    await tx.execute(
        SQL["save_customers"],
        [UUID(each.id) for each in people],
        [each.connection for each in people],
        [each.status for each in people],
        [each.version for each in people],
        [each.delivered for each in entries],
        [sealed_customer(each) for each in people],
    )
    await tx.execute(SQL["drop_customer_keys"], [UUID(each.id) for each in people])
    if keys:
        await tx.execute(SQL["save_customer_keys"], *(list(column) for column in zip(*keys, strict=True)))


def row_kept(row: Any) -> Kept:
    """A row as what it says."""
    into = row["merged_into"]
    customer = opened_customer(row["document"], str(row["id"]))
    return Kept(customer=customer, delivered=row["delivered"], merged_into=None if into is None else str(into))


async def _with_any(db: Any, keys: Iterable[CustomerKey], connections: Sequence[str]) -> tuple[Customer, ...]:
    wanted = [digest(key) for key in keys]
    rows = await db.fetch(SQL["customers_by_keys"], wanted, list(connections), FOUND_MAX) if wanted else []
    return tuple(opened_customer(row["document"], str(row["id"])) for row in rows)


async def _locked(tx: Tx, customer_id: str) -> Kept:
    alive = (await get(tx, customer_id)).id
    row = await tx.fetchrow(SQL["lock_customers"], [UUID(alive)])
    found = row_kept(row)
    if found.merged_into is not None:
        raise Conflict("the customer was merged just now", remedy="repeat the request")
    if found.customer.status == "erased":
        remedy = "create them anew if they come back"
        raise Conflict("the customer is erased, and nothing is known of them any more", remedy=remedy)
    return found


async def _alone(tx: Tx, old: Customer, new: Customer) -> None:
    fresh = [key for key in set(keys_of(new)) - set(keys_of(old)) if key.kind in STRONG]
    if not fresh:
        return
    await tx.fetch(SQL["lock_customer_keys"], sorted(digest(key) for key in fresh))
    others = [each for each in await _with_any(tx, fresh, (new.connection,)) if each.id != new.id]
    if others:
        raise Conflict("another customer is told to be that", remedy="merge them, if they are one")


def _differs(old: Customer, new: Customer) -> bool:
    return msgspec.structs.replace(new, also=old.also, version=old.version) != old
