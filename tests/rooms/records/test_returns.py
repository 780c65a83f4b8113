"""The ledger of returns: whatever happens, in which order and at once, nothing comes back twice."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.postgres_cluster import RunningCluster, run
from tests.pure.processes.test_verdicts import line, order
from tests.pure.retail.samples import NOON, sale, sale_line
from tests.rooms.journal.actors import until
from tests.rooms.journal.world import running

from tillway import ids
from tillway.errors import Conflict, Invalid
from tillway.journal import by_subject
from tillway.postgres import Database
from tillway.processes import till_refunds
from tillway.records import Cause, returns, sales
from tillway.retail import (
    CreditRequest,
    Order,
    ReceivedLine,
    ReceiveRequest,
    RefundOf,
    Return,
    ReturnRequest,
    ReturnRequestLine,
    Sale,
    sale_id,
)

CAUSE = Cause(correlation="correlation-1")
SOLD = 5
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("authorise"), st.integers(1, 2), st.integers(1, SOLD + 1)),
        st.tuples(st.just("receive"), st.integers(0, 3), st.integers(0, SOLD)),
        st.tuples(st.just("credit"), st.integers(0, 3), st.just(0)),
        st.tuples(st.just("refund"), st.integers(1, 2), st.integers(1, SOLD + 1)),
    ),
    min_size=4,
    max_size=14,
)


def asked(number: int, quantity: int) -> ReturnRequest:
    return ReturnRequest(lines=(ReturnRequestLine(line=number, quantity=Decimal(quantity)),))


async def authorise(db: Database, of: Order | Sale, number: int, quantity: int) -> Return:
    async with db.transaction() as tx:
        return await returns.authorise(tx, asked(number, quantity), of, consumer="c", at=NOON, cause=CAUSE)


def fresh() -> Order:
    sold = order(line(1, "A", str(SOLD)), line(2, "B", str(SOLD)))
    return msgspec.structs.replace(sold, id=str(ids.new()))


class Till:
    """A sale of which parts come back in any way, and the same reckoned beside it."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.sold = msgspec.structs.replace(
            sale(lines=(sale_line(1, quantity=Decimal(SOLD)), sale_line(2, quantity=Decimal(SOLD)))),
            id=str(ids.new()),
        )
        self.made: list[Return] = []
        self.out = {1: Decimal(0), 2: Decimal(0)}
        self.paid = {1: Decimal(0), 2: Decimal(0)}

    async def authorise(self, number: int, quantity: int) -> None:
        possible = self.out[number] + quantity <= SOLD
        try:
            self.made.append(await authorise(self.db, self.sold, number, quantity))
        except Invalid as error:
            found = [each.rule for each in error.violations]
        else:
            found = []
        assert found == ([] if possible else ["over-return"])
        if not possible:
            return
        self.out[number] += quantity

    async def receive(self, place: int, quantity: int) -> None:
        if place >= len(self.made):
            return
        before = self.made[place]
        number = before.lines[0].line
        request = ReceiveRequest(lines=(ReceivedLine(line=number, quantity=Decimal(quantity)),))
        try:
            async with self.db.transaction() as tx:
                self.made[place] = await returns.receive(tx, before.id, request, self.sold, CAUSE)
        except (Conflict, Invalid):
            assert before.status != "authorised" or not 0 < quantity <= before.lines[0].quantity
            return
        self.out[number] -= before.lines[0].quantity - quantity

    async def credit(self, place: int, _: int) -> None:
        if place >= len(self.made):
            return
        before = self.made[place]
        try:
            async with self.db.transaction() as tx:
                self.made[place] = await returns.credit(tx, before.id, CreditRequest(), CAUSE)
        except Conflict:
            assert before.status != "received"
            return
        self.paid[before.lines[0].line] += before.gross

    async def refund(self, number: int, quantity: int) -> None:
        left = SOLD - self.out[number]
        async with self.db.transaction() as tx:
            excess = await returns.refund(tx, self.sold, {number: Decimal(quantity)})
        assert excess == ({number: quantity - left} if quantity > left else {})
        self.out[number] += min(left, Decimal(quantity))

    async def conserved(self) -> None:
        for row in await self.db.fetch("SELECT * FROM records.sold_lines WHERE sold = $1", self.sold.id):
            assert row["authorised"] + row["refunded"] == self.out[row["line"]] <= row["quantity"]
            assert 0 <= row["credited"] <= row["received"] <= row["authorised"]
        gross = {each.number: each.gross for each in self.sold.lines}
        assert all(self.paid[number] <= gross[number] for number in gross)


@pytest.fixture(scope="module")
def shared(cluster: RunningCluster) -> Any:
    made = cluster.database()
    yield made
    cluster.drop(made)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_no_row_of_events_returns_or_pays_back_more_than_was_sold(
    shared: str, steps: list[tuple[str, int, int]]
) -> None:
    async def all_of_them() -> None:
        async with Database(shared, "returns") as db:
            till = Till(db)
            for act, first, second in steps:
                await getattr(till, act)(first, second)
                await till.conserved()

    run(all_of_them())


async def test_of_many_that_return_the_same_at_once_only_as_many_as_were_sold_may(db: Database) -> None:
    sold = fresh()
    answers = await asyncio.gather(*(authorise(db, sold, 1, 1) for _ in range(20)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in answers) == ["Invalid"] * (20 - SOLD) + ["Return"] * SOLD
    assert sum(each.gross for each in answers if isinstance(each, Return)) == sold.lines[0].gross


async def test_a_till_that_gives_back_too_much_is_told_and_never_refused(db: Database) -> None:
    sold = sale(lines=(sale_line(quantity=Decimal(2)),))

    def given_back(sequence: int, quantity: int) -> Sale:
        of = RefundOf(till=sold.till, epoch=sold.epoch, sequence=sold.sequence, line=1)
        back = sale_line(1, quantity=Decimal(-quantity), refund_of=of)
        return sale(id=sale_id("till-1", "a", sequence), sequence=sequence, lines=(back,), kind="refund")

    async def record(made: Sale) -> None:
        receipt = sales.Receipt(id=made.id, body=msgspec.to_builtins(made), sale=made, owner="store-operations")
        async with db.transaction() as tx:
            await sales.record(tx, [receipt], consumer="till-1", cause=CAUSE)

    async with running(db, till_refunds()):
        await record(sold)
        await record(given_back(2, 1))
        await record(too_much := given_back(3, 2))

        async def told() -> Any:
            return [each for each in await by_subject(db, too_much.id) if each.type == "return.exception"]

        (event,) = await until(told)
    assert (event.data["code"], event.data["sold"]) == ("over-refund", sold.id)
    assert event.data["detail"] == "the till gave back more than could come back: 1 of line 1"
    row = await db.fetchrow("SELECT refunded, excess FROM records.sold_lines WHERE sold = $1", sold.id)
    assert tuple(row) == (2, 1)
    with pytest.raises(Invalid):
        await authorise(db, sold, 1, 1)
