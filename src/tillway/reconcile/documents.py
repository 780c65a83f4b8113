"""Orders and sales against what the back office holds of them, by our id.

Ours are read in the order of their ids. Theirs come in the order of their own ids and are staged; of them only what
the run is about is kept: what we took in within its span, or what we do not know at all and was made there within it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from decimal import Decimal
from typing import Final, Literal

from tillway.postgres import Database
from tillway.reconcile.breaks import Break
from tillway.reconcile.domain import Fix, Sides
from tillway.reconcile.entry import BreakType, Entry, Finding
from tillway.reconcile.places import Place, Sending, call, since
from tillway.reconcile.runs import Run
from tillway.reconcile.staging import Staging
from tillway.records import comparing, there
from tillway.retail import ListedDocument, Office, minor_units

PAGE: Final = 500
"""Documents asked for at once."""

_UNSETTLED: Final = frozenset({"placed", "recorded", "exception"})
_CALLED_OFF: Final = frozenset({"cancelled", "closed"})


class Documents:
    """Orders, or sales."""

    fixes: Collection[BreakType] = frozenset({"missing-right"})

    def __init__(self, db: Database, kind: Literal["orders", "sales"], place: Place, sending: Sending) -> None:
        self._db = db
        self._kind = kind
        self._place = place
        self._sending = sending

    async def sides(self, run: Run, staging: Staging) -> Sides:
        """Ours as they are read, theirs staged."""
        span = comparing.Span(shops=self._place.shops, since=since(run), until=run.moment)
        for office in self._place.offices:
            async for page in self._pages(run, office):
                await staging.keep("right", await self._within(run, office, page))
        return Sides(self._ours(span), staging.entries("right"))

    async def still(self, run: Run, found: Finding) -> bool:
        """Whether it is missing there now as well: it may have arrived after its page was read."""
        if found.type != "missing-right" or found.left is None:
            return True
        return not any([await self._there(run, office, found.left) for office in self._offices_of(found.left)])

    async def put_right(self, run: Run, found: Break, fix: Fix) -> str | None:
        """Send ours again, if it is as it was seen: still missing there, still meant here."""
        if fix != "re-send":
            return f"{self._kind} can only be sent again"
        held = (await comparing.known(self._db, self._kind, [found.key])).get(found.key)
        if held is None or held[2] in _CALLED_OFF:
            return "it is not meant here any more"
        if held[2] in _UNSETTLED:
            return "it is on its way: its process owns it"
        if self._kind == "orders":
            return await self._sending.order(run, found.key)
        return await self._sending.sale(run, found.key)

    async def _ours(self, span: comparing.Span) -> AsyncIterator[Entry]:
        listed = comparing.orders if self._kind == "orders" else comparing.sales
        async for held in listed(self._db, span):
            called_off = held.status in _CALLED_OFF
            yield Entry(
                key=held.id,
                amount=held.gross,
                currency=held.currency,
                at=held.at,
                meaning="cancelled" if called_off else "confirmed",
                settled=held.status not in _UNSETTLED,
                required=not called_off,
                # Whether tax is rounded by line or in total is a setting over there: a minor unit a line is no dispute.
                slack=Decimal(held.line_count).scaleb(-minor_units(held.currency)),
                ref=held.name,
                shop=held.shop,
            )

    async def _pages(self, run: Run, office: Office) -> AsyncIterator[tuple[ListedDocument, ...]]:
        listing = office.ledgers.orders if self._kind == "orders" else office.ledgers.sales
        cursor, more = None, True
        while more:
            page = await listing(call(run, office), since=since(run), cursor=cursor, limit=PAGE)
            cursor, more = page.cursor, page.more
            yield page.items

    async def _within(self, run: Run, office: Office, page: tuple[ListedDocument, ...]) -> list[Entry]:
        """What of a page the run is about."""
        ours = await comparing.known(self._db, self._kind, [each.ours for each in page])
        theirs = await self._made_there(office, [each for each in page if each.ours not in ours])
        kept: list[Entry] = []
        for each in page:
            if each.foreign_id in theirs:
                continue
            held = ours.get(each.ours)
            shop = self._place.shop_of_till.get(each.till or "") if held is None else held[0]
            # Theirs say the moment in whole seconds; of what we do not know, it is all there is to go by.
            at = each.made_at if held is None else held[1]
            of_another = shop not in self._place.shops if shop is not None else run.shop is not None
            if of_another or not since(run) <= at < run.moment:
                continue
            kept.append(_theirs(each, shop, known=held is not None))
        return kept

    async def _made_there(self, office: Office, unknown: Collection[ListedDocument]) -> set[str]:
        """Orders that people made there under a reference of theirs that looks like one of ours: they are held under
        the id that goes with theirs, so nothing of them is missing here.
        """
        if self._kind != "orders" or not unknown:
            return set()
        ids = {there.our_id("order", office.connection, each.foreign_id): each.foreign_id for each in unknown}
        held = await comparing.known(self._db, "orders", ids)
        return {ids[each] for each in held}

    async def _there(self, run: Run, office: Office, ours: Entry) -> bool:
        if ours.at is None:
            return False
        if self._kind == "orders":
            return await office.orders.find(call(run, office), ours.key, ours.at) is not None
        return await office.tills.find_sale(call(run, office), ours.key) is not None

    def _offices_of(self, _entry: Entry) -> tuple[Office, ...]:
        return self._place.offices


def _theirs(each: ListedDocument, shop: str | None, *, known: bool) -> Entry:
    """A document of theirs. What was called off there need not be here; a draft of ours is not finished yet."""
    return Entry(
        key=each.ours,
        amount=each.gross,
        currency=each.currency,
        at=each.made_at,
        meaning=each.state,
        settled=each.state != "draft",
        required=known or each.state != "cancelled",
        ref=each.name,
        shop=shop,
    )
