"""Loyalty: cards are read as they are, and a movement has one effect over calls that know no idempotency.

Odoo changes a balance by a wizard, which sets it absolutely, has no key, and may be run again by whoever repeats a
request. Four of its properties are enough all the same (tried on a real Odoo 19):

- One run is one transaction: the balance and a line of history stand or fall together. Ours carries our reference.
- That line says by how much the balance *really* changed: the difference to what the wizard found when it ran. So a
  change that somebody made between our look and our run, and that we overwrote, is seen and known in amount.
- A wizard is a record of its own: set to an impossible balance it never takes effect any more, however late the run
  that was asked of it arrives. So what may still be on its way is first made void.
- Runs on one card exclude each other: of two that saw the same balance, the second is rolled back and seen again.

The order matters: void, then read the balance, then look for our reference, then run. What takes effect between the
last two finds the balance that it was to set already set, which the wizard refuses; before that, it is found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from tillway import clock
from tillway.errors import Conflict, Invalid, NotFound, OutcomeUnknown, TryAgain
from tillway.retail import BackOfficeCard, Bringing, Brought, Call, Page, Promotion, as_points

from .catalogue import read_categories
from .client import READ, WRITE, Json2, number
from .cursor import advanced, begun, domain, moment, parse, render
from .mapping import loyalty
from .mapping.values import decimal, reference, text

CARD: Final = "loyalty.card"
HISTORY: Final = "loyalty.history"
WIZARD: Final = "loyalty.card.update.balance"

VOID: Final = -1
"""A balance that the wizard refuses."""

PAGE_MAX: Final = 1000
"""Cards a page at most."""

CARDS_OF_CUSTOMER: Final = 50
"""More cards than this nobody carries."""


class OdooLoyalty:
    """`retail.Loyalty` over one Odoo."""

    def __init__(self, odoo: Json2, *, now: Callable[[], datetime] = clock.now) -> None:
        self._odoo = odoo
        self._now = now

    async def card_by_code(self, call: Call, code: str) -> BackOfficeCard | None:
        """The card this is printed on, archived ones included; codes are unique there."""
        found = await self._cards(call, [["code", "=", code]], archived=True, limit=1)
        return found[0] if found else None

    async def cards_of(self, call: Call, customer: str) -> Sequence[BackOfficeCard]:
        """The cards in force of a partner, the oldest first."""
        wanted = [["partner_id", "=", number(customer, "customer")]]
        return await self._cards(call, wanted, order="id", limit=CARDS_OF_CUSTOMER)

    async def cards(self, call: Call, foreign_ids: Sequence[str]) -> Sequence[BackOfficeCard]:
        """These cards, archived ones included."""
        keys = [number(each, "card") for each in foreign_ids]
        return await self._cards(call, [["id", "in", keys]], archived=True)

    async def changed_cards(self, call: Call, *, cursor: str | None, limit: int) -> Page[BackOfficeCard]:
        """Cards changed since the cursor in the order of their ids; some come again."""
        limit = min(limit, PAGE_MAX)
        position = parse(cursor)
        if not position.after:
            position = begun(position, await self._newest(call), self._now())
        rows = await self._odoo.search_read(
            call, CARD, domain(position), loyalty.CARD_FIELDS, archived=True, order="id", limit=limit
        )
        more = len(rows) == limit
        following = render(advanced(position, [row["id"] for row in rows], more=more))
        return Page(items=_known(rows), cursor=following, more=more)

    async def bring(self, call: Call, movement: Bringing, *, again: bool) -> Brought:
        """Have the movement there once; see above for how."""
        if not again:
            return await self._run(call, movement, await self._held(call, movement.card), movement.points)
        settled = await self.settle(call, movement)
        if settled.moved:
            return settled
        return await self._run(call, movement, settled.balance, movement.points)

    async def settle(self, call: Call, movement: Bringing) -> Brought:
        """What this movement did, once nothing of it can happen any more."""
        await self._void(call, movement)
        held = await self._held(call, movement.card)
        lines = await self._lines(call, movement)
        return Brought(moved=loyalty.moved(lines, movement.points) if lines else Decimal(0), balance=held)

    async def restore(self, call: Call, movement: Bringing) -> Brought:
        """Give the card back what this movement overwrote; no effect when it overwrote nothing (any more)."""
        settled = await self.settle(call, movement)
        if settled.moved == movement.points:
            return settled
        return await self._run(call, movement, settled.balance, movement.points - settled.moved)

    async def programmes(self, call: Call) -> Sequence[Promotion]:
        """All programmes in force of the call's company, in Odoo's order."""
        known = await self._odoo.call(
            call,
            READ,
            "loyalty.program",
            "fields_get",
            allfields=list(loyalty.CHANNEL_FIELDS),
            attributes=["type"],
        )
        fields = [*loyalty.PROGRAM_FIELDS, *(name for name in loyalty.CHANNEL_FIELDS if name in known)]
        rows = await self._odoo.search_read(call, "loyalty.program", [], fields, order="sequence,id")
        keys = [row["id"] for row in rows]
        if not keys:
            return ()
        wanted = [["program_id", "in", keys]]
        rules = await self._odoo.search_read(call, "loyalty.rule", wanted, loyalty.RULE_FIELDS, order="id")
        rewards = await self._odoo.search_read(
            call, "loyalty.reward", wanted, loyalty.REWARD_FIELDS, order="required_points,id"
        )
        named = await self._named(call, rules, rewards)
        by_rule, by_reward = _by_programme(rules), _by_programme(rewards)
        return tuple(loyalty.promotion(row, by_rule[row["id"]], by_reward[row["id"]], named) for row in rows)

    async def _run(self, call: Call, movement: Bringing, held: Decimal, points: Decimal) -> Brought:
        target = held + points
        if target < 0:
            raise Conflict(f"Odoo holds {held} on this card, {-points} are to be spent")
        key = number(movement.card, "card")
        values = {"card_id": key, "new_balance": target, "description": _description(movement)}
        try:
            (wizard,) = await self._odoo.call(call, WRITE, WIZARD, "create", vals_list=values)
        except OutcomeUnknown as error:
            # A wizard that nobody knows the number of is run by nobody.
            raise TryAgain(error.detail) from error
        try:
            await self._odoo.call(call, WRITE, WIZARD, "action_update_card_point", ids=[wizard])
        except Invalid as error:
            # It was checked before: the balance has become another one since, perhaps by our own doing.
            raise OutcomeUnknown(f"the card was changed in the same moment: {error.detail}") from error
        try:
            lines = await self._lines(call, movement)
        except TryAgain as error:
            raise OutcomeUnknown(f"done, but not seen: {error.detail}") from error
        return Brought(moved=loyalty.moved(lines, movement.points), balance=target)

    async def _void(self, call: Call, movement: Bringing) -> None:
        """Make every wizard of this movement one that can never take effect."""
        wanted = [["card_id", "=", number(movement.card, "card")], ["description", "like", movement.reference]]
        keys = [row["id"] for row in await self._odoo.search_read(call, WIZARD, wanted, ["new_balance"])]
        if keys:
            await self._odoo.call(call, WRITE, WIZARD, "write", ids=keys, vals={"new_balance": VOID})

    async def _lines(self, call: Call, movement: Bringing) -> list[dict[str, Any]]:
        wanted = [["card_id", "=", number(movement.card, "card")], ["description", "like", movement.reference]]
        return await self._odoo.search_read(call, HISTORY, wanted, loyalty.HISTORY_FIELDS)

    async def _held(self, call: Call, card: str) -> Decimal:
        rows = await self._odoo.search_read(call, CARD, [["id", "=", number(card, "card")]], ["points"], archived=True)
        if not rows:
            raise NotFound(f"Odoo has no card {card} any more")
        return as_points(decimal(rows[0]["points"]))

    async def _cards(
        self, call: Call, wanted: list[Any], *, archived: bool = False, **arguments: Any
    ) -> tuple[BackOfficeCard, ...]:
        return _known(
            await self._odoo.search_read(call, CARD, wanted, loyalty.CARD_FIELDS, archived=archived, **arguments)
        )

    async def _newest(self, call: Call) -> datetime | None:
        rows = await self._odoo.search_read(
            call, CARD, [], ["write_date"], archived=True, order="write_date desc", limit=1
        )
        return moment(rows[0]["write_date"]) if rows and text(rows[0]["write_date"]) else None

    async def _named(
        self, call: Call, rules: Sequence[Mapping[str, Any]], rewards: Sequence[Mapping[str, Any]]
    ) -> loyalty.Named:
        variants = {each for row in rules for each in row["product_ids"]}
        variants |= {each for row in rewards for each in row["discount_product_ids"]}
        variants |= {int(each) for row in rewards if (each := reference(row["reward_product_id"])) is not None}
        fields = [row["product_category_id"] for row in rules]
        fields += [row["discount_product_category_id"] for row in rewards]
        categories = {int(each) for field in fields if (each := reference(field)) is not None}
        skus: dict[int, str] = {}
        if variants:
            rows = await self._odoo.search_read(
                call, "product.product", [["id", "in", sorted(variants)]], ["default_code"], archived=True
            )
            skus = {row["id"]: code for row in rows if (code := text(row["default_code"])) is not None}
        return loyalty.Named(skus=skus, categories=await read_categories(self._odoo, call, categories))


def _description(movement: Bringing) -> str:
    """What people read in the card's history, and what the movement is found by."""
    return f"{movement.text} (tillway {movement.reference})"


def _known(rows: Iterable[Mapping[str, Any]]) -> tuple[BackOfficeCard, ...]:
    return tuple(loyalty.card(row) for row in rows if reference(row["program_id"]) is not None)


def _by_programme(rows: Iterable[Mapping[str, Any]]) -> dict[int, list[Mapping[str, Any]]]:
    found: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        found[int(reference(row["program_id"]) or 0)].append(row)
    return found
