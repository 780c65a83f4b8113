"""The story of a sale: recordSales -> journal -> book-sale -> pos.order in a session -> sale.booked -> signed hook."""

from __future__ import annotations

import random
import uuid
from typing import Any

import msgspec
from tests.crash.placing import cents
from tests.crash.story import Story
from tests.crash.world import World

from tillway import clock
from tillway.retail import Product
from tillway.sandbox.tills import ring_up

SHOP, TILL = "harbour", "harbour-till"
SEED = 7
"""Chance that rings up two lines and more, paid in cash with change."""

CONFIG = 1
"""Id of the till's `pos.config` in the sandbox."""

SALES = "SELECT status, owner FROM records.sales WHERE till = $1 AND epoch = $2"
LINKS = "SELECT theirs FROM records.links WHERE kind = 'sale' AND ours = $1"


class Selling(Story):
    """A printed receipt, as the sandbox's tills ring it up, sent again until it is answered."""

    path = "/pos/v1/sales"
    end = "sale.booked"
    waymarks = frozenset(
        {
            "works: journal.sequence #2",
            "works: processes.claim #1",
            "odoo: POST /json/2/pos.session/load #1",
            "odoo: POST /json/2/pos.order/sync_from_ui #1",
            "hook: POST / #1",
            "works: subscriptions_attempted #1",
        }
    )

    def __init__(self, world: World, products: tuple[Product, ...]) -> None:
        super().__init__(world)
        self._epoch = str(uuid.uuid4())
        self._sale = ring_up(
            products, random.Random(SEED), till=TILL, shop=SHOP, epoch=self._epoch, sequence=1, at=clock.now()
        )
        self.subject = self._sale.id

    def body(self) -> Any:
        return {"sales": [msgspec.to_builtins(self._sale)]}

    def key(self) -> str | None:
        return None

    def answered(self, answer: Any) -> str:
        subject: str = answer["sales"][0]["id"]
        return subject

    async def own_effects(self) -> dict[str, Any]:
        db, outside = self._world.db, self._world.outside
        orders = await outside.read(
            "pos.order",
            [["uuid", "=", self.subject]],
            ["state", "amount_total", "amount_paid", "session_id"],
        )
        found = [["order_id", "in", [row["id"] for row in orders]]]
        lines = await outside.read("pos.order.line", found, ["qty", "price_subtotal", "price_subtotal_incl"])
        paid = [["pos_order_id", "in", [row["id"] for row in orders]]]
        sessions = await outside.read("pos.session", [["config_id", "=", CONFIG], ["state", "!=", "closed"]], ["state"])
        return {
            "answers": sorted({each["status"] for answer in self.answers[1:] for each in answer["sales"]}),
            "records": [tuple(row) for row in await db.fetch(SALES, TILL, self._epoch)],
            "links": [row["theirs"] for row in await db.fetch(LINKS, self.subject)]
            == [str(row["id"]) for row in orders],
            "receipts": [
                (row["state"], *(cents(row[name]) for name in ("amount_total", "amount_paid"))) for row in orders
            ],
            "lines": [
                tuple(cents(row[name]) for name in ("qty", "price_subtotal", "price_subtotal_incl")) for row in lines
            ],
            "payments": cents(sum(row["amount"] for row in await outside.read("pos.payment", paid, ["amount"]))),
            "sessions": [(row["id"], row["state"]) for row in sessions]
            == [(row["session_id"][0], "opened") for row in orders],
        }

    def own_expectation(self) -> dict[str, Any]:
        sale = self._sale
        return {
            "events": {"sale.recorded": 1, "sale.booked": 1},
            "instances": [("book-sale", "booked", [], None)],
            "answers": ["duplicate"],
            "records": [("booked", None)],
            "links": True,
            "receipts": [("paid", cents(sale.gross), cents(sale.gross))],
            "lines": [(cents(line.quantity), cents(line.net), cents(line.gross)) for line in sale.lines],
            "payments": cents(sale.gross),
            "sessions": True,
        }

    async def after(self) -> None:
        """The till's day ends, so that the next sale must open a session; books that do not balance are refused."""
        outside = self._world.outside
        for session in await outside.read(
            "pos.session", [["config_id", "=", CONFIG], ["state", "!=", "closed"]], ["id"]
        ):
            one = [session["id"]]
            told = await outside.call("pos.session", "get_closing_control_data", ids=one)
            counted = told["default_cash_details"]["amount"]
            await outside.call("pos.session", "post_closing_cash_details", ids=one, counted_cash=counted)
            await outside.call("pos.session", "update_closing_control_state_session", ids=one, notes="")
            closed = await outside.call("pos.session", "close_session_from_ui", ids=one)
            assert closed["successful"], closed


async def assortment(world: World) -> tuple[Product, ...]:
    """What can be sold."""
    page = await world.get("/products/v1/products?limit=100")
    found = (msgspec.convert(entry, Product) for entry in page["products"])
    return tuple(product for product in found if product.list_price > 0)
