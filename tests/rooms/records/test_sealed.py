from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from tillway import ids, sealing
from tillway.errors import Misconfigured, Violation
from tillway.journal import Event, Sequencer, appending, by_subject
from tillway.postgres import Database
from tillway.records import Cause, orders, sales
from tillway.records.sales import Receipt
from tillway.retail import Order, OrderLine, Sale, parse, sale_id

AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
CAUSE = Cause(correlation="c")


def an_order(customer: str | None) -> Order:
    one = Decimal("1.00")
    line = OrderLine(number=1, sku="TEE", quantity=Decimal(1), unit_price=one, net=one, tax=Decimal(0), gross=one)
    return Order(
        id=str(ids.new()),
        consumer="web-shop",
        shop="harbour",
        customer=customer,
        price_list="list",
        currency="EUR",
        placed_at=AT,
        lines=(line,),
        net=one,
        tax=Decimal(0),
        gross=one,
    )


def a_sale(**more: Any) -> dict[str, Any]:
    sequence = more.pop("sequence", 1)
    return {
        "id": sale_id("till-1", "e1", sequence),
        "till": "till-1",
        "epoch": "e1",
        "sequence": sequence,
        "shop": "harbour",
        "business_day": "2026-11-23",
        "sold_at": "2026-11-23T10:00:00Z",
        "currency": "EUR",
        "lines": [],
        "tenders": [{"kind": "card", "amount": "1.00", "reference": "terminal-4711"}, {"kind": "cash", "amount": "0"}],
        "net": "1.00",
        "tax": "0.00",
        "gross": "1.00",
        **more,
    }


async def kept(db: Database, table: str, key: str) -> str:
    text: str = await db.fetchval(f"SELECT document FROM records.{table} WHERE id = $1", UUID(key))
    return text


async def test_the_customer_of_an_order_lies_sealed_in_records_and_journal(db: Database) -> None:
    order = an_order("ada-lovelace")
    async with db.transaction() as tx:
        orders.accept(tx, order, CAUSE)
    assert (await orders.get(db, order.id)).order == order
    document = await kept(db, "orders", order.id)
    assert "ada" not in document
    assert json.loads(document)["customer"].startswith(sealing.PREFIX)
    staged = await db.fetchval("SELECT personal FROM journal.staged WHERE subject = $1", order.id)
    assert "ada" not in staged
    sequencer = Sequencer(db, ids.new())
    await sequencer.lease()
    await sequencer.step()
    (event,) = await by_subject(db, order.id)
    assert "ada" not in str(event.personal_json)
    assert event.whole["customer"] == "ada-lovelace"


async def test_an_order_kept_in_clear_before_stays_readable_and_settles(db: Database) -> None:
    order = an_order("ada-lovelace")
    async with db.transaction() as tx:
        orders.accept(tx, order, CAUSE)
        tx.stage(appending([Event(type="order.placed", subject="o", data={}, correlation="c")]))
    clear = (
        "UPDATE records.orders SET document = jsonb_set(document, '{customer}', '\"bob\"') WHERE id = $1 RETURNING 1"
    )
    await db.fetchval(clear, UUID(order.id))
    assert (await orders.get(db, order.id)).order.customer == "bob"
    async with db.transaction() as tx:
        tx.stage(orders.settle(order.id, "accepted"))
    assert (await orders.get(db, order.id)).order.status == "accepted"


async def test_a_sealed_customer_moved_to_another_order_is_noticed(db: Database) -> None:
    one, other = an_order("ada-lovelace"), an_order("bob")
    async with db.transaction() as tx:
        orders.accept(tx, one, CAUSE)
    async with db.transaction() as tx:
        orders.accept(tx, other, CAUSE)
    moved = (
        "UPDATE records.orders SET document = jsonb_set(document, '{customer}', $2::jsonb) WHERE id = $1 RETURNING 1"
    )
    customer = json.loads(await kept(db, "orders", other.id))["customer"]
    await db.fetchval(moved, UUID(one.id), json.dumps(customer))
    with pytest.raises(Misconfigured, match="belongs to another row"):
        await orders.get(db, one.id)


async def test_what_a_sale_was_paid_with_lies_sealed_and_is_read_whole(db: Database) -> None:
    body = a_sale()
    receipt = Receipt(id=body["id"], body=body, sale=parse(body, Sale), owner="retail")
    async with db.transaction() as tx:
        (taken,) = await sales.record(tx, [receipt], consumer="tills", cause=CAUSE)
    assert taken.status == "recorded"
    document = await kept(db, "sales", body["id"])
    assert "terminal-4711" not in document
    assert '"gross": "1.00"' in document
    assert (await sales.get(db, body["id"]))["sale"] == body
    assert (await sales.read(db, body["id"])).tenders[0].reference == "terminal-4711"
    async with db.transaction() as tx:
        (again,) = await sales.record(tx, [receipt], consumer="tills", cause=CAUSE)
    assert again.status == "duplicate"


async def test_what_no_contract_knows_of_a_quarantined_sale_lies_sealed(db: Database) -> None:
    unknown = {"name": "Ada Lovelace", "age": 36, "cards": [True, None, 1.5]}
    body = a_sale(sequence=2, customer=unknown, till="s1.looks.sealed")
    wrong = (Violation(pointer="/customer", detail="is not known", rule="schema"),)
    receipt = Receipt(id=body["id"], body=body, sale=None, violations=wrong, owner="retail")
    async with db.transaction() as tx:
        await sales.record(tx, [receipt], consumer="tills", cause=CAUSE)
    document = await kept(db, "sales", body["id"])
    for telling in ("Ada", "terminal-4711", "cards"):
        assert telling not in document
    assert json.loads(document)["shop"] == "harbour"
    assert (await sales.get(db, body["id"]))["sale"] == body
