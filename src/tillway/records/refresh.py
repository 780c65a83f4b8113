"""Refresh: read the outside by cursor with overlap, decide purely, commit record, event and cursor together.

A nudge says only that it is worth reading now; its content is never trusted. The same code runs on a timer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from tillway import clock, ids, journal
from tillway.errors import NotFound, OutcomeUnknown, TillwayError, TryAgain
from tillway.postgres import Database, Part, Tx
from tillway.records import products as known
from tillway.records.deciding import Decision, decide_price_list, decide_products
from tillway.records.statements import SQL, digest, document
from tillway.records.tracing import Cause
from tillway.retail import Call, Catalogue, Criticality, PriceList, PriceLists, Product

log = logging.getLogger(__name__)

# Products asked for at once.
PAGE: Final = 200

# Products decided in one transaction: each is priced on every list and quantity break, perhaps a millisecond.
DECIDED: Final = 50

# Events one transaction appends when a price list touches many products.
EVENTS_AT_ONCE: Final = 200

# One reading of the far side may take this long in all before it is given up until the next turn.
READ_SECONDS: Final = 60

# A node that is silent this long no longer refreshes. Two at once do no harm, so no fence is needed.
LEASE_SECONDS: Final = 8.0

PRODUCTS, PRICES = "products", "prices"


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One ERP to read: its capabilities, its company, and our names (key) for its price lists (value)."""

    connection: str
    company: str
    catalogue: Catalogue
    price_lists: PriceLists
    lists: Mapping[str, str]
    poll_seconds: float


class State(msgspec.Struct, frozen=True):
    """How far one domain of one connection was read."""

    cursor: str | None = None
    fingerprint: str | None = None
    loaded: bool = False


class Refresher:
    """Keeps the records of one source fresh. One node at a time does this: its caller holds the lease."""

    def __init__(self, db: Database, source: Source) -> None:
        self._db = db
        self._source = source
        self._nudged = asyncio.Event()

    def nudge(self) -> None:
        """It is worth reading now."""
        self._nudged.set()

    async def run(self) -> None:
        """Until cancelled: read, then wait for the timer or a nudge."""
        while True:
            try:
                await self.once()
            except (TryAgain, OutcomeUnknown) as error:
                log.warning("refresh of %s: %s", self._source.connection, error.detail)
            except TillwayError as error:
                log.warning("refresh of %s cannot go on: %s %s", self._source.connection, error.detail, error.remedy)
            if await clock.wait(self._nudged, self._source.poll_seconds):
                self._nudged.clear()

    async def once(self) -> None:
        """One reading of everything that may have changed."""
        await self._products()
        await self._gone()
        await self._prices()

    async def _products(self) -> None:
        state = await self._state(PRODUCTS)
        cursor, more = state.cursor, True
        while more:
            page = await self._source.catalogue.products(self._call(), cursor=cursor, limit=PAGE)
            cursor, more = page.cursor, page.more
            reached = State(cursor, None, loaded=state.loaded or not more)
            if not page.items:
                await self._save(PRODUCTS, reached)  # nothing new is news as well: it was read now
            for start in range(0, len(page.items), DECIDED):
                end = start + DECIDED
                done = reached if end >= len(page.items) else None
                await self._take(page.items[start:end], done, first=not state.loaded)

    async def _take(self, items: tuple[Product, ...], reached: State | None, *, first: bool) -> None:
        """Store and tell what these change, and with the last of a page how far was read."""
        async with self._db.transaction() as tx:
            named = ([product.sku for product in items], [product.variant for product in items])
            rows = await tx.fetch(SQL["lock_products"], named[0], self._source.connection, named[1])
            old = {row["sku"]: msgspec.json.decode(row["document"], type=Product) for row in rows}
            lists = await known.price_lists_of(tx, self._source.connection)
            decision = decide_products(old, items, lists, at=clock.now(), cause=_cause(), first=first)
            self._stage(tx, decision)
            if reached is not None:
                tx.stage(_saving(self._source.connection, PRODUCTS, reached))

    async def _gone(self) -> None:
        """Variants that exist no more leave no change mark behind; what we hold beyond the living is archived."""
        held = {row["variant"]: row["sku"] for row in await self._db.fetch(SQL["variants_of"], self._source.connection)}
        if not held:
            return
        alive = await self._source.catalogue.product_ids(self._call())
        gone = sorted(sku for variant, sku in held.items() if variant not in alive)
        for start in range(0, len(gone), DECIDED):
            found = await known.find(self._db, gone[start : start + DECIDED])
            archived = tuple(msgspec.structs.replace(product, active=False) for product in found.values())
            await self._take(archived, None, first=False)

    async def _prices(self) -> None:
        state = await self._state(PRICES)
        fingerprint = await self._source.price_lists.versions(self._call())
        names = ",".join(sorted(f"{ours}={theirs}" for ours, theirs in self._source.lists.items()))
        mark = f"{names}|{fingerprint}"
        if not state.loaded or state.fingerprint != mark:
            for ours, theirs in sorted(self._source.lists.items()):
                await self._price_list(ours, theirs, first=not state.loaded)
        await self._save(PRICES, State(None, mark, loaded=True))

    async def _price_list(self, ours: str, theirs: str, *, first: bool) -> None:
        try:
            read = await self._source.price_lists.price_list(self._call(), theirs)
        except NotFound as error:
            log.warning("price list %s of %s: %s", ours, self._source.connection, error.detail)
            return
        new = self._renamed(read, ours)
        row = await self._db.fetchrow(SQL["price_list_state"], ours)
        held = None if row is None else msgspec.json.decode(row["document"], type=PriceList)
        announcing = row is not None and row["previous"] is not None
        if held == new and not announcing:
            return
        # What was announced last is compared, so a crash in mid-announcement announces again and never less; of a list
        # that was not known before, that is null.
        old = msgspec.json.decode(row["previous"], type=PriceList | None) if announcing else held
        await self._keep_list(new, previous=None if first else document(old))
        if not first:
            await self._tell(old, new)
            await self._keep_list(new, previous=None)

    async def _tell(self, old: PriceList | None, new: PriceList) -> None:
        after = ""
        lists = await known.price_lists_of(self._db, self._source.connection)
        others = tuple(entry for entry in lists if entry.id != new.id)
        while page := await known.page_of(self._db, self._source.connection, after=after):
            after = page[-1].sku
            events = decide_price_list(old, new, page, others, at=clock.now(), cause=_cause())
            for start in range(0, len(events), EVENTS_AT_ONCE):
                async with self._db.transaction() as tx:
                    tx.stage(journal.appending(events[start : start + EVENTS_AT_ONCE]))

    async def _keep_list(self, entry: PriceList, *, previous: str | None) -> None:
        """`previous`: the document announced last, while the announcement of this one is not complete."""
        text = document(entry)
        args = (entry.id, self._source.connection, digest(text), text, previous)
        async with self._db.transaction() as tx:
            tx.stage(Part("records_price_list", SQL["save_price_list"], args))

    def _renamed(self, read: PriceList, ours: str) -> PriceList:
        """The list under our name; lists that its rules start from too."""
        names = {theirs: name for name, theirs in self._source.lists.items()}
        rules = tuple(
            msgspec.structs.replace(rule, base_list=names.get(rule.base_list, rule.base_list))
            if rule.base_list
            else rule
            for rule in read.rules
        )
        return msgspec.structs.replace(read, id=ours, rules=rules)

    def _stage(self, tx: Tx, decision: Decision) -> None:
        if decision.save:
            rows = [_row(product, self._source.connection) for product in decision.save]
            columns = tuple(list(column) for column in zip(*rows, strict=True))
            tx.stage(Part("records_products", SQL["save_products"], columns))
        if decision.events:
            tx.stage(journal.appending(decision.events))

    async def _state(self, domain: str) -> State:
        row = await self._db.fetchrow(SQL["refresh"], self._source.connection, domain)
        return State() if row is None else State(row["cursor"], row["fingerprint"], row["loaded"])

    async def _save(self, domain: str, state: State) -> None:
        async with self._db.transaction() as tx:
            tx.stage(_saving(self._source.connection, domain, state))

    def _call(self) -> Call:
        return Call(
            criticality=Criticality.NORMAL,
            deadline=clock.now() + timedelta(seconds=READ_SECONDS),
            correlation=f"refresh-{self._source.connection}",
            reference=f"refresh-{self._source.connection}",
            company=self._source.company,
        )


async def keep_lease(db: Database, connection: str, node: UUID) -> bool:
    """Take or renew the right to refresh a connection; whether this node has it now."""
    return await db.fetchval(SQL["keep_lease"], connection, node, LEASE_SECONDS) is not None


async def freshness(db: Any) -> dict[tuple[str, str], datetime | None]:
    """When each loaded domain (connection, domain) was last read; domains whose first load goes on are left out."""
    return {(row[0], row[1]): row[3] for row in await db.fetch(SQL["refreshes"]) if row[2]}


def missing_loads(connections: tuple[str, ...], fresh: Mapping[tuple[str, str], Any]) -> tuple[str, ...]:
    """What keeps the hub from being ready: first loads that are not complete, as sentences."""
    return tuple(
        f"first load of {domain} from {connection} is not complete"
        for connection in connections
        for domain in (PRODUCTS, PRICES)
        if (connection, domain) not in fresh
    )


def _saving(connection: str, domain: str, state: State) -> Part:
    args = (connection, domain, state.cursor, state.fingerprint, state.loaded)
    return Part("records_refresh", SQL["save_refresh"], args)


def _row(product: Product, connection: str) -> tuple[Any, ...]:
    text = document(product)
    return (
        product.sku,
        connection,
        product.variant,
        product.template,
        product.gtin,
        product.active,
        digest(text),
        text,
    )


def _cause() -> Cause:
    return Cause(correlation=str(ids.new()))
