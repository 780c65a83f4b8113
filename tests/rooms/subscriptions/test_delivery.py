from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

from tests.rooms.subscriptions.hub import Receiver, Works, accepted, append, sequenced, subscribe, until

from tillway import clock, journal, subscriptions
from tillway.landscape import Active
from tillway.postgres import Database
from tillway.subscriptions import deliveries, sign


async def test_a_delivery_is_a_signed_structured_cloudevent(db: Database, active: Active, receiver: Receiver) -> None:
    traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    event = accepted("o-1", personal={"customer": "walk-in"}, traceparent=traceparent)
    made = await subscribe(db, active, receiver.url)
    async with Works(db, active):
        await append(db, event)
        got = await receiver.next()

    sent_at = datetime.fromtimestamp(int(got.headers["webhook-timestamp"]), UTC)
    assert (got.method, got.path) == ("POST", "/hook")
    assert got.headers["Content-Type"] == "application/cloudevents+json"
    assert got.headers["traceparent"] == traceparent
    assert got.id == got.event["id"] == str(event.id)
    assert got.event["data"] == {"reference": "1", "shop": "berlin"}
    assert got.headers["webhook-signature"] == sign(made.secrets[0], got.id, sent_at, got.body)
    assert abs(clock.now() - sent_at) < timedelta(seconds=60)


async def test_a_subscription_starts_at_its_creation(db: Database, active: Active, receiver: Receiver) -> None:
    async with Works(db, active) as works:
        await append(db, accepted("o-1", 1))
        await sequenced(db, 1)
        made = await subscribe(db, active, receiver.url)
        await append(db, accepted("o-2", 2))
        got = await receiver.next()
        await works.follows([made.follower])

    assert (got.number, receiver.unread) == (2, 0)


async def test_what_is_subscribed_while_works_runs_is_told_within_two_seconds(
    db: Database, active: Active, receiver: Receiver
) -> None:
    async with Works(db, active) as works:
        await works.follows([])
        began = clock.monotonic()
        await subscribe(db, active, receiver.url)
        await append(db, accepted("o-1"))
        await receiver.next()

        assert clock.monotonic() - began < 2.0


async def test_events_of_a_key_arrive_in_order_while_keys_do_not_wait_for_each_other(
    db: Database, active: Active, receiver: Receiver
) -> None:
    await subscribe(db, active, receiver.url)
    async with Works(db, active):
        await append(db, *(accepted(f"o-{key}", number) for number in range(8) for key in range(5)))
        got = await receiver.some(40)

    by_key = {key: [each.number for each in got if each.subject == f"o-{key}"] for key in range(5)}
    assert by_key == {key: list(range(8)) for key in range(5)}


async def test_a_receiver_that_is_busy_gets_the_same_event_again_under_the_same_id(
    db: Database, active: Active, receiver: Receiver
) -> None:
    answers = iter([503, 429, 500, 204])
    receiver.answer = lambda _: next(answers)
    made = await subscribe(db, active, receiver.url)
    event = accepted("o-1")
    async with Works(db, active):
        await append(db, event)
        got = await receiver.some(4)

        async def delivered() -> bool:
            (one,) = await deliveries(db, [event.id])
            return one.delivered_at is not None

        await until(delivered)

    (kept,) = await deliveries(db, [event.id])
    assert {each.id for each in got} == {str(event.id)}
    assert (kept.subscription, kept.attempts, kept.status_code, kept.failure) == (made.id, 4, 204, None)


async def test_after_a_success_the_schedule_begins_anew(db: Database, active: Active, receiver: Receiver) -> None:
    """The second fault would otherwise wait an hour."""
    answers = iter([503, 204, 503, 204])
    receiver.answer = lambda _: next(answers)
    await subscribe(db, active, receiver.url)
    async with Works(db, active, hold=(timedelta(milliseconds=20), timedelta(hours=1))):
        await append(db, accepted("o-1", 1))
        first = await receiver.some(2)
        await append(db, accepted("o-1", 2))
        second = await receiver.some(2)

    assert [each.number for each in (*first, *second)] == [1, 1, 2, 2]


async def test_a_receiver_without_an_answer_gets_the_same_event_again(
    db: Database, active: Active, receiver: Receiver
) -> None:
    """The connection is cut after the request came in whole: whether it was taken is not known."""
    cut = asyncio.Event()
    arrived: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        arrived.extend(line.partition(": ")[2] for line in head.splitlines() if line.startswith("webhook-id"))
        if len(arrived) > 1:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()
            cut.set()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    event = accepted("o-1")
    await subscribe(db, active, f"http://127.0.0.1:{port}/hook")
    async with Works(db, active):
        await append(db, event)
        await asyncio.wait_for(cut.wait(), 10)
    server.close()
    await server.wait_closed()

    assert arrived == [str(event.id)] * 2


async def test_gone_switches_the_subscription_off_and_keeps_its_place(
    db: Database, active: Active, receiver: Receiver
) -> None:
    receiver.answer = lambda _: 410
    made = await subscribe(db, active, receiver.url)
    async with Works(db, active) as works:
        await append(db, accepted("o-1"))
        first = await receiver.next()
        await works.follows([])
        await append(db, accepted("o-2"))
        found = await subscriptions.get(db, made.id)
        receiver.answer = lambda _: 204
        stood = await subscriptions.standing(db, found)
        while receiver.unread:
            await receiver.next()
        await subscriptions.resume(db, made.id)
        later = await receiver.some(2)

    assert (found.status, stood) == ("disabled", "suspended")
    assert first.subject == "o-1"
    assert {each.subject for each in later} == {"o-1", "o-2"}


async def test_what_is_refused_parks_its_key_and_the_others_flow(
    db: Database, active: Active, receiver: Receiver
) -> None:
    receiver.answer = lambda got: 400 if got.subject == "o-1" else 204
    made = await subscribe(db, active, receiver.url)
    async with Works(db, active):
        await append(db, accepted("o-1", 1), accepted("o-1", 2), accepted("o-2", 1), accepted("o-1", 3))
        got = await receiver.some(2)

        async def parked() -> object:
            found = [item for item in await journal.parked_items(db) if item.follower == made.follower]
            return found if len(found) == 3 else None

        items = await until(parked)

    assert sorted((each.subject, each.number) for each in got) == [("o-1", 1), ("o-2", 1)]
    assert sorted((item.partitionkey, item.behind, item.reason, item.owner) for item in items) == [
        ("o-1", False, "poison", "e-commerce"),
        ("o-1", True, "behind", "e-commerce"),
        ("o-1", True, "behind", "e-commerce"),
    ]


async def test_a_redirect_is_not_followed_and_parks(db: Database, active: Active, receiver: Receiver) -> None:
    receiver.answer = lambda _: (307, {"Location": "/elsewhere"})
    made = await subscribe(db, active, receiver.url)
    event = accepted("o-1")
    async with Works(db, active):
        await append(db, event)

        async def parked() -> object:
            return [item for item in await journal.parked_items(db) if item.follower == made.follower]

        await until(parked)

    assert ((await receiver.next()).path, receiver.unread) == ("/hook", 0)
    assert [(each.status_code, each.failure) for each in await deliveries(db, [event.id])] == [(307, "answered 307")]


async def test_while_secrets_are_exchanged_both_sign(db: Database, active: Active, receiver: Receiver) -> None:
    made = await subscribe(db, active, receiver.url)
    new = await subscriptions.rotate(db, made.id, consumer="webshop")
    async with Works(db, active):
        await append(db, accepted("o-1"))
        got = await receiver.next()

    sent_at = datetime.fromtimestamp(int(got.headers["webhook-timestamp"]), UTC)
    signatures = [sign(secret, got.id, sent_at, got.body) for secret in (new, made.secrets[0])]
    assert got.headers["webhook-signature"].split() == signatures


async def test_an_event_of_a_shop_that_is_not_theirs_is_passed_over(
    db: Database, active: Active, receiver: Receiver
) -> None:
    made = await subscribe(db, active, receiver.url, consumer="kiosk")
    hidden, shown = accepted("o-1", shop="hamburg"), accepted("o-2", shop="berlin")
    async with Works(db, active):
        await append(db, hidden, shown)
        got = await receiver.next()

        async def passed() -> bool:
            states = await journal.follower_states(db)
            return any(state.name == made.follower and state.lag == 0 for state in states)

        await until(passed)

    assert (got.subject, receiver.unread) == ("o-2", 0)
    assert [UUID(each.event_id) for each in await deliveries(db, [hidden.id, shown.id])] == [shown.id]
