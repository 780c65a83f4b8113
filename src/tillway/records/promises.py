"""Promises of stock: made in one statement, ended by release, by the clock or by an order that takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec

from tillway import clock, journal
from tillway.errors import Conflict, Invalid, NotFound, Violation
from tillway.journal import Event
from tillway.postgres import Database, Part, Tx
from tillway.records.keys import key_of
from tillway.records.statements import STOCK
from tillway.records.stock import Spot, plain
from tillway.records.tracing import Cause
from tillway.retail import StockPromise

# The check that fails when less is left than was asked for.
_CHECK: Final = "promises_never_more_than_held"

# Promises swept in one transaction, so that it stays well under its cut.
SWEPT_AT_ONCE: Final = 200

# How long a promise that ended is kept to be looked at.
KEPT: Final = timedelta(days=30)

# Promises forgotten in one statement.
FORGET_LIMIT: Final = 5_000


class Kept(msgspec.Struct, frozen=True):
    """A promise and the consumer it was made to."""

    consumer: str
    promise: StockPromise


def make(tx: Tx, promise: StockPromise, spot: Spot, *, consumer: str, cause: Cause) -> None:
    """Stage a promise: one statement. The write fails as `short` says when less is left than it asks for.

    The event is staged first: Postgres runs the parts of a statement from the last to the first, and everybody locks
    the row of the stock before the key of the event.
    """
    tx.stage(journal.appending([_promised(promise, cause)]))
    args = (spot.place, promise.sku, promise.quantity, spot.kept, list(spot.shops))
    tx.stage(Part("stock_set_aside", STOCK["set_aside"], args))
    tx.stage(
        Part(
            "stock_promise",
            STOCK["save_promise"],
            (
                UUID(promise.id),
                consumer,
                promise.location,
                spot.place,
                promise.sku,
                promise.quantity,
                promise.reference,
                promise.promised_at,
                promise.expires_at,
                cause.correlation,
            ),
        )
    )


def short(error: Exception) -> bool:
    """Whether a write failed because less was left than was asked for."""
    return getattr(error, "constraint_name", None) == _CHECK


async def get(db: Any, promise_id: str, *, at: datetime) -> Kept:
    """One promise as it counts at a moment. NotFound when there is none of that id."""
    row = await db.fetchrow(STOCK["promise"], key_of(promise_id, "promise"), at)
    if row is None:
        raise NotFound("no promise has this id")
    return Kept(row["consumer"], _promise(row))


async def release(tx: Tx, promise_id: str, cause: Cause, *, at: datetime) -> bool:
    """Give a promise back; whether it was open until now."""
    row = await tx.fetchrow(STOCK["release_promise"], key_of(promise_id, "promise"), at)
    if row is None:
        return False
    # The row of the stock before the key of the event, as everybody locks: parts of one statement run in any order.
    await tx.fetch(STOCK["lock_levels"], [row["place"]], [row["sku"]])
    tx.stage(Part("stock_give_back", STOCK["give_back"], ([row["place"]], [row["sku"]], [row["quantity"]])))
    tx.stage(journal.appending([_ended(promise_id, row, "released", cause)]))
    return True


async def sweep(db: Database, *, at: datetime) -> int:
    """Give back what nobody came for until a moment; how many promises there were."""
    swept = 0
    while True:
        async with db.transaction() as tx:
            count = await _expire(tx, await tx.fetch(STOCK["due_promises"], at, SWEPT_AT_ONCE))
        swept += count
        if count < SWEPT_AT_ONCE:
            return swept


async def sweep_here(db: Database, place: str, sku: str, *, at: datetime) -> int:
    """The same for one SKU at one place: before somebody is told that nothing is left."""
    async with db.transaction() as tx:
        return await _expire(tx, await tx.fetch(STOCK["due_promises_here"], at, place, sku, SWEPT_AT_ONCE))


async def convert(
    tx: Tx,
    named: Sequence[str],
    order: tuple[str, str, str],
    wanted: Mapping[str, Decimal],
    cause: Cause,
    *,
    at: datetime,
) -> dict[str, Decimal]:
    """Let an order (its id, its consumer, its shop) take these promises, all or none; what they promised, by SKU.

    They keep counting, as the order's, until a reading shows its reservation. Conflict for one that has ended, Invalid
    for one of another consumer, shop or product, or when they promise more than is `wanted`.
    """
    if not named:
        return {}
    order_id, consumer, shop = order
    keys = [key_of(each, "promise") for each in named]
    rows = await tx.fetch(STOCK["convert_promises"], keys, UUID(order_id), consumer, shop, at)
    if len(rows) != len(set(keys)):
        await _refuse(tx, named, consumer, shop, at)
    promised: dict[str, Decimal] = {}
    for row in rows:
        promised[row["sku"]] = promised.get(row["sku"], Decimal(0)) + row["quantity"]
    too_much = sorted(sku for sku, quantity in promised.items() if quantity > wanted.get(sku, Decimal(0)))
    if too_much:
        detail = f"more of {', '.join(too_much)} is promised than the order asks for"
        raise Invalid(violations=(Violation(pointer="/promises", detail=detail, rule="promise-ordered"),))
    events = [_ended(str(row["id"]), row, "converted", cause, order=order_id) for row in rows]
    tx.stage(journal.appending(sorted(events, key=lambda event: event.subject)))
    return promised


async def of_order(db: Any, order_id: str) -> dict[str, Decimal]:
    """What an order took of promises, by SKU."""
    return {row["sku"]: row["quantity"] for row in await db.fetch(STOCK["promised_to_order"], UUID(order_id))}


def committed(order_id: str) -> Part:
    """The part that notes that the order's reservation is committed over there, by now."""
    return Part("stock_promises_committed", STOCK["commit_promises"], (UUID(order_id),))


def dropped(order_id: str) -> tuple[Part, ...]:
    """The parts that let go what an order took: it was called off, and nothing is reserved for it."""
    return (
        Part("stock_dropped_promises", STOCK["drop_converted"], (UUID(order_id),)),
        Part("stock_gave_back", STOCK["give_back_converted"]),
    )


async def forget(db: Database, *, at: datetime) -> None:
    """Drop promises that ended long ago."""
    while await _forgotten(db, at) == FORGET_LIMIT:
        pass


async def _forgotten(db: Database, at: datetime) -> int:
    async with db.transaction() as tx:
        tag = await tx.execute(STOCK["forget_promises"], at - KEPT, FORGET_LIMIT)
    return int(tag.rpartition(" ")[2])


async def _expire(tx: Tx, rows: Sequence[Any]) -> int:
    if not rows:
        return 0
    columns = ([row["place"] for row in rows], [row["sku"] for row in rows])
    await tx.fetch(STOCK["lock_levels"], *columns)
    tx.stage(Part("stock_give_back", STOCK["give_back"], (*columns, [row["quantity"] for row in rows])))
    events = [_ended(str(row["id"]), row, "expired", Cause(correlation=row["correlation"])) for row in rows]
    tx.stage(journal.appending(sorted(events, key=lambda event: event.subject)))
    return len(rows)


async def _refuse(tx: Tx, named: Sequence[str], consumer: str, shop: str, at: datetime) -> None:
    """Say what is wrong with the first promise that could not be taken."""
    rows = {
        str(row["id"]): row
        for row in await tx.fetch(STOCK["promises_named"], [key_of(each, "promise") for each in named], at)
    }
    for index, each in enumerate(named):
        row = rows.get(each)
        if row is None or row["consumer"] != consumer:
            detail = "no promise of yours has this id"
        elif row["shop"] != shop:
            detail = "it was promised at another shop"
        else:
            continue
        raise Invalid(violations=(Violation(pointer=f"/promises/{index}", detail=detail, rule="promise-known"),))
    raise Conflict("a promise has ended, or another order took it", remedy="promise again, then place the order")


def _promised(promise: StockPromise, cause: Cause) -> Event:
    return cause.event(
        "stock.promised",
        subject=promise.sku,
        data={
            "promise": promise.id,
            "sku": promise.sku,
            "shop": promise.location,
            "quantity": plain(promise.quantity),
            "expires_at": clock.iso(promise.expires_at),
        },
    )


def _ended(promise_id: str, row: Any, how: str, cause: Cause, *, order: str | None = None) -> Event:
    return cause.event(
        "stock.promise-ended",
        subject=row["sku"],
        data={
            "promise": promise_id,
            "sku": row["sku"],
            "shop": row["shop"],
            "quantity": plain(row["quantity"]),
            "how": how,
            "order": order,
        },
    )


def _promise(row: Any) -> StockPromise:
    return StockPromise(
        id=str(row["id"]),
        sku=row["sku"],
        location=row["shop"],
        quantity=row["quantity"],
        reference=row["reference"],
        state=row["state"],
        promised_at=row["promised_at"],
        expires_at=row["expires_at"],
        order=None if row["order_id"] is None else str(row["order_id"]),
    )
