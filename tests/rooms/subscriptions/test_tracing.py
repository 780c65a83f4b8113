"""Traces of what really happened: journal, process and delivery of one order."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.rooms.subscriptions.hub import Receiver, Works, append, sequenced, subscribe, until

from tillway import clock, ids
from tillway.errors import NotFound
from tillway.journal import Event
from tillway.landscape import Active
from tillway.observe import events_of, find, look
from tillway.postgres import Database
from tillway.processes import Definition, Engine, On, Outcome, Step, Work
from tillway.processes.definition import START, Beginning
from tillway.records import links

ORDER = str(ids.named("order", "1"))


def flow() -> Definition:
    """A process of one step, as short as one can be that announces and links."""

    async def write(work: Work) -> Outcome:
        told = Event(type="order.accepted", subject=work.subject, data={"shop": "berlin"}, correlation=work.correlation)
        return Outcome(
            event="written", events=(told,), parts=(links.linking("order", work.subject, "erp", "26", "S00026"),)
        )

    def begin(_: str, __: Mapping[str, Any]) -> Beginning:
        return Beginning(data={})

    return Definition(
        name="place-order",
        version=1,
        starts_on="order.placed",
        owner="retail-operations",
        deadline=timedelta(hours=4),
        steps=(Step(state="writing", act=write, tag="retriable"),),
        table=(On(START, "order.placed", "writing"), On("writing", "written", "accepted")),
        ends=frozenset({"accepted"}),
        begin=begin,
        tell=lambda *_: ((), ()),
    )


def placed(order: str = ORDER, correlation: str = "c-1") -> Event:
    return Event(type="order.placed", subject=order, data={"shop": "berlin"}, correlation=correlation)


async def test_an_order_is_traced_by_whatever_is_known_of_it(db: Database, active: Active, receiver: Receiver) -> None:
    made = await subscribe(db, active, receiver.url)
    engine = Engine(db, ids.new(), [flow()])
    async with Works(db, active, others=engine.followers()):
        running = asyncio.create_task(engine.run())
        await append(db, placed())
        await receiver.next()

        async def done() -> bool:
            found = await find(db, ORDER)  # the receiver was told, so the order is in the journal
            return found.stages[-1].name == f"delivered {made.id}" and found.stages[-1].at is not None

        await until(done)
        running.cancel()
        await asyncio.wait([running])

    traces = [await find(db, key) for key in (ORDER, "S00026", "c-1")]

    assert [stage.name for stage in traces[0].stages] == [
        "received",
        "recorded",
        "started",
        "written",
        "accepted",
        f"delivered {made.id}",
    ]
    assert all(stage.at is not None for stage in traces[0].stages)
    assert [trace.stages for trace in traces] == [traces[0].stages] * 3
    assert [trace.key for trace in traces] == [ORDER, "S00026", "c-1"]
    assert [event.type for event in await events_of(db, "S00026")] == ["order.placed", "order.accepted"]


async def test_what_nobody_took_up_is_open_at_its_start(db: Database, active: Active, receiver: Receiver) -> None:
    """Without a works process the subscription has not come to it either."""
    made = await subscribe(db, active, receiver.url, types=["order.accepted"])
    other = str(ids.named("order", "2"))
    async with Works(db, active, webhooks=False):
        accepted = Event(type="order.accepted", subject=ORDER, data={"shop": "berlin"}, correlation="c-1")
        await append(db, placed(), accepted, placed(other))
        await sequenced(db, 3)

    found = await find(db, ORDER)
    assert [(stage.name, stage.at is None) for stage in found.stages] == [
        ("received", False),
        ("recorded", False),
        ("started", True),
        ("accepted", False),
        (f"delivered {made.id}", True),
    ]
    assert found.others == (other,)


async def test_a_receipt_and_a_reference_lead_to_their_traces(db: Database, active: Active) -> None:
    sale = str(ids.named("sale", "1"))
    recorded = Event(type="sale.recorded", subject=sale, data={"shop": "berlin"}, correlation="c-2")
    async with db.transaction() as tx:
        await tx.execute(
            "INSERT INTO records.sales (id, consumer, till, epoch, sequence, status, content_hash, document)"
            " VALUES ($1, 'till', 'berlin-1', '2026-11', 17, 'recorded', '', '{}')",
            UUID(sale),
        )
        await tx.execute(
            "INSERT INTO records.orders (id, consumer, shop, reference, status, placed_at, document)"
            " VALUES ($1, 'webshop', 'berlin', 'WEB-17', 'placed', now(), '{}')",
            UUID(ORDER),
        )
    async with Works(db, active, webhooks=False):
        await append(db, recorded, placed())
        await sequenced(db, 2)

    found = [await find(db, key) for key in ("berlin-1/2026-11/17", sale, "WEB-17")]

    assert [(trace.kind, trace.subject) for trace in found] == [("sale", sale), ("sale", sale), ("order", ORDER)]


@pytest.mark.parametrize("key", ["nothing", ORDER, "berlin-1/2026-11/17", "berlin-1/2026-11/" + "9" * 18])
async def test_what_is_not_known_says_what_may_be_asked_for(db: Database, key: str) -> None:
    with pytest.raises(NotFound) as caught:
        await find(db, key)

    assert "till/epoch/sequence" in caught.value.remedy


async def test_the_hub_is_looked_at_whole(db: Database, active: Active, receiver: Receiver) -> None:
    made = await subscribe(db, active, receiver.url)
    async with Works(db, active) as works:
        await works.holds(made.follower)
        await append(db, placed())
        found = await look(db, active.current, clock.now(), poll_seconds=60)

    assert [each.name for each in found.followers] == [made.follower]
    assert (found.parked, found.exceptions) == (0, 0)
    assert found.problems == (
        "the first load of products from erp is not complete",
        "the first load of prices from erp is not complete",
    )
