"""The feed: from any position, by type and entity, at once or as soon as there is something."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest

from tillway.contracts import checker, load
from tillway.journal import Event, appending, cursor

FEED = "/events/v1/feed"


async def append(hub, *events):
    """Events (type, subject, data) in the journal, and the tail past them."""
    before = hub.tail.head
    async with hub.db.transaction() as tx:
        tx.stage(
            appending(
                [
                    Event(type=kind, subject=subject, data={"lists": [], **data}, correlation="c-1")
                    for kind, subject, data in events
                ]
            )
        )
    await hub.settled(before + len(events))


async def head(hub):
    """The cursor behind everything there is."""
    reply = (await hub.get(f"{FEED}?limit=500")).json
    while reply["events"]:
        reply = (await hub.get(f"{FEED}?limit=500&after={reply['next']}")).json
    return reply["next"]


def told(reply):
    return [(event["type"], event["subject"]) for event in reply.json["events"]]


async def test_events_come_in_order_from_the_cursor_on(hub):
    start = await head(hub)
    await append(hub, ("price.changed", "A", {}), ("product.changed", "B", {}), ("price.changed", "C", {}))
    first = await hub.get(f"{FEED}?after={start}&limit=2")
    rest = await hub.get(f"{FEED}?after={first.json['next']}")
    assert told(first) == [("tillway.price.changed.v1", "A"), ("tillway.product.changed.v1", "B")]
    assert told(rest) == [("tillway.price.changed.v1", "C")]
    assert told(await hub.get(f"{FEED}?after={rest.json['next']}")) == []


@pytest.mark.parametrize("spelling", ["price.changed", "tillway.price.changed.v1"])
async def test_events_are_filtered_by_type_in_either_spelling(hub, spelling):
    start = await head(hub)
    await append(hub, ("price.changed", "A", {}), ("product.changed", "B", {}))
    assert told(await hub.get(f"{FEED}?after={start}&types={spelling}")) == [("tillway.price.changed.v1", "A")]


async def test_events_are_filtered_by_entity_and_type(hub):
    start, sku = await head(hub), f"S-{uuid4()}"
    await append(hub, ("price.changed", sku, {}), ("price.changed", "B", {}), ("product.changed", sku, {}))
    assert len(told(await hub.get(f"{FEED}?after={start}&subject={sku}"))) == 2
    only = await hub.get(f"{FEED}?after={start}&subject={sku}&types=product.changed&limit=1")
    assert told(only) == [("tillway.product.changed.v1", sku)]
    assert told(await hub.get(f"{FEED}?after={only.json['next']}&subject={sku}")) == []


async def test_without_a_cursor_the_oldest_comes_first(hub):
    await append(hub, ("price.changed", "A", {}))
    first = (await hub.get(f"{FEED}?limit=1")).json["events"][0]
    row = await hub.db.fetchrow("SELECT id FROM journal.events ORDER BY position LIMIT 1")
    assert first["id"] == str(row["id"])


async def test_a_long_poll_answers_when_something_comes(hub):
    start = await head(hub)
    waiting = asyncio.create_task(hub.get(f"{FEED}?after={start}&types=price.changed&wait=20"))
    await append(hub, ("product.changed", "B", {}))
    assert not waiting.done()
    await append(hub, ("price.changed", "A", {}))
    async with asyncio.timeout(20):
        assert told(await waiting) == [("tillway.price.changed.v1", "A")]


async def test_a_long_poll_for_one_entity_answers_for_that_one(hub):
    start, sku = await head(hub), f"S-{uuid4()}"
    waiting = asyncio.create_task(hub.get(f"{FEED}?after={start}&subject={sku}&wait=20"))
    await append(hub, ("price.changed", "other", {}), ("price.changed", sku, {}))
    async with asyncio.timeout(20):
        assert told(await waiting) == [("tillway.price.changed.v1", sku)]


async def test_a_long_poll_ends_empty_with_a_cursor(hub):
    start = await head(hub)
    reply = await hub.get(f"{FEED}?after={start}&wait=5", headers={"X-Deadline-Ms": "1100"})
    assert (reply.status, reply.json) == (200, {"events": [], "next": start})


async def test_a_draining_door_answers_its_long_polls_at_once(hub):
    start = await head(hub)
    waiting = asyncio.create_task(hub.get(f"{FEED}?after={start}&wait=30"))
    async with asyncio.timeout(20):
        while not hub.tail._any:
            await asyncio.sleep(0.005)
        hub.door.drain()
        assert (await waiting).json == {"events": [], "next": start}
        assert (await hub.get(f"{FEED}?after={start}&wait=30")).json["events"] == []


async def test_a_consumer_receives_only_its_types_and_shops(hub):
    start = await head(hub)
    await append(
        hub,
        ("price.changed", "A", {}),
        ("product.changed", "B", {}),
        ("sale.recorded", "s-1", {"shop": "harbour"}),
        ("sale.recorded", "s-2", {"shop": "station"}),
    )
    reply = await hub.get(f"{FEED}?after={start}", by="station-till")
    assert told(reply) == [("tillway.price.changed.v1", "A"), ("tillway.sale.recorded.v1", "s-2")]
    assert (await hub.get(f"{FEED}?types=order.accepted", by="station-till")).status == 403


async def test_a_type_that_does_not_exist_is_refused(hub):
    reply = await hub.get(f"{FEED}?types=price.changed,moon.risen")
    assert (reply.status, reply.json["violations"][0]["pointer"]) == (422, "/query/types/1")


async def test_a_cursor_that_is_none_of_ours_is_refused(hub):
    reply = await hub.get(f"{FEED}?after=somewhere")
    assert (reply.status, reply.json["violations"][0]["pointer"]) == (422, "/query/after")


async def test_a_cursor_of_an_ended_epoch_is_gone_and_says_how_to_go_on(hub):
    old = cursor.encode(cursor.Cursor(uuid4(), 1))
    reply = await hub.get(f"{FEED}?after={old}")
    assert (reply.status, reply.json["type"], bool(reply.json["remedy"])) == (410, "/problems/gone", True)


async def read_until(hub, query, expected):
    """All events of the query from the oldest kept, read on until every expected type was told."""
    events, after = [], ""
    async with asyncio.timeout(20):
        while {event["type"] for event in events} != expected:
            page = (await hub.get(f"{FEED}?{query}&limit=500&wait=5{after}")).json
            events += page["events"]
            after = f"&after={page['next']}"
    return events


async def test_what_the_rooms_tell_keeps_the_promised_schemas(hub):
    """Orders and sales of the other tests' kind, in the schema that each event names."""
    await hub.post("/orders/v1/orders", {"lines": [{"sku": "TEE-CREW-S", "quantity": "1"}]})
    sold = (
        load()
        .document("pos")
        .content["paths"]["/sales"]["post"]["requestBody"]["content"]["application/json"]["example"]
    )
    await hub.post("/pos/v1/sales", sold)
    await hub.post("/pos/v1/sales", {"sales": [{}]})
    types = ("order.placed", "sale.recorded", "sale.quarantined")
    expected = {f"tillway.{name}.v1" for name in types}
    events = await read_until(hub, f"types={','.join(types)}", expected)
    for event in events:
        assert checker(load().events["cloudevent", 1], "")(event) == ()
        if event["data"].get("gross") or event["data"].get("violations"):
            name = event["type"].removeprefix("tillway.").removesuffix(".v1")
            assert checker(load().events[name, 1], "")(event["data"]) == ()
