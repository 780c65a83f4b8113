"""Whoever is suspended is told nothing within two seconds, loses nothing, and goes on where it was; who left, ends."""

from __future__ import annotations

from datetime import timedelta

from tests.pure.subscriptions.events import landscape
from tests.rooms.subscriptions.hub import Receiver, Works, accepted, append, sequenced, subscribe, until

from tillway import clock, identity, subscriptions
from tillway.identity import Act
from tillway.landscape import Active
from tillway.postgres import Database
from tillway.subscriptions.offboarding import KEPT, OFF_BOARDED, end_off_boarded

# Within which a restriction counts everywhere.
PROMISED_SECONDS = 2.0

# A receiver that is not told because of a suspension must not be waited for once it ends.
SLOW = (timedelta(minutes=5),)


def act() -> Act:
    return Act(by="operator", reason="it floods its own receiver", at=clock.now(), correlation="c")


async def suspend(db: Database, until: timedelta | None = None) -> None:
    async with db.transaction() as tx:
        end = None if until is None else clock.now() + until
        await identity.restrict(tx, "consumer", "webshop", act(), until=end)


async def resume(db: Database) -> None:
    async with db.transaction() as tx:
        await identity.lift(tx, "consumer", "webshop", act())


async def test_a_suspended_consumers_deliveries_wait_and_go_on_when_it_is_resumed(
    db: Database, active: Active, receiver: Receiver
) -> None:
    made = await subscribe(db, active, receiver.url)
    async with Works(db, active, hold=SLOW) as works:
        await append(db, accepted("o-1"))
        assert (await receiver.next()).subject == "o-1"
        began = clock.monotonic()
        await suspend(db)
        await works.follows([])
        assert clock.monotonic() - began < PROMISED_SECONDS
        await append(db, accepted("o-2"), accepted("o-3"))
        await sequenced(db, 4)
        assert receiver.unread == 0
        began = clock.monotonic()
        await resume(db)
        assert {each.subject for each in await receiver.some(2)} == {"o-2", "o-3"}
        assert clock.monotonic() - began < PROMISED_SECONDS
        await works.follows([made.follower])


async def test_what_is_under_way_when_it_is_suspended_is_told_again_at_once_after_it(
    db: Database, active: Active, receiver: Receiver
) -> None:
    """The receiver fails, so everything for it waits five minutes; the end of the suspension is a new beginning."""
    made = await subscribe(db, active, receiver.url)
    receiver.answer = lambda _: 503
    async with Works(db, active, hold=SLOW) as works:
        await append(db, accepted("o-1"))
        await receiver.next()
        await suspend(db)
        await works.follows([])
        receiver.answer = lambda _: 204
        await resume(db)
        assert (await receiver.next()).subject == "o-1"
        await works.follows([made.follower])


async def test_a_suspension_that_ends_by_itself_ends_for_deliveries_too(
    db: Database, active: Active, receiver: Receiver
) -> None:
    await subscribe(db, active, receiver.url)
    async with Works(db, active) as works:
        await suspend(db, until=timedelta(seconds=1))
        await works.follows([])
        await append(db, accepted("o-1"))
        assert (await receiver.next()).subject == "o-1"


async def test_who_left_the_landscape_is_told_nothing_and_may_come_back_for_a_week(
    db: Database, active: Active, receiver: Receiver
) -> None:
    made, whole = await subscribe(db, active, receiver.url), active.current
    async with Works(db, active) as works:
        await works.follows([made.follower])
        active.swap(landscape(("  webshop:\n", "  gone:\n"), ("consumer: webshop\n", "consumer: gone\n")))
        await works.follows(["webhook webshop-orders"])

        async def switched_off() -> bool:
            return (await subscriptions.get(db, made.id)).reason == OFF_BOARDED

        await until(switched_off)
        await append(db, accepted("o-1"))
        active.swap(whole)
        assert (await receiver.next()).subject == "o-1"


async def test_after_a_week_its_subscriptions_end_for_good(db: Database, active: Active) -> None:
    gone, stays = [await subscribe(db, active, "https://shop.example.com/hook") for _ in range(2)]
    await db.fetch("UPDATE subscriptions.subscriptions SET reason = $2 WHERE id = $1", gone.id, OFF_BOARDED)
    await end_off_boarded(db, clock.now() + KEPT - timedelta(minutes=1))
    assert len(await subscriptions.every(db)) == 2
    await end_off_boarded(db, clock.now() + KEPT + timedelta(minutes=1))
    assert [each.id for each in await subscriptions.every(db)] == [stays.id]
