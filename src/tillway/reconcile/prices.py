"""Prices: what our rules give against what the back office itself reckons, for a sample of products on every list.

All of them would be one call each of a busy system. A sample of another seed each time sees a systematic difference
within days; what was found is looked at again by every run until it is gone.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Final

from tillway.errors import Forbidden, NotFound
from tillway.postgres import Database
from tillway.reconcile import breaks
from tillway.reconcile.breaks import Break, Choice
from tillway.reconcile.domain import Fix, Sides
from tillway.reconcile.entry import BreakType, Entry, Finding
from tillway.reconcile.places import Place, Rereading, call
from tillway.reconcile.runs import Run
from tillway.reconcile.staging import Staging
from tillway.records import comparing, products
from tillway.retail import LIST_PRICE, Office, PriceList, Product
from tillway.retail.pricing import price

log = logging.getLogger(__name__)

CHUNK: Final = 5
"""Products of one deadline: each is a call a list, which may have to let twenty others go first."""

SEED_MAX: Final = 2**31

ONE: Final = Decimal(1)


class Prices:
    """The prices of one connection."""

    fixes: Collection[BreakType] = frozenset({"amount", "missing-left", "missing-right"})

    def __init__(self, db: Database, place: Place, sample: int, reread: Rereading) -> None:
        self._db = db
        self._place = place
        self._sample = sample
        self._reread = reread
        self._asked_again = False
        self._hidden: set[str] = set()

    async def sides(self, run: Run, staging: Staging) -> Sides:
        """Both staged: our price and theirs of the sample and of what is open."""
        found = await self._products(run)
        lists = await products.price_lists_of(self._db, run.connection)
        keys: list[str] = []
        office = self._place.offices[0]
        for start in range(0, len(found), CHUNK):
            chunk = found[start : start + CHUNK]
            for name in self._place.lists:
                keys += [_key(name, product) for product in chunk]
                await staging.keep("left", self._ours(chunk, name, lists, run))
                await staging.keep("right", await self._theirs(chunk, name, run, office))
        return Sides(staging.entries("left"), staging.entries("right"), keys)

    async def still(self, run: Run, found: Finding) -> bool:
        """Read once: a price that changed in between is seen again by the next run."""
        del run, found
        return True

    async def put_right(self, run: Run, found: Break, fix: Fix) -> str | None:
        """Have products and lists read again, whole and once a run; what they then say is told as any change is."""
        del found
        if fix != "take-theirs":
            return "prices are theirs: they can only be read again"
        if not self._asked_again:
            await self._reread(run.connection, "prices")
            await self._reread(run.connection, "products")
            self._asked_again = True
        return "being read again; the next run sees whether they agree"

    def _ours(self, chunk: Iterable[Product], name: str, lists: Iterable[PriceList], run: Run) -> list[Entry]:
        by_id = {entry.id: entry for entry in lists}
        if name not in by_id and name not in self._place.list_prices:
            return []  # declared and not read: they have a price and we have none
        entries = []
        for product in chunk:
            told = price(product, by_id.get(name), quantity=ONE, at=run.moment, others=by_id)
            entries.append(
                Entry(key=_key(name, product), amount=told.amount, currency=told.currency, ref=told.rule or LIST_PRICE)
            )
        return entries

    async def _theirs(self, chunk: Iterable[Product], name: str, run: Run, office: Office) -> list[Entry]:
        """Their prices. A list that may not be seen is asked for once a run: what we hold of it is missing there."""
        if name in self._hidden:
            return []
        by_variant = {product.variant: product for product in chunk}
        try:
            amounts = await office.ledgers.unit_prices(
                call(run, office), price_list=name, variants=list(by_variant), at=run.moment
            )
        except (Forbidden, NotFound) as error:
            log.warning("price list %s of %s could not be compared: %s", name, run.connection, error.detail)
            self._hidden.add(name)
            return []
        return [
            Entry(key=_key(name, by_variant[variant]), amount=amount, ref=variant)
            for variant, amount in amounts.items()
        ]

    async def _products(self, run: Run) -> tuple[Product, ...]:
        seed = run.id.int % SEED_MAX
        chosen = {each.sku: each for each in await comparing.sample(self._db, run.connection, self._sample, seed)}
        opened = await breaks.page(self._db, Choice(domain=run.domain), breaks.SHOWN_MAX)
        doubted = [each.key.split("/", 1)[1] for each in opened if each.connection == run.connection]
        chosen |= await products.find(self._db, [sku for sku in doubted if sku not in chosen])
        return tuple(chosen[sku] for sku in sorted(chosen))


def _key(name: str, product: Product) -> str:
    return f"{name}/{product.sku}"
