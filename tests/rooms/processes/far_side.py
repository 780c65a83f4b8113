# ruff: noqa: ARG002 - the protocols give more than a back office in memory needs
"""A back office by script: keeps orders and sales as Odoo would, and does at each call what the script says."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

import msgspec

from tillway.errors import NotFound, OutcomeUnknown, Unavailable
from tillway.processes import OrderPlace, TillPlace
from tillway.retail import BackOfficeOrder, BackOfficeSale, BackOfficeStore, Call, Order, Sale, Till
from tillway.retail.outside import BackOfficeLine

T = TypeVar("T")


class Gate:
    """A place where a call stops until the test lets it go on."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.open = asyncio.Event()

    async def stop(self) -> None:
        self.reached.set()
        await self.open.wait()


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """What one call does instead of answering at once.

    `raises` before anything is done, or after it when `late`; `gate` stops it before, or after when `late`.
    """

    raises: Exception | None = None
    gate: Gate | None = None
    late: bool = False


class FarSide:
    """Both capabilities. `script[method]` are the turns of its next calls; without any it answers."""

    def __init__(self) -> None:
        self.orders: dict[str, BackOfficeOrder] = {}
        self.sales: dict[str, BackOfficeSale] = {}
        self.calls: list[str] = []
        self.effects = Counter[str]()
        self.script: dict[str, list[Turn]] = {}
        self.away = False
        self.changes: Callable[[BackOfficeOrder], BackOfficeOrder] = lambda held: held
        self.unknown_shops: set[str] = set()

    # Who stands behind a shop or till.

    def orders_of(self, shop: str, customer: str | None) -> OrderPlace:
        if shop in self.unknown_shops:
            raise NotFound(f"the landscape declares no shop {shop}")
        return OrderPlace(
            connection="odoo", book=self, store=BackOfficeStore(store=shop, company="1", customer=customer or "walk-in")
        )

    def sales_of(self, till: str) -> TillPlace:
        return TillPlace(connection="odoo", company="1", sessions=self, till=Till(id=till, store="shop-1"))

    # OrderBook

    async def find(self, call: Call, order_id: str, placed_at: datetime) -> BackOfficeOrder | None:
        async def do() -> BackOfficeOrder | None:
            return self.orders.get(order_id)

        return await self._turn("find", do)

    async def write(self, call: Call, order: Order, store: BackOfficeStore) -> BackOfficeOrder:
        async def do() -> BackOfficeOrder:
            if order.id not in self.orders:
                self.effects["write"] += 1
                self.orders[order.id] = self.changes(_as_held(order, len(self.orders) + 1))
            return self.orders[order.id]

        return await self._turn("write", do)

    async def confirm(self, call: Call, foreign_id: str) -> None:
        async def do() -> None:
            self._set(foreign_id, "confirmed", "confirm")

        await self._turn("confirm", do)

    async def read(self, call: Call, foreign_id: str) -> BackOfficeOrder:
        async def do() -> BackOfficeOrder:
            return next(held for held in self.orders.values() if held.foreign_id == foreign_id)

        return await self._turn("read", do)

    async def cancel(self, call: Call, foreign_id: str) -> None:
        async def do() -> None:
            self._set(foreign_id, "cancelled", "cancel")

        await self._turn("cancel", do)

    # TillSessions

    async def find_sale(self, call: Call, sale_id: str) -> BackOfficeSale | None:
        async def do() -> BackOfficeSale | None:
            return self.sales.get(sale_id)

        return await self._turn("find_sale", do)

    async def ensure_open(self, call: Call, till: Till) -> str:
        async def do() -> str:
            return f"session of {till.id}"

        return await self._turn("ensure_open", do)

    async def book(self, call: Call, sale: Sale, session: str) -> BackOfficeSale:
        async def do() -> BackOfficeSale:
            if sale.id not in self.sales:
                self.effects["book"] += 1
                number = str(len(self.sales) + 1)
                self.sales[sale.id] = BackOfficeSale(
                    foreign_id=number,
                    name=f"POS/{number}",
                    state="confirmed",
                    gross=sale.gross,
                    line_count=len(sale.lines),
                    session=session,
                )
            return self.sales[sale.id]

        return await self._turn("book", do)

    async def _turn(self, method: str, do: Callable[[], Awaitable[T]]) -> T:
        self.calls.append(method)
        if self.away:
            raise Unavailable("the back office is away")
        turns = self.script.get(method, [])
        turn = turns.pop(0) if turns else Turn()
        if not turn.late:
            await _play(turn)
        answer = await do()
        if turn.late:
            await _play(turn)
        return answer

    def _set(self, foreign_id: str, state: str, effect: str) -> None:
        for order_id, held in self.orders.items():
            if held.foreign_id == foreign_id and held.state != state:
                self.effects[effect] += 1
                self.orders[order_id] = msgspec.structs.replace(held, state=state)


class Offices:
    """The back offices of all shops: this one."""

    def __init__(self, far: FarSide) -> None:
        self.orders = far.orders_of
        self.sales = far.sales_of


def unanswered(*, late: bool) -> Turn:
    """The line breaks: before anything was done over there, or after all was."""
    return Turn(raises=OutcomeUnknown("no answer came"), late=late)


async def _play(turn: Turn) -> None:
    if turn.gate is not None:
        await turn.gate.stop()
    if turn.raises is not None:
        raise turn.raises


def _as_held(order: Order, number: int) -> BackOfficeOrder:
    return BackOfficeOrder(
        foreign_id=str(number),
        name=f"S{number:05}",
        state="draft",
        gross=order.gross,
        line_count=len(order.lines),
        lines=tuple(BackOfficeLine(sku=line.sku, quantity=Decimal(line.quantity)) for line in order.lines),
    )
