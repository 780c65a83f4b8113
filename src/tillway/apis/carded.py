"""Which card a request means, as fresh as checkout needs it: asked of the back office, or as it was last seen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Final

from tillway import clock, journal
from tillway.apis.causing import cause
from tillway.errors import Conflict, Forbidden, Invalid, NotFound, OutcomeUnknown, TryAgain, Unavailable, Violation
from tillway.gateway import Ask
from tillway.journal import Event
from tillway.postgres import Database
from tillway.records import links, loyalty
from tillway.retail import POINTS_CARDS, BackOfficeCard, Call, CardRequest, Criticality, Loyalty, Office, Offices

# What was seen so lately is not asked again: the next request of the same checkout.
FRESH: Final = timedelta(seconds=2)

# With the back office away, a balance seen within this still counts; what was spent elsewhere since is not in it.
TOLERATED: Final = timedelta(hours=1)

# Longest that the back office is waited for: somebody stands at the till.
ASKED_SECONDS: Final = 3.0


class Carded:
    """Finds cards in the ledger, and has the back office say how they are now."""

    def __init__(self, db: Database, offices: Offices) -> None:
        self._db = db
        self._offices = offices

    async def by_code(self, ask: Ask, code: str, shop: str | None) -> loyalty.Held | None:
        """The card that this is printed on; None when there is none."""
        connection = connection_of(ask, shop)

        async def look(there: Loyalty, call: Call) -> Sequence[BackOfficeCard]:
            found = await there.card_by_code(call, code)
            return () if found is None else (found,)

        held = await loyalty.by_code(self._db, connection, code)
        if held is None or stale(ask, held):
            await self._refresh(ask, shop, look, known=() if held is None else (held,))
            held = await loyalty.by_code(self._db, connection, code)
        return held

    async def by_id(self, ask: Ask, card: str) -> loyalty.Held:
        """A card by our id. NotFound when none is known, or it belongs to a connection that has no shop of theirs."""
        held = await loyalty.get(self._db, card)
        if held.connection not in connections_of(ask):
            raise NotFound("no card has this id")
        return held

    async def meant(self, ask: Ask, request: CardRequest) -> tuple[loyalty.Held, ...]:
        """The cards that a request means, as they are now. Invalid when it does not say which in one way."""
        given = [name for name in ("card", "code", "customer") if getattr(request, name) is not None]
        if len(given) != 1:
            raise Invalid(
                violations=(Violation(pointer="", detail="say one of card, code and customer", rule="one-of"),)
            )
        if request.code is not None:
            held = await self.by_code(ask, request.code, request.shop)
            return () if held is None else (held,)
        if request.card is not None:
            return (await self._now(ask, await self.by_id(ask, request.card)),)
        found = await self._of_customer(ask, request.customer or "", request.shop)
        return tuple(each for each in found if request.programme in {None, each.card.programme})

    async def one(self, ask: Ask, request: CardRequest) -> loyalty.Held:
        """The one card that points are earned or spent on. NotFound without one, Conflict with several."""
        found = await self.meant(ask, request)
        if request.customer is not None:
            found = tuple(each for each in found if each.card.kind in POINTS_CARDS)
        if not found:
            raise NotFound("no such card is known")
        if len(found) > 1:
            raise Conflict("the customer has several cards", remedy="name the programme, or the card")
        if found[0].card.kind not in POINTS_CARDS:
            raise Conflict(
                f"a {found[0].card.kind} holds no points to earn or spend like this", remedy="name a loyalty card"
            )
        return found[0]

    async def _now(self, ask: Ask, held: loyalty.Held) -> loyalty.Held:
        if not stale(ask, held):
            return held

        async def look(there: Loyalty, call: Call) -> Sequence[BackOfficeCard]:
            return await there.cards(call, [held.foreign_id])

        await self._refresh(ask, None, look, known=(held,), connection=held.connection)
        return await loyalty.get(self._db, held.card.id)

    async def _of_customer(self, ask: Ask, customer: str, shop: str | None) -> tuple[loyalty.Held, ...]:
        connection = connection_of(ask, shop)
        theirs = await self._theirs(ask, connection, customer)

        async def look(there: Loyalty, call: Call) -> Sequence[BackOfficeCard]:
            return await there.cards_of(call, theirs)

        known = await loyalty.of_customer(self._db, connection, theirs)
        await self._refresh(ask, shop, look, known=known)
        return await loyalty.of_customer(self._db, connection, theirs)

    async def _theirs(self, ask: Ask, connection: str, customer: str) -> str:
        declared = ask.landscape.customers.get(customer)
        if declared is not None and declared.connection == connection:
            return str(declared.partner)
        link = await links.find(self._db, "customer", customer, connection)
        if link is None:
            raise Invalid(
                violations=(Violation(pointer="/customer", detail="there is no such customer", rule="customer"),)
            )
        return link.theirs

    async def _refresh(
        self,
        ask: Ask,
        shop: str | None,
        look: Callable[[Loyalty, Call], Awaitable[Sequence[BackOfficeCard]]],
        *,
        known: tuple[loyalty.Held, ...],
        connection: str | None = None,
    ) -> None:
        """Take in how the cards are there now; while nobody answers there, what is known counts for a while."""
        try:
            office = self._office(ask, shop) if connection is None else self._offices.of(connection)
            asked_at = await loyalty.now(self._db)
            found = await look(office.loyalty, _call(ask, office.company))
        except (TryAgain, OutcomeUnknown) as error:
            if not known or any(ask.now - held.card.as_of > TOLERATED for held in known):
                raise Unavailable("the back office does not say how this card is", retry_after=1) from error
            return
        told: list[Event] = []
        async with self._db.transaction() as tx:
            for card in sorted(found, key=lambda each: int(each.foreign_id)):
                told += await loyalty.see(
                    tx, office.connection, office.company, card, asked_at=asked_at, cause=cause(ask)
                )
            if told:
                tx.stage(journal.appending(told))

    def _office(self, ask: Ask, shop: str | None) -> Office:
        return self._offices.at(shop_of(ask, shop))


def shop_of(ask: Ask, shop: str | None) -> str:
    """The shop that asks. Invalid: nobody says which, or there is none such. Forbidden: it is none of theirs."""
    asked = shop or ask.grant.shop
    if asked is None:
        detail = "is required: your entry in the landscape names no shop"
        raise Invalid(violations=(Violation(pointer="/shop", detail=detail, rule="required"),))
    if shop is not None and not ask.grant.sees_shop(shop):
        raise Forbidden("this shop is not yours to ask for", remedy="ask who declares your shops in the landscape")
    if asked not in ask.landscape.shops:
        raise Invalid(violations=(Violation(pointer="/shop", detail="there is no such shop", rule="shop"),))
    return asked


def connection_of(ask: Ask, shop: str | None) -> str:
    """The back office behind the shop that asks."""
    return str(ask.landscape.shop(shop_of(ask, shop)).connection)


def connections_of(ask: Ask) -> frozenset[str]:
    """The back offices behind all shops that the asker may touch."""
    return frozenset(str(shop.connection) for name, shop in ask.landscape.shops.items() if ask.grant.sees_shop(name))


def stale(ask: Ask, held: loyalty.Held) -> bool:
    """Whether a card was not seen just now."""
    return ask.now - held.card.as_of > FRESH


def _call(ask: Ask, company: str) -> Call:
    return Call(
        criticality=Criticality.CRITICAL,
        deadline=min(ask.deadline, clock.now() + timedelta(seconds=ASKED_SECONDS)),
        correlation=ask.correlation,
        reference=ask.correlation,
        company=company,
    )
