"""The story of an order: POST -> journal -> place-order -> sale.order, confirmed -> order.accepted -> signed hook."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from tests.crash.story import Story
from tests.crash.world import World

KEPT = "SELECT count(*) FROM gateway.idempotency WHERE key = $1"
ORDERS = "SELECT id::text, status FROM records.orders WHERE reference = $1"
LINKS = "SELECT theirs FROM records.links WHERE kind = 'order' AND ours = $1"

WANTED = (("TEE-CREW-S", "2"), ("MUG-STON", "3"))
"""SKUs of the sandbox's retailer, and quantities; the second reaches a price rule of its own."""


class Placing(Story):
    """An order of two lines under an Idempotency-Key."""

    path = "/orders/v1/orders"
    end = "order.accepted"
    waymarks = frozenset(
        {
            "door: records_order + stock_claims + journal_append + gateway_idempotency + audit_entry #1",
            "works: journal.sequence #2",
            "works: processes.claim #1",
            "odoo: POST /json/2/sale.order/load #1",
            "odoo: POST /json/2/sale.order/action_confirm #1",
            "hook: POST / #1",
            "works: subscriptions_attempted #1",
        }
    )

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._reference = f"STORY-{uuid.uuid4()}"
        self._key = str(uuid.uuid4())

    def body(self) -> Any:
        lines = [{"sku": sku, "quantity": quantity} for sku, quantity in WANTED]
        return {"reference": self._reference, "lines": lines}

    def key(self) -> str | None:
        return self._key

    def answered(self, answer: Any) -> str:
        subject: str = answer["id"]
        return subject

    async def own_effects(self) -> dict[str, Any]:
        db, outside = self._world.db, self._world.outside
        wanted = ["|", ["client_order_ref", "=", self.subject], ["origin", "=", self._reference]]
        orders = await outside.read("sale.order", wanted, ["client_order_ref", "state", "amount_total", "picking_ids"])
        found = [["order_id", "in", [row["id"] for row in orders]]]
        lines = await outside.read("sale.order.line", found, ["product_id", "product_uom_qty", "price_total"])
        products = await outside.read(
            "product.product", [["id", "in", [row["product_id"][0] for row in lines]]], ["default_code"]
        )
        skus = {row["id"]: row["default_code"] for row in products}
        return {
            "answers": len({repr(answer) for answer in self.answers}),
            "kept answers": await db.fetchval(KEPT, self._key),
            "records": [tuple(row) for row in await db.fetch(ORDERS, self._reference)],
            "links": [row["theirs"] for row in await db.fetch(LINKS, self.subject)]
            == [str(row["id"]) for row in orders],
            "sale orders": [(row["client_order_ref"], row["state"], cents(row["amount_total"])) for row in orders],
            "transfers": [len(row["picking_ids"]) for row in orders],
            "lines": [
                (skus[row["product_id"][0]], cents(row["product_uom_qty"]), cents(row["price_total"])) for row in lines
            ],
        }

    async def after(self) -> None:
        """Nothing: orders do not wait for one another."""

    def own_expectation(self) -> dict[str, Any]:
        order = self.answers[0]
        return {
            "events": {"order.placed": 1, "order.accepted": 1},
            "instances": [("place-order", "accepted", [], None)],
            "answers": 1,
            "kept answers": 1,
            "records": [(self.subject, "accepted")],
            "links": True,
            "sale orders": [(self.subject, "sale", cents(order["gross"]))],
            "transfers": [1],
            "lines": [(line["sku"], cents(line["quantity"]), cents(line["gross"])) for line in order["lines"]],
        }


def cents(amount: Any) -> Decimal:
    """An amount or quantity with two places, whether it came as text or as a JSON number."""
    return Decimal(str(amount)).quantize(Decimal("0.01"))
