"""Goods of delivered orders that come back: Odoo's wizard makes the transfer, which is then marked with our reference.

The wizard names the transfer itself and its answer may be lost; what it made then is found as the one that our own
user made for this order and nobody marked. Odoo does not count what came back before, so the caller's ledger does.

Damaged pieces go with the same transfer straight to the company's location of losses (`setting_aside`): at no moment
are they among what can be sold, and there is no second document that could be made twice.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from tillway.clock import aware
from tillway.errors import Invalid, NotFound, TryAgain
from tillway.retail import BackOfficeLine, Call, GoodsBack
from tillway.retail.outside import BackOfficeState

from .client import BOOK, READ, WRITE, Json2, number
from .mapping.values import decimal, text
from .setting_aside import set_aside, wanted_of
from .variants import by_sku

PICKING: Final = "stock.picking"
WIZARD: Final = "stock.return.picking"

FIELDS: Final = ["name", "state", "origin"]

# Nothing is asked: a text message to the customer, or what to do about goods that do not come.
UNASKED: Final = {"skip_sms": True, "skip_backorder": True}

_STATES: Final[dict[str, BackOfficeState]] = {"done": "confirmed", "cancel": "cancelled"}


class OdooTakingBack:
    """`retail.TakingBack` over one Odoo."""

    def __init__(self, odoo: Json2) -> None:
        self._odoo = odoo

    async def find(self, call: Call, order: str, reference: str, since: datetime) -> GoodsBack | None:
        """The transfer with our reference, or one of ours that could not be marked, marked now."""
        found = await self._pickings(call, [["origin", "=", reference]])
        if found:
            return _goods(found[0])
        user = await self._odoo.call(call, READ, "res.users", "context_get")
        unmarked = await self._pickings(
            call,
            [
                ["sale_id", "=", number(order, "order")],
                ["return_id", "!=", False],
                ["create_uid", "=", user["uid"]],
                ["create_date", ">=", aware(since).strftime("%Y-%m-%d %H:%M:%S")],
                ["state", "not in", ["done", "cancel"]],
            ],
        )
        left = [row["id"] for row in unmarked if not _is_ours(row["origin"])]
        return await self._marked(call, left[0], reference) if left else None

    async def take_back(self, call: Call, order: str, reference: str, lines: tuple[BackOfficeLine, ...]) -> GoodsBack:
        """Have the wizard make a transfer of these goods, then mark it. Invalid: no delivery of the order had them."""
        delivery, moves = await self._delivery(call, order, lines)
        context = {"active_model": PICKING, "active_id": delivery, "active_ids": [delivery]}
        made = await self._odoo.call(call, WRITE, WIZARD, "create", context=context, vals_list={"picking_id": delivery})
        offered = await self._odoo.search_read(
            call, f"{WIZARD}.line", [["wizard_id", "=", made[0]]], ["move_id", "quantity"]
        )
        for row in offered:
            quantity = moves.get(row["move_id"][0], Decimal(0))
            await self._odoo.call(call, WRITE, f"{WIZARD}.line", "write", ids=[row["id"]], vals={"quantity": quantity})
        answer = await self._odoo.call(call, BOOK, WIZARD, "action_create_returns", context=context, ids=made)
        return await self._marked(call, answer["res_id"], reference)

    async def finish(self, call: Call, foreign_id: str, damaged: tuple[BackOfficeLine, ...] = ()) -> GoodsBack:
        """Validate the transfer. Odoo answers 200 also when it only asks a question, so the state is read again."""
        key = number(foreign_id, "transfer")
        if damaged:
            await set_aside(self._odoo, call, key, damaged)
        await self._odoo.call(call, BOOK, PICKING, "button_validate", context=UNASKED, ids=[key])
        found = await self._pickings(call, [["id", "=", key]])
        if not found:
            raise NotFound(f"Odoo has no transfer {foreign_id} any more")
        return _goods(found[0])

    async def _marked(self, call: Call, key: int, reference: str) -> GoodsBack:
        await self._odoo.call(call, WRITE, PICKING, "write", ids=[key], vals={"origin": reference})
        found = await self._pickings(call, [["id", "=", key]])
        if not found:
            raise TryAgain("Odoo made the transfer and does not show it yet")
        return _goods(found[0])

    async def _delivery(
        self, call: Call, order: str, lines: tuple[BackOfficeLine, ...]
    ) -> tuple[int, dict[int, Decimal]]:
        """The first delivery that had all these goods, and how much of each of its moves comes back."""
        known = await by_sku(self._odoo, call, (line.sku for line in lines), company=call.company)
        done = [
            ["sale_id", "=", number(order, "order")],
            ["state", "=", "done"],
            ["picking_type_code", "=", "outgoing"],
        ]
        for picking in await self._pickings(call, done):
            rows = await self._odoo.search_read(
                call, "stock.move", [["picking_id", "=", picking["id"]]], ["product_id", "quantity"], order="id"
            )
            left = wanted_of(lines, {sku: row["id"] for sku, row in known.items()})
            moves: dict[int, Decimal] = {}
            for row in rows:
                product = row["product_id"][0]
                taken = min(left.get(product, Decimal(0)), decimal(row["quantity"]))
                if taken > 0:
                    left[product] -= taken
                    moves[row["id"]] = taken
            if not any(left.values()):
                return picking["id"], moves
        raise Invalid("no delivery of this order had all these goods", remedy="see what was delivered in Odoo")

    async def _pickings(self, call: Call, domain: list[Any]) -> list[dict[str, Any]]:
        return await self._odoo.search_read(call, PICKING, domain, FIELDS, order="id")


def _is_ours(origin: Any) -> bool:
    """Whether a transfer is marked: our references are UUIDs, Odoo's own words are not."""
    try:
        return bool(UUID(str(origin)))
    except ValueError:
        return False


def _goods(row: dict[str, Any]) -> GoodsBack:
    return GoodsBack(
        foreign_id=str(row["id"]),
        name=text(row["name"]) or str(row["id"]),
        state=_STATES.get(str(row["state"]), "draft"),
    )
