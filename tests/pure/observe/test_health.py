from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from tests.pure.subscriptions.events import landscape

from tillway import ids
from tillway.journal import FollowerState, Head
from tillway.observe.health import LAG_MAX, POLLS_MISSED, STILL, Health, Seen, judge
from tillway.subscriptions import Subscription

NOW = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)
POLL = 60.0
FRESH = {("erp", "products"): NOW, ("erp", "prices"): NOW}


def lane(name: str, *, lag: int = 0, **more: Any) -> FollowerState:
    given = FollowerState(
        name=name,
        lane=0,
        lanes=1,
        position=100 - lag,
        lag=lag,
        owner="node",
        alive=True,
        attempts=0,
        held_until=None,
        held_for=None,
        moved_at=NOW,
    )
    return msgspec.structs.replace(given, **more)


def look(*states: FollowerState, **more: Any) -> Health:
    seen = Seen(
        head=Head(ids.named("epoch"), 100),
        states=states,
        subscriptions=(),
        parked=(),
        exceptions=(),
        fresh=FRESH,
    )
    return judge(msgspec.structs.replace(seen, **more), landscape(), NOW, poll_seconds=POLL)


def test_a_hub_that_does_well_has_no_problems() -> None:
    found = look(lane("process place-order"), lane("cache", lag=3))

    assert (found.lag, found.position, found.problems) == (3, 100, ())
    assert [(each.name, each.lag) for each in found.followers] == [("cache", 3), ("process place-order", 0)]


def test_a_follower_is_as_far_behind_as_its_slowest_lane() -> None:
    found = look(lane("a", lag=1, lanes=2), lane("a", lane=1, lanes=2, lag=7, moved_at=NOW - timedelta(seconds=3)))

    (one,) = found.followers
    assert (one.lag, one.since) == (7, NOW - timedelta(seconds=3))


def test_each_way_to_be_behind_has_its_own_words() -> None:
    held = lane("a", lag=2, held_for="unavailable", held_until=NOW + timedelta(minutes=5), attempts=3)
    orphan = lane("b", lag=2, owner=None, alive=False)
    still = lane("c", lag=2, moved_at=NOW - STILL - timedelta(seconds=1))
    far = lane("d", lag=LAG_MAX + 1)

    assert look(held, orphan, still, far).problems == (
        "a is held for its far side (unavailable, attempt 3), 2 behind",
        "b is followed by no living node: is a works process running?",
        "c has not moved for 31 s, 2 behind",
        f"d is {LAG_MAX + 1} events behind",
    )


def test_subscriptions_that_are_off_are_left_out() -> None:
    def subscription(name: str, status: str) -> Subscription:
        return Subscription(
            id=name,
            origin="api",
            consumer="webshop",
            types=("order.accepted",),
            url="https://shop.example.com",
            status=status,  # type: ignore[arg-type]
            created_at=NOW,
        )

    found = look(
        lane("webhook on", lag=1),
        lane("webhook off", lag=90, owner=None, alive=False),
        subscriptions=(subscription("on", "active"), subscription("off", "disabled")),
    )

    assert ([each.name for each in found.followers], found.lag, found.problems) == (["webhook on"], 1, ())


def test_records_grow_stale_when_polls_are_missed() -> None:
    old = NOW - timedelta(seconds=POLL * POLLS_MISSED + 1)

    stale = look(fresh={("erp", "products"): old, ("erp", "prices"): NOW})
    unloaded = look(fresh={("erp", "products"): NOW})

    assert stale.problems == ("products from erp were last read 181 s ago: is it reachable?",)
    assert unloaded.problems == ("the first load of prices from erp is not complete",)
