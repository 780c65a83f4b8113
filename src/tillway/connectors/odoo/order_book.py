"""Orders: written once with their lines once, confirmed once, whatever gets lost or repeated on the way.

Odoo has no idempotent creation of orders: `create` makes another one each time and `client_order_ref` is not unique.
What it does enforce is that an external id names one record. So an order is written with `load`, external ids on the
order *and* on each line, in one transaction: any number of loads, at once or one after another, make one order.
Asking first ("is it there?") saves work but proves nothing, since Odoo may still be busy with an earlier attempt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from tillway.clock import aware
from tillway.errors import Invalid, NotFound, Poison, TryAgain, Violation
from tillway.retail import BackOfficeOrder, BackOfficeStanding, BackOfficeStore, Call, Order

from .classify import scrub
from .client import BOOK, READ, WRITE, Json2, number
from .mapping import amending, orders
from .mapping.values import reference, text
from .places import Places
from .variants import by_sku

SEARCH_MARGIN: Final = timedelta(days=1)
"""How long before `placed_at` an order may seem to be created: clocks that differ, and then some. `create_date` is
indexed in Odoo and our reference is not, so this bound is what makes finding cheap."""

REMEMBERED: Final = 1_000
"""Orders whose products are remembered until they are confirmed, to confirm no two of a product at once."""

_PASSING: Final = ("could not serialize", "deadlock detected", "concurrent update", "could not obtain lock")
"""Postgres' words for a lost race. `load` answers 200 and puts them into a message instead of failing."""


class OdooOrderBook:
    """`retail.OrderBook` over one Odoo."""

    def __init__(self, odoo: Json2, places: Places) -> None:
        self._odoo = odoo
        self._places = places
        self._reserves: dict[str, tuple[str, ...]] = {}

    async def find(self, call: Call, order_id: str, placed_at: datetime) -> BackOfficeOrder | None:
        """The order that carries our id, or None; the oldest one, should people have copied it."""
        return await self._found(call, order_id, placed_at, call.company)

    async def write(self, call: Call, order: Order, store: BackOfficeStore) -> BackOfficeOrder:
        """Have the order there once, as a draft; one that is there already, in whatever state, is left as it is.

        Invalid: Odoo does not take it. Poison: a SKU, list or customer that Odoo or the landscape does not know.
        TryAgain: another attempt is just at it. OutcomeUnknown: ask `find`, then do this again.
        """
        found = await self._found(call, order.id, order.placed_at, store.company)
        if found is not None:
            return found
        fields, data = await self._rows(call, order, store)
        answer = await self._odoo.call(
            call,
            WRITE,
            "sale.order",
            "load",
            company=store.company,
            touches=(f"order {order.id}",),
            fields=fields,
            data=data,
        )
        if answer["ids"]:
            return await self._read(call, [["id", "=", answer["ids"][0]]], store.company) or _gone(answer["ids"][0])
        # The race may have been lost to an attempt of our own that is done by now.
        found = await self._found(call, order.id, order.placed_at, store.company)
        if found is not None:
            return found
        raise _refused(answer["messages"])

    async def confirm(self, call: Call, foreign_id: str) -> None:
        """Make the draft binding. Confirming twice is refused by Odoo, so a refusal is answered by looking."""
        ids, touches = [number(foreign_id, "order")], self._touches(foreign_id)
        try:
            await self._odoo.call(call, BOOK, "sale.order", "action_confirm", touches=touches, ids=ids)
        except Invalid:
            if (await self.read(call, foreign_id)).state != "confirmed":
                raise

    async def read(self, call: Call, foreign_id: str) -> BackOfficeOrder:
        """The order as it stands now. NotFound when it was deleted."""
        found = await self._read(call, [["id", "=", number(foreign_id, "order")]], call.company)
        return found or _gone(foreign_id)

    async def cancel(self, call: Call, foreign_id: str) -> None:
        """Call the order off. Odoo lets even a delivered one be cancelled: whether it may be is for the caller."""
        if (await self.read(call, foreign_id)).state == "cancelled":
            return
        ids, touches = [number(foreign_id, "order")], self._touches(foreign_id)
        await self._odoo.call(call, BOOK, "sale.order", "action_cancel", touches=touches, ids=ids)

    def _touches(self, foreign_id: str) -> tuple[str, ...]:
        """What reserving its stock changes: two at once that share a product cost Odoo seconds of back-off."""
        return f"sale.order {foreign_id}", *self._reserves.get(foreign_id, ())

    async def standing(self, call: Call, foreign_id: str) -> BackOfficeStanding:
        """What was delivered and invoiced of it. What came back again was delivered all the same."""
        held = await self.read(call, foreign_id)
        order = number(foreign_id, "order")
        done = [["sale_id", "=", order], ["state", "=", "done"], ["picking_type_code", "=", "outgoing"]]
        delivered = await self._odoo.search_read(call, "stock.picking", done, ["state"], limit=1)
        posted = [
            ["line_ids.sale_line_ids.order_id", "=", order],
            ["state", "=", "posted"],
            ["move_type", "=", "out_invoice"],
        ]
        invoiced = await self._odoo.search_read(call, "account.move", posted, ["state"], limit=1)
        return BackOfficeStanding(state=held.state, delivered=bool(delivered), invoiced=bool(invoiced))

    async def amend(self, call: Call, foreign_id: str, before: Order, after: Order) -> None:
        """Give the order its new lines. Invalid: Odoo does not take them, or people changed it and `before` does not
        know it. TryAgain: another attempt is just at it.
        """
        key = number(foreign_id, "order")
        lines = await self._held(call, key, after.id)
        new = amending.new_skus(before, after, lines)
        known = await by_sku(self._odoo, call, new, company=call.company) if new else {}
        missing = sorted(new - set(known))
        if missing:
            raise Invalid(f"Odoo has no product with SKU {', '.join(missing)}")
        wanted = amending.amendment(foreign_id, before, after, lines, {sku: row["id"] for sku, row in known.items()})
        if wanted is None:
            return
        touches = (f"sale.order {foreign_id}", *sorted({f"sku {line.sku}" for line in (*before.lines, *after.lines)}))
        if wanted.data:
            answer = await self._odoo.call(
                call, BOOK, "sale.order", "load", touches=touches, fields=wanted.fields, data=wanted.data
            )
            if not answer["ids"]:
                raise _refused(answer["messages"])
        if wanted.commands:
            values = {"order_line": wanted.commands}
            try:
                await self._odoo.call(call, BOOK, "sale.order", "write", touches=touches, ids=[key], vals=values)
            except Invalid as error:
                # The hub's own lines are changed by now, so it is not as it was.
                raise Poison(
                    error.detail, remedy="put the lines that people added right in Odoo, then retry"
                ) from error

    async def _held(self, call: Call, order: int, ours: str) -> list[amending.Held]:
        """The lines there, each with the name that we gave it."""
        rows = await self._odoo.search_read(
            call, "sale.order.line", [["order_id", "=", order]], amending.LINE_FIELDS, order="sequence,id"
        )
        goods = [(row, int(key)) for row in rows if not row["display_type"] and (key := reference(row["product_id"]))]
        if not goods:
            return []
        ids = [row["id"] for row, _ in goods]
        marks = await self._odoo.call(call, READ, "sale.order.line", "get_external_id", ids=ids)
        skus = await self._skus(call, {product for _, product in goods}, call.company)
        return [
            amending.held(
                row,
                skus.get(product, f"product.product:{product}"),
                product,
                mark if (mark := str(marks.get(str(row["id"])) or "")).startswith(orders.external_id(ours)) else "",
            )
            for row, product in goods
        ]

    async def _rows(self, call: Call, order: Order, store: BackOfficeStore) -> tuple[list[str], list[list[str]]]:
        try:
            price_list = self._places.price_list(order.price_list)
        except KeyError:
            remedy = "declare it under price_lists of the landscape, on this connection"
            raise Poison(f"Odoo does not know price list {order.price_list}", remedy=remedy) from None
        known = await by_sku(self._odoo, call, (line.sku for line in order.lines), company=store.company)
        violations = tuple(
            Violation(pointer=f"/lines/{place}/sku", detail="Odoo has no product with this internal reference")
            for place, line in enumerate(order.lines)
            if line.sku not in known
        )
        if violations:
            raise Invalid("Odoo does not know all products of this order", violations=violations)
        return orders.rows(
            order,
            store,
            customer=self._customer(order, store),
            price_list=price_list,
            variants={sku: row["id"] for sku, row in known.items()},
        )

    def _customer(self, order: Order, store: BackOfficeStore) -> str:
        if order.customer is None:
            return store.customer
        if store.party is not None:
            return store.party
        try:
            return str(self._places.customers[order.customer])
        except KeyError:
            remedy = "declare the customer under customers of the landscape, on this connection"
            raise Poison("Odoo does not know the customer of this order", remedy=remedy) from None

    async def _found(self, call: Call, order_id: str, placed_at: datetime, company: str) -> BackOfficeOrder | None:
        since = (aware(placed_at) - SEARCH_MARGIN).strftime("%Y-%m-%d %H:%M:%S")
        domain = [["client_order_ref", "=", order_id], ["create_date", ">=", since]]
        return await self._read(call, domain, company)

    async def _read(self, call: Call, domain: list[Any], company: str) -> BackOfficeOrder | None:
        rows = await self._odoo.search_read(
            call, "sale.order", domain, orders.FIELDS, company=company, order="id", limit=1
        )
        if not rows:
            return None
        lines = await self._odoo.search_read(
            call,
            "sale.order.line",
            [["order_id", "=", rows[0]["id"]]],
            orders.LINE_FIELDS,
            company=company,
            order="sequence,id",
        )
        products = {int(each) for line in lines if (each := reference(line["product_id"])) is not None}
        skus = await self._skus(call, products, company) if products else {}
        found = orders.order(rows[0], lines, skus)
        while len(self._reserves) >= REMEMBERED:
            del self._reserves[next(iter(self._reserves))]
        self._reserves[found.foreign_id] = tuple(f"sku {line.sku}" for line in found.lines)
        return found

    async def _skus(self, call: Call, products: set[int], company: str) -> dict[int, str]:
        rows = await self._odoo.search_read(
            call,
            "product.product",
            [["id", "in", sorted(products)]],
            ["default_code"],
            archived=True,
            company=company,
        )
        return {row["id"]: code for row in rows if (code := text(row["default_code"])) is not None}


def _gone(foreign_id: Any) -> BackOfficeOrder:
    raise NotFound(f"Odoo has no order {foreign_id} any more")


def passing(texts: Iterable[str]) -> bool:
    """Whether messages of `load` tell of a race that was lost."""
    return any(words in text for text in texts for words in _PASSING)


def _refused(messages: list[Mapping[str, Any]]) -> Exception:
    """What a `load` that made nothing says: a lost race, or data that Odoo does not take."""
    texts = [str(each.get("message", "")) for each in messages]
    if passing(texts):
        return TryAgain("another attempt to write this order is under way in Odoo")
    details = "; ".join(dict.fromkeys(scrub(text) for text in texts if text))
    return Invalid(f"Odoo does not take the order: {details}")
