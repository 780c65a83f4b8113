# ruff: noqa: ARG002 - the protocols give more than a back office in memory needs
"""Flows of what comes after an order, on a back office that loses answers once it has done what was asked."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, cast

import msgspec
import pytest
from tests.pure.processes.test_verdicts import line, order
from tests.pure.retail.samples import NOON
from tests.rooms.journal.actors import until
from tests.rooms.journal.world import running
from tests.rooms.processes.hub import FIRST, LEASE_SECONDS, quick

from tillway import ids
from tillway.errors import Invalid, OutcomeUnknown
from tillway.journal import by_subject
from tillway.postgres import Database
from tillway.processes import Engine, book_payment, change_order, credit_return, receive_return
from tillway.records import Cause, links, order_changes, orders, payments, returns
from tillway.retail import (
    BackOfficeInvoice,
    BackOfficeOrder,
    BackOfficePayment,
    BackOfficeStanding,
    CreditRequest,
    GoodsBack,
    Office,
    Order,
    OrderChangeKind,
    PaymentReport,
    ReceivedLine,
    ReceiveRequest,
    ReturnRequest,
    ReturnRequestLine,
)
from tillway.retail.outside import BackOfficeLine
from tillway.retail.return_ import Condition

CAUSE = Cause(correlation="correlation-1")


class There:
    """One order over there and all that is made for it; each of `lost` is done and not answered, once."""

    def __init__(self, of: Order) -> None:
        self.of = of
        self.state = "confirmed"
        self.delivered = False
        self.lost: set[str] = set()
        self.effects = Counter[str]()
        self.invoices: list[BackOfficeInvoice] = []
        self.notes: dict[str, BackOfficeInvoice] = {}
        self.paid: dict[str, BackOfficePayment] = {}
        self.goods: dict[str, GoodsBack] = {}
        self.aside: tuple[BackOfficeLine, ...] = ()

    async def _do(self, name: str, effect: Callable[[], None]) -> None:
        self.effects[name] += 1
        effect()
        if name in self.lost:
            self.lost.remove(name)
            raise OutcomeUnknown("no answer")

    async def standing(self, call: Any, foreign_id: str) -> BackOfficeStanding:
        invoiced = any(each.state == "confirmed" for each in self.invoices)
        return BackOfficeStanding(state=cast("Any", self.state), delivered=self.delivered, invoiced=invoiced)

    async def cancel(self, call: Any, foreign_id: str) -> None:
        await self._do("cancel", lambda: setattr(self, "state", "cancelled"))

    async def amend(self, call: Any, foreign_id: str, before: Order, after: Order) -> None:
        await self._do("amend", lambda: setattr(self, "of", after))

    async def read(self, call: Any, foreign_id: str) -> BackOfficeOrder:
        lines = tuple(BackOfficeLine(sku=each.sku, quantity=each.quantity) for each in self.of.lines)
        return BackOfficeOrder(
            foreign_id="7", name="S7", state="confirmed", gross=self.of.gross, line_count=len(lines), lines=lines
        )

    async def of_order(self, call: Any, order: str) -> tuple[BackOfficeInvoice, ...]:
        return tuple(self.invoices)

    async def make(self, call: Any, order: str) -> None:
        if not self.delivered:
            raise Invalid("nothing to invoice")
        await self._do("make", lambda: self.invoices.append(_document("1", "draft", self.of.gross)))

    async def post(self, call: Any, invoice: str) -> None:
        def posted() -> None:
            self.invoices = [_posted(each, invoice) for each in self.invoices]
            self.notes = {key: _posted(each, invoice) for key, each in self.notes.items()}

        await self._do("post", posted)

    async def find_payment(self, call: Any, reference: str) -> BackOfficePayment | None:
        return self.paid.get(reference)

    async def pay(self, call: Any, invoice: str, *, journal: str, amount: Decimal, reference: str, day: Any) -> None:
        made = BackOfficePayment(foreign_id="9", name="P9", amount=amount)
        await self._do("pay", lambda: self.paid.__setitem__(reference, made))

    async def find_credit(self, call: Any, reference: str) -> BackOfficeInvoice | None:
        return self.notes.get(reference)

    async def credit(self, call: Any, invoice: str, *, reference: str, day: Any) -> None:
        made = _document("2", "draft", self.of.gross)
        await self._do("credit", lambda: self.notes.__setitem__(reference, made))

    async def keep_only(self, call: Any, credit_note: str, lines: dict[tuple[int, str], Decimal]) -> None:
        gross = sum((quantity * 10 for quantity in lines.values()), Decimal(0))
        self.notes = {key: msgspec.structs.replace(each, gross=gross) for key, each in self.notes.items()}

    async def find(self, call: Any, order: str, reference: str, since: Any) -> GoodsBack | None:
        return self.goods.get(reference)

    async def take_back(self, call: Any, order: str, reference: str, lines: Any) -> GoodsBack:
        made = GoodsBack(foreign_id="5", name="IN5", state="draft")
        await self._do("take_back", lambda: self.goods.__setitem__(reference, made))
        return made

    async def finish(self, call: Any, foreign_id: str, damaged: Any = ()) -> GoodsBack:
        self.aside = damaged
        done = GoodsBack(foreign_id=foreign_id, name="IN5", state="confirmed")
        await self._do("finish", lambda: self.goods.update(dict.fromkeys(self.goods, done)))
        return done

    def at(self, shop: str) -> Office:
        me = cast("Any", self)
        held: dict[str, Any] = dict.fromkeys(Office.__dataclass_fields__)
        held |= {"connection": "main", "company": "1", "orders": me, "invoicing": me, "taking_back": me}
        return Office(**held | {"journals": {"card": "6"}})


def _document(key: str, state: str, gross: Decimal) -> BackOfficeInvoice:
    return BackOfficeInvoice(foreign_id=key, name=f"INV{key}", state=cast("Any", state), gross=gross, owed=gross)


def _posted(held: BackOfficeInvoice, key: str) -> BackOfficeInvoice:
    return msgspec.structs.replace(held, state="confirmed") if held.foreign_id == key else held


class World:
    """An accepted order of three A, its back office, and the flows running."""

    def __init__(self, db: Database, of: Order, there: There) -> None:
        self.db, self.order, self.there = db, of, there

    async def ask(self, kind: OrderChangeKind, amended: Order | None = None) -> str:
        async with self.db.transaction() as tx:
            found = await order_changes.lock(tx, self.order.id)
            return order_changes.ask(tx, found, kind, at=NOON, cause=CAUSE, amended=amended).id

    async def told(self, subject: str, event: str) -> Any:
        async def there() -> Any:
            return [each for each in await by_subject(self.db, subject) if each.type == event]

        (found,) = await until(there)
        return found

    async def pay(self, **given: Any) -> str:
        amount = given.pop("amount", self.order.gross)
        report = PaymentReport(provider="p", reference=str(ids.new()), amount=amount, currency="USD", **given)
        async with self.db.transaction() as tx:
            done = await payments.record(tx, report, self.order, consumer="c", at=NOON, cause=CAUSE)
        return done.payment.id

    async def take_back(self, condition: Condition = "resellable") -> str:
        request = ReturnRequest(lines=(ReturnRequestLine(line=1, quantity=Decimal(1)),))
        came = ReceiveRequest(lines=(ReceivedLine(line=1, quantity=Decimal(1), condition=condition),))
        async with self.db.transaction() as tx:
            made = await returns.authorise(tx, request, self.order, consumer="c", at=NOON, cause=CAUSE)
        async with self.db.transaction() as tx:
            await returns.receive(tx, made.id, came, self.order, CAUSE)
        return made.id


@asynccontextmanager
async def opened(db: Database) -> AsyncIterator[World]:
    sold = msgspec.structs.replace(order(line(1, "A", "3")), status="accepted")
    there = There(sold)
    async with db.transaction() as tx:
        orders.accept(tx, sold, CAUSE)
    async with db.transaction() as tx:
        tx.stage(links.linking("order", sold.id, "main", "7", "S7"))
    made = [quick(flow(db, cast("Any", there))) for flow in (change_order, book_payment, receive_return, credit_return)]
    engine = Engine(db, FIRST, made, lease_seconds=LEASE_SECONDS)
    async with running(db, *engine.followers()):
        task = in_background(engine.run())
        try:
            yield World(db, sold, there)
        finally:
            await task()


def in_background(work: Awaitable[None]) -> Callable[[], Awaitable[None]]:

    task = asyncio.ensure_future(work)

    async def stop() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    return stop


@pytest.mark.parametrize(
    "lost", [(), ("make", "post", "pay", "credit", "take_back", "finish")], ids=["answered", "lost"]
)
async def test_invoice_payment_goods_and_credit_have_one_effect_each(db: Database, lost: tuple[str, ...]) -> None:
    async with opened(db) as world:
        world.there.delivered = True
        world.there.lost = set(lost)
        paid = await world.pay()
        await world.ask("invoice")
        await world.told(world.order.id, "order.invoiced")
        await world.told(paid, "payment.booked")
        back = await world.take_back()
        await until(lambda: settled(world))
        async with db.transaction() as tx:
            await returns.credit(tx, back, CreditRequest(), CAUSE)
        credited = await world.told(back, "return.credited")
        out = await world.pay(kind="refunded", amount=Decimal(10), credited=back)
        await world.told(out, "payment.booked")
    once = {name: world.there.effects[name] for name in ("make", "credit", "take_back")}
    assert (once, world.there.effects["pay"], sorted(world.there.paid)) == (
        {"make": 1, "credit": 1, "take_back": 1},
        2,
        sorted([paid, out]),
    )
    assert Decimal(credited.data["gross"]) == 10
    assert [each.gross for each in world.there.notes.values()] == [10]
    assert (await payments.get(db, paid)).payment.status == "booked"


@pytest.mark.parametrize(("condition", "aside"), [("damaged", [("A", 1)]), ("resellable", [])])
async def test_damaged_goods_are_named_when_they_are_taken_back(
    db: Database, condition: Condition, aside: list[tuple[str, int]]
) -> None:
    async with opened(db) as world:
        world.there.lost = {"take_back", "finish"}
        await world.take_back(condition)
        await until(lambda: settled(world))
    assert [(each.sku, each.quantity) for each in world.there.aside] == aside


async def settled(world: World) -> bool:
    return any(each.state == "confirmed" for each in world.there.goods.values())


@pytest.mark.parametrize("lost", [(), ("amend", "cancel")], ids=["answered", "lost"])
async def test_an_order_is_amended_then_called_off(db: Database, lost: tuple[str, ...]) -> None:
    async with opened(db) as world:
        world.there.lost = set(lost)
        other = msgspec.structs.replace(order(line(1, "A", "2"), line(2, "B", "1")), status="accepted")
        await world.ask("amend", other)
        amended = await world.told(world.order.id, "order.amended")
        assert [(each["number"], each["sku"]) for each in amended.data["lines"]] == [(1, "A"), (2, "B")]
        assert (await orders.get(db, world.order.id)).order == other
        await world.ask("cancel")
        await world.told(world.order.id, "order.cancelled")
    assert (await orders.get(db, world.order.id)).order.status == "cancelled"
    assert world.there.state == "cancelled"


@pytest.mark.parametrize(("kind", "delivered"), [("cancel", True), ("invoice", False)])
async def test_what_the_back_office_does_not_allow_is_refused_and_the_order_is_as_it_was(
    db: Database, kind: OrderChangeKind, delivered: bool
) -> None:
    async with opened(db) as world:
        world.there.delivered = delivered
        change = await world.ask(kind)
        await world.told(change, "order.change-refused")
        assert (await order_changes.get(db, change)).change.status == "refused"
        assert (await orders.get(db, world.order.id)).order == world.order
        assert world.there.state == "confirmed"
        # Nothing is under way any more: it may be asked again.
        await world.ask(kind)


async def test_a_payment_without_a_journal_is_kept_and_not_booked(db: Database) -> None:
    async with opened(db) as world:
        paid = await world.pay(tender="voucher")

        async def unbooked() -> bool:
            return (await payments.get(db, paid)).payment.status == "unbooked"

        await until(unbooked)
    assert world.there.paid == {}
