from __future__ import annotations

import asyncio
import contextlib
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from tests.pure.retail.samples import sale
from tests.rooms.journal.world import sequenced

from tillway import ids
from tillway.errors import NotFound, Violation
from tillway.journal import read
from tillway.postgres import Database
from tillway.records import Cause, sales
from tillway.records.sales import Receipt, Taken
from tillway.retail import Sale, sale_id

CAUSE = Cause(correlation="upload-1")
WRONG = Violation(pointer="/gross", detail="does not add up", rule="total")


def receipt(sequence: int = 1, *violations: Violation, **given: Any) -> Receipt:
    made = sale(id=sale_id("till-1", "a", sequence), sequence=sequence, **given)
    body = msgspec.json.decode(msgspec.json.encode(made))
    return Receipt(id=made.id, body=body, sale=made, violations=violations, owner="store-operations")


def unreadable(text: str) -> Receipt:
    body = {"garbage": text}
    return Receipt(id=str(ids.named("unread", text)), body=body, sale=None, violations=(WRONG,), owner="operations")


async def record(db: Database, *receipts: Receipt) -> tuple[Taken, ...]:
    async with db.transaction() as tx:
        return await sales.record(tx, receipts, consumer="till-1", cause=CAUSE)


async def told(db: Database) -> list[tuple[str, str]]:
    await sequenced(db)
    return [(event.type, event.subject) for event in (await read(db, 0)).events]


async def kept(db: Database) -> int:
    return await db.fetchval("SELECT count(*) FROM records.sales")


async def test_a_sale_is_kept_and_told(db: Database) -> None:
    first = receipt()
    assert await record(db, first) == (Taken(id=first.id, status="recorded"),)
    found = await sales.get(db, first.id)
    assert (found["status"], found["owner"], found["violations"], found["sale"]) == ("recorded", None, [], first.body)
    assert await sales.read(db, first.id) == first.sale
    assert await told(db) == [("sale.recorded", first.id)]


async def test_a_sale_sent_again_is_a_duplicate_whatever_the_order_of_its_members(db: Database) -> None:
    first = receipt()
    turned = msgspec.structs.replace(first, body=dict(reversed(first.body.items())))
    await record(db, first)
    assert await record(db, turned, first) == (Taken(id=first.id, status="duplicate"),) * 2
    assert (await kept(db), await told(db)) == (1, [("sale.recorded", first.id)])


async def test_the_same_sale_twice_in_one_batch_is_recorded_once(db: Database) -> None:
    first, second = receipt(1), receipt(2)
    assert [taken.status for taken in await record(db, first, second, first)] == ["recorded", "recorded", "duplicate"]
    assert (await kept(db), await told(db)) == (2, [("sale.recorded", first.id), ("sale.recorded", second.id)])


@pytest.mark.parametrize("together", [True, False])
async def test_the_same_identity_with_other_content_is_kept_too_and_quarantined(db: Database, together: bool) -> None:
    first, other = receipt(), receipt(change=Decimal("3.00"))
    if together:
        one, two = await record(db, first, other)
    else:
        (one,), (two,) = await record(db, first), await record(db, other)
    assert (one, two.status) == (Taken(id=first.id, status="recorded"), "quarantined")
    assert [(each.pointer, each.rule) for each in two.violations] == [("/sequence", "conflict")]
    assert two.id != first.id
    held = await sales.get(db, two.id)
    assert (held["status"], held["owner"], held["sale"]) == ("quarantined", "store-operations", other.body)
    assert (await sales.get(db, first.id))["sale"] == first.body
    assert await told(db) == [("sale.recorded", first.id), ("sale.quarantined", two.id)]
    assert [taken.status for taken in await record(db, other, first)] == ["quarantined", "duplicate"]
    assert (await kept(db), len(await told(db))) == (2, 2)


async def test_what_does_not_add_up_is_quarantined_with_its_owner_and_stays_so(db: Database) -> None:
    wrong = receipt(1, WRONG)
    for _ in range(2):
        assert await record(db, wrong) == (Taken(id=wrong.id, status="quarantined", violations=(WRONG,)),)
    found = await sales.get(db, wrong.id)
    assert (found["status"], found["owner"], found["shop"]) == ("quarantined", "store-operations", "shop-1")
    assert found["violations"] == [{"pointer": "/gross", "detail": "does not add up", "rule": "total"}]
    assert await told(db) == [("sale.quarantined", wrong.id)]


async def test_what_cannot_even_be_read_is_kept(db: Database) -> None:
    wrong = unreadable("#!?")
    assert [taken.status for taken in await record(db, wrong, receipt())] == ["quarantined", "recorded"]
    assert (await sales.get(db, wrong.id))["sale"] == {"garbage": "#!?"}


async def test_senders_of_the_same_sales_at_once_record_each_once(db: Database) -> None:
    batch = [receipt(number) for number in range(1, 21)]
    answers = await asyncio.gather(*(record(db, *(batch if turn % 2 else batch[::-1])) for turn in range(6)))
    statuses = [taken.status for answer in answers for taken in answer]
    assert (statuses.count("recorded"), statuses.count("duplicate")) == (20, 100)
    assert sorted(await told(db)) == sorted(("sale.recorded", each.id) for each in batch)


@pytest.mark.parametrize("sale_id", ["", "not-a-uuid", "0198f1f0-0000-7000-8000-000000000001"])
async def test_a_sale_that_was_never_sent_is_not_found(db: Database, sale_id: str) -> None:
    with pytest.raises(NotFound):
        await sales.get(db, sale_id)


async def test_what_is_undone_leaves_nothing_behind(db: Database) -> None:
    with contextlib.suppress(ZeroDivisionError):
        async with db.transaction() as tx:
            assert [taken.status for taken in await sales.record(tx, [receipt()], consumer="t", cause=CAUSE)] == [
                "recorded"
            ]
            raise ZeroDivisionError
    assert (await kept(db), await told(db)) == (0, [])


def test_the_example_is_a_sale() -> None:
    assert isinstance(receipt().sale, Sale)
