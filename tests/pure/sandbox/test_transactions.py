"""One call, one transaction: all of it or nothing, and what happens when two of them meet."""

from __future__ import annotations

import asyncio
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pure.sandbox.server_world import call, sandbox

from tillway.sandbox import registry
from tillway.sandbox.calls import Caller
from tillway.sandbox.json2 import Sandbox
from tillway.sandbox.refusals import Refusal, SerializationFailure
from tillway.sandbox.store import Store, Transaction

MODEL = "res.country"
FIELDS = [
    "id",
    "partner_id/.id",
    "client_order_ref",
    "order_line/id",
    "order_line/product_id/.id",
    "order_line/product_uom_qty",
]
ROW = ["shop.order_1", "4", "WEB-1", "shop.order_1_line_1", "1", "1"]


def rows_of(store: Store) -> dict[int, Any]:
    return deepcopy(store.tables[MODEL].rows)


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(("insert", "update", "delete")), st.integers(1, 6), st.sampled_from("ABC")),
        max_size=12,
    ),
    kept=st.integers(0, 12),
)
def test_rolling_back_leaves_rows_and_indexes_as_they_were(steps: list[tuple[str, int, str]], kept: int) -> None:
    store = Store(registry.MODELS)
    first = Transaction(store)
    for code in "AB":
        first.insert(MODEL, {"name": code, "code": code, "currency_id": 1})
    first.commit()
    transaction, seen = Transaction(store), [rows_of(store)]
    for step, record, code in steps:
        if step == "insert":
            transaction.insert(MODEL, {"name": code, "code": code, "currency_id": 2})
        elif record in store.tables[MODEL].rows:
            if step == "update":
                transaction.update(MODEL, record, {"currency_id": 3})
            else:
                transaction.delete(MODEL, record)
        if len(seen) == kept:
            mark, at_mark = transaction.mark(), rows_of(store)
        seen.append(rows_of(store))
    if 0 < kept < len(seen) - 1:
        transaction.rollback_to(mark)
        assert rows_of(store) == at_mark
    transaction.rollback()
    assert rows_of(store) == seen[0]
    index = store.tables[MODEL].indexes["currency_id"]
    assert {value: sorted(found) for value, found in index.items() if found} == {1: [1, 2]}


def test_a_row_that_another_one_committed_meanwhile_cannot_be_changed() -> None:
    store = Store(registry.MODELS)
    first = Transaction(store)
    record = first.insert(MODEL, {"name": "A", "code": "A", "currency_id": 1})
    first.commit()
    late, early = Transaction(store), Transaction(store)
    early.update(MODEL, record, {"name": "B"})
    early.commit()
    with pytest.raises(SerializationFailure):
        late.update(MODEL, record, {"name": "C"})


async def test_a_batch_with_one_bad_record_creates_none() -> None:
    server = sandbox()
    before = await call(server, "res.partner/search_count", domain=[])
    with pytest.raises(Refusal) as refused:
        await call(server, "res.partner/create", vals_list=[{"name": "Good"}, {"name": "Bad", "country_id": 999}])
    assert refused.value.status == 422
    assert await call(server, "res.partner/search_count", domain=[]) == before


async def at_once(server: Sandbox, count: int, method: str, **body: Any) -> list[Any]:
    """The answers of calls that overlap; a refused one gives its refusal."""
    await server.panel.change({"work_ms": 20, "backoff_ms": 1})
    return await asyncio.gather(*(call(server, method, **body) for _ in range(count)), return_exceptions=True)


async def test_parallel_loads_of_one_new_external_id_make_one_order() -> None:
    """The losers are told with status 200, as observed."""
    server = sandbox()
    answers = await at_once(server, 6, "sale.order/load", fields=FIELDS, data=[ROW])
    lost = {
        "ids": False,
        "messages": [
            {
                "rows": {"from": 0, "to": 0},
                "record": 0,
                "type": "error",
                "message": "could not serialize access due to concurrent update\n",
            }
        ],
        "nextrow": 0,
    }
    assert sorted(answers, key=str, reverse=True) == [
        {"ids": [1], "messages": [], "nextrow": 0},
        *[lost] * 5,
    ]
    assert await call(server, "sale.order/search_count", domain=[]) == 1
    assert await call(server, "sale.order/load", fields=FIELDS, data=[ROW]) == {
        "ids": [1],
        "messages": [],
        "nextrow": 0,
    }
    assert await call(server, "sale.order.line/search_count", domain=[]) == 1


async def test_parallel_confirmations_of_one_order_confirm_once() -> None:
    server = sandbox()
    lines = [[0, 0, {"product_id": 1, "product_uom_qty": 2}]]
    order = (await call(server, "sale.order/create", vals_list={"partner_id": 4, "order_line": lines}))[0]
    answers = await at_once(server, 6, "sale.order/action_confirm", ids=[order])
    assert [answer is True for answer in answers].count(True) == 1
    assert {answer.status for answer in answers if isinstance(answer, Refusal)} == {422}
    assert await call(server, "stock.picking/search_count", domain=[["sale_id", "=", order]]) == 1


async def test_parallel_confirmations_never_reserve_more_than_there_is() -> None:
    server = sandbox()
    shelf = server.store.tables["stock.warehouse"].rows[1]["lot_stock_id"]
    counted = {"product_id": 1, "location_id": shelf, "inventory_quantity_auto_apply": 2}
    await call(server, "stock.quant/create", vals_list=counted, context={"inventory_mode": True})
    line = [[0, 0, {"product_id": 1, "product_uom_qty": 1}]]
    orders = await call(
        server, "sale.order/create", vals_list=[{"partner_id": 4, "order_line": line} for _ in range(4)]
    )
    await server.panel.change({"work_ms": 20, "backoff_ms": 1})
    answers = await asyncio.gather(*(call(server, "sale.order/action_confirm", ids=[order]) for order in orders))
    assert answers == [True] * 4
    moves = await call(
        server,
        "stock.move/search_read",
        domain=[["is_inventory", "=", False]],
        fields=["state", "quantity"],
        order="state",
    )
    assert [(move["state"], move["quantity"]) for move in moves] == [
        ("assigned", 1.0),
        ("assigned", 1.0),
        ("confirmed", 0.0),
        ("confirmed", 0.0),
    ]


async def test_write_date_is_when_the_transaction_began() -> None:
    """Not when it committed: a row may appear with a time that a poll has already passed."""
    server = sandbox()
    times = [datetime(2026, 11, 23, 9, 0, 0, tzinfo=UTC)]

    def work() -> float:
        times.append(times[-1] + timedelta(minutes=5))
        return 0.001

    caller = Caller(store=server.store, work=work, now=lambda: times[-1])
    made = await caller.run("res.partner", "create", {"vals_list": {"name": "Late"}})
    assert times[-1].hour == 9
    assert times[-1].minute == 5
    assert server.store.tables["res.partner"].rows[made[0]]["write_date"] == "2026-11-23 09:00:00"
