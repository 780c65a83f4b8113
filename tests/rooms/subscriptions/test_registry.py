from __future__ import annotations

from datetime import timedelta

import pytest
from tests.pure.subscriptions.events import landscape
from tests.rooms.subscriptions.hub import HOOK_SECRET, Receiver, Works, accepted, append, sequenced, subscribe, until

from tillway import clock, journal, subscriptions
from tillway.errors import Conflict, NotFound
from tillway.landscape import Active
from tillway.postgres import Database
from tillway.subscriptions import new_secret
from tillway.subscriptions.attempts import KEPT, attempted, forget

DECLARED = "http://127.0.0.1:9/declared"


async def test_a_subscription_is_its_consumers_alone(db: Database, active: Active) -> None:
    made = await subscribe(db, active, "https://shop.example.com/hook")

    assert await subscriptions.get(db, made.id, consumer="webshop") == made
    for other, name in (("kiosk", made.id), ("webshop", "nothing")):
        with pytest.raises(NotFound):
            await subscriptions.get(db, name, consumer=other)
        with pytest.raises(NotFound):
            async with db.transaction() as tx:
                await subscriptions.remove(tx, name, consumer=other)


async def test_a_removed_subscription_is_told_nothing_and_leaves_nothing_behind(
    db: Database, active: Active, receiver: Receiver
) -> None:
    receiver.answer = lambda _: 400
    made = await subscribe(db, active, receiver.url)

    async def parked() -> bool:
        return any(item.follower == made.follower for item in await journal.parked_items(db))

    async with Works(db, active) as works:
        await append(db, accepted("o-1"))
        await until(parked)
        async with db.transaction() as tx:
            await subscriptions.remove(tx, made.id, consumer="webshop")
        await works.follows([])
        await append(db, accepted("o-2"))
        await sequenced(db, 2)

    assert await subscriptions.every(db) == ()
    assert await journal.follower_states(db) == ()
    assert await journal.parked_items(db) == ()
    assert receiver.unread == 1


async def test_what_a_lane_leaves_behind_in_the_moment_of_removal_is_swept(
    db: Database, active: Active, receiver: Receiver
) -> None:
    made = await subscribe(db, active, receiver.url)
    async with Works(db, active) as works:
        await works.holds(made.follower)
        async with db.transaction() as tx:
            await subscriptions.remove(tx, made.id)
            tx.stage(journal.enrolling(made.follower))

        async def swept() -> bool:
            return await journal.follower_states(db) == ()

        await until(swept)


async def test_a_creation_that_rolls_back_subscribes_nobody(db: Database, active: Active) -> None:
    asked = subscriptions.ask(
        active.current, consumer="webshop", types=["order.accepted"], url="https://a.example", now=clock.now()
    )

    async def fail_late() -> None:
        async with db.transaction() as tx:
            subscriptions.create(tx, asked)
            await tx.fetchval("SELECT 1")
            raise LookupError

    with pytest.raises(LookupError):
        await fail_late()

    assert (await subscriptions.every(db), await journal.follower_states(db)) == ((), ())


async def test_what_the_landscape_declares_is_told_signed_with_its_secrets(db: Database, receiver: Receiver) -> None:
    active = Active(landscape((DECLARED, receiver.url)))
    other = new_secret()
    async with Works(db, active, secrets={"HOOK_SECRET": f"{other} {HOOK_SECRET}"}) as works:
        await works.follows(["webhook webshop-orders"])
        await append(db, accepted("o-1"))
        got = await receiver.next()

    assert len(got.headers["webhook-signature"].split()) == 2
    with pytest.raises(Conflict):
        async with db.transaction() as tx:
            await subscriptions.remove(tx, "webshop-orders", consumer="webshop")
    with pytest.raises(Conflict):
        await subscriptions.rotate(db, "webshop-orders", consumer="webshop")


async def test_a_declared_receiver_that_moved_is_told_at_once_what_it_missed(db: Database, receiver: Receiver) -> None:
    """The old address is held for hours; the landscape with the new one is put in force while it waits."""
    active = Active(landscape())
    async with Works(db, active, hold=(timedelta(hours=2),)) as works:
        await works.follows(["webhook webshop-orders"])
        await append(db, accepted("o-1"))

        async def held() -> bool:
            return any(state.held_for == "unavailable" for state in await journal.follower_states(db))

        await until(held)
        active.swap(landscape((DECLARED, receiver.url)))
        got = await receiver.next()

    assert got.subject == "o-1"


async def test_a_consumer_that_lost_its_right_is_told_nothing_more(
    db: Database, active: Active, receiver: Receiver
) -> None:
    made = await subscribe(db, active, receiver.url)
    muted = landscape(('["events:read", "subscriptions:write"]', '["subscriptions:write"]'))
    async with Works(db, active) as works:
        await works.holds(made.follower)
        active.swap(muted)
        await works.follows([])
        await append(db, accepted("o-1"))
        await sequenced(db, 1)

    assert receiver.unread == 0


async def test_a_hold_outlives_the_node_that_held(db: Database, active: Active, receiver: Receiver) -> None:
    """The next node waits out what is left, unless somebody resumes."""
    receiver.answer = lambda _: (503, {"Retry-After": "3600"})
    made = await subscribe(db, active, receiver.url)

    async def lane() -> journal.FollowerState:
        (state,) = [state for state in await journal.follower_states(db) if state.name == made.follower]
        return state

    async def held() -> bool:
        return (await lane()).held_until is not None

    async with Works(db, active):
        await append(db, accepted("o-1"))
        await receiver.next()
        await until(held)
    waits = (await lane()).held_until
    standing = await subscriptions.standing(db, made)
    receiver.answer = lambda _: 204
    async with Works(db, active):

        async def taken() -> bool:
            return (await lane()).owner is not None

        await until(taken)
        before = ((await lane()).held_until, receiver.unread)
        await subscriptions.resume(db, made.id)
        got = await receiver.next()

    assert waits is not None
    assert waits - clock.now() > timedelta(seconds=3500)
    assert (standing, before) == ("held", (waits, 0))
    assert got.subject == "o-1"


async def test_old_deliveries_are_forgotten(db: Database) -> None:
    now = clock.now()
    old, new = accepted("o-1"), accepted("o-2")
    async with db.transaction() as tx:
        for event, began in ((old, now - KEPT - timedelta(minutes=1)), (new, now)):
            tx.stage(attempted("s", event.id, 1, status=204, failure=None, began=began, ended=began))
    await forget(db, now)

    left = await subscriptions.deliveries(db, [old.id, new.id])
    assert [each.event_id for each in left] == [str(new.id)]
