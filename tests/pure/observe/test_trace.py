from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tillway import ids
from tillway.journal import FollowerState, ParkedItem, Recorded
from tillway.observe.trace import (
    DELIVERED_MS,
    RECORDED_MS,
    STARTED_MS,
    STEP_MS,
    Awaited,
    Known,
    Stage,
    Trace,
    trace,
)
from tillway.observe.tracing import awaited
from tillway.processes import TransitionItem, Way
from tillway.subscriptions import Delivery, Subscription

START = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)


def at(milliseconds: int) -> datetime:
    return START + timedelta(milliseconds=milliseconds)


def event(kind: str, position: int, *, time: int, recorded: int) -> Recorded:
    return Recorded(
        position=position,
        id=ids.named("event", str(position)),
        type=kind,
        subject="o-1",
        partitionkey="o-1",
        sequence=position,
        time=at(time),
        recorded_at=at(recorded),
        correlation="c-1",
        causation=None,
        traceparent=None,
        dataclass="internal",
        data_json="{}",
        personal_json=None,
    )


PLACED = event("order.placed", 1, time=0, recorded=20)
ACCEPTED = event("order.accepted", 2, time=900, recorded=920)


def step(number: int, was: str, told: str, state: str, when: int) -> TransitionItem:
    return TransitionItem(
        step=number, was=was, event=told, state=state, attempts=0, node=None, detail=None, at=at(when)
    )


def way(*steps: TransitionItem, state: str, finished: int | None = None) -> Way:
    return Way(
        definition="place-order",
        state=state,
        attempts=2,
        owner="retail-operations",
        started_at=at(50),
        finished_at=None if finished is None else at(finished),
        transitions=steps,
    )


DONE = way(
    step(1, "writing", "written", "confirming", 400),
    step(2, "confirming", "done", "reading-back", 700),
    step(3, "reading-back", "confirmed", "accepted", 900),
    state="accepted",
    finished=900,
)


def delivery(name: str, *, delivered: int | None, attempts: int = 1, failure: str | None = None) -> Delivery:
    return Delivery(
        subscription=name,
        event_id=str(ACCEPTED.id),
        position=2,
        attempts=attempts,
        status_code=204 if failure is None else 503,
        failure=failure,
        first_at=at(930),
        last_at=at(930),
        delivered_at=None if delivered is None else at(delivered),
    )


def parked(follower: str, what: Recorded) -> ParkedItem:
    return ParkedItem(
        follower=follower,
        position=what.position,
        lane=0,
        partitionkey="o-1",
        event_id=str(what.id),
        behind=False,
        reason="poison",
        detail="the receiver answered 400",
        attempts=0,
        next_attempt=None,
        owner="e-commerce",
        value_at_stake=None,
        parked_at=at(2_000),
    )


def times(found: Trace) -> list[tuple[str, int, bool]]:
    return [(stage.name, stage.latency_ms, stage.late) for stage in found.stages]


def test_an_order_that_went_well_tells_each_stage_and_its_time() -> None:
    known = Known(
        key="o-1",
        events=(PLACED, ACCEPTED),
        ways=(DONE,),
        deliveries=(delivery("a", delivered=950), delivery("b", delivered=1_500)),
        others=("o-2",),
    )

    found = trace(known, at(60_000))

    assert times(found) == [
        ("received", 0, False),
        ("recorded", 20, False),
        ("started", 30, False),
        ("written", 350, False),
        ("confirmed", 300, False),
        ("read back", 200, False),
        ("accepted", 20, False),
        ("delivered a", 30, False),
        ("delivered b", 580, False),
    ]
    assert (found.kind, found.subject, found.correlation, found.others) == ("order", "o-1", "c-1", ("o-2",))
    assert (found.total_ms, found.late_at) == (1_500, None)
    assert found.stages[3] == Stage(
        name="written",
        at=at(400),
        latency_ms=350,
        target_ms=STEP_MS,
        late=False,
        detail="writing x written -> confirming",
    )


def test_an_order_not_taken_up_waits_for_its_start_until_now() -> None:
    soon = trace(Known(key="o-1", events=(PLACED,)), at(500))
    late = trace(Known(key="o-1", events=(PLACED,)), at(20 + STARTED_MS + 1))

    assert times(soon)[-1] == ("started", 480, False)
    assert (soon.total_ms, soon.late_at) == (500, None)
    assert times(late)[-1] == ("started", STARTED_MS + 1, True)
    assert late.late_at == "started"


def test_a_step_that_goes_on_counts_until_now() -> None:
    known = Known(
        key="o-1",
        events=(PLACED,),
        ways=(way(step(1, "writing", "written", "confirming", 400), state="confirming"),),
    )

    found = trace(known, at(60_400))

    assert times(found)[-1] == ("confirming", 60_000, True)
    assert (found.stages[-1].at, found.stages[-1].detail) == (None, "attempts 2")
    assert (found.late_at, found.total_ms) == ("confirming", 60_400)


def test_an_exception_is_where_it_is_stuck_whatever_was_slow_before() -> None:
    slow = step(1, "writing", "refused", "exception", 50 + STEP_MS + 1)

    found = trace(Known(key="o-1", events=(PLACED,), ways=(way(slow, state="exception"),)), at(4_000))

    assert [(stage.name, stage.late, stage.stuck) for stage in found.stages[-2:]] == [
        ("writing: refused", True, False),
        ("exception", True, True),
    ]
    assert found.stages[-1].detail == "waits for retail-operations"
    assert found.late_at == "exception"


def test_what_was_refused_was_not_done_and_an_exception_is_told_once() -> None:
    """A booking that was refused is not `booked over there`, and a person's act is named as one."""
    told = event("order.exception", 2, time=300, recorded=320)
    acted = step(2, "exception", "retry", "looking-up", 500)
    unknown = step(3, "writing", "unknown", "looking-up", 600)
    gone_on = way(step(1, "writing", "refused", "exception", 200), acted, unknown, state="looking-up")

    found = trace(Known(key="o-1", events=(PLACED, told), ways=(gone_on,)), at(4_000))

    assert [stage.name for stage in found.stages] == [
        "received",
        "recorded",
        "started",
        "writing: refused",
        "a person: retry",
        "writing: unknown",
        "looking-up",
    ]


def test_what_was_slow_and_is_over_is_named_when_nothing_waits() -> None:
    late = event("order.placed", 1, time=0, recorded=RECORDED_MS + 1)
    done = way(state="accepted", finished=900)

    assert trace(Known(key="o-1", events=(late,), ways=(done,)), at(5_000)).late_at == "recorded"


def test_a_delivery_on_its_way_is_open_and_receivers_do_not_wait_for_each_other() -> None:
    known = Known(
        key="o-1",
        events=(PLACED, ACCEPTED),
        ways=(DONE,),
        deliveries=(delivery("a", delivered=950), delivery("b", delivered=None, attempts=3, failure="answered 503")),
        awaited=(Awaited(subscription="c", event_id=str(ACCEPTED.id)),),
    )

    found = trace(known, at(920 + DELIVERED_MS + 1))

    assert times(found)[-3:] == [
        ("delivered a", 30, False),
        ("delivered b", DELIVERED_MS + 1, True),
        ("delivered c", DELIVERED_MS + 1, True),
    ]
    assert [stage.detail for stage in found.stages[-2:]] == [
        "order.accepted, 3 attempts, answered 503",
        "order.accepted, not begun",
    ]
    assert found.late_at == "delivered b"


def test_what_is_parked_is_stuck_at_once() -> None:
    delivered = Known(
        key="o-1",
        events=(PLACED, ACCEPTED),
        ways=(DONE,),
        deliveries=(delivery("a", delivered=None, failure="answered 400"),),
        parked=(parked("webhook a", ACCEPTED),),
    )
    unstarted = Known(key="o-1", events=(PLACED,), parked=(parked("process place-order", PLACED),))

    assert trace(delivered, at(940)).late_at == "delivered a"
    assert trace(unstarted, at(30)).late_at == "started"


def test_clocks_that_disagree_make_no_negative_times() -> None:
    early = event("price.changed", 1, time=20, recorded=0)

    assert times(trace(Known(key="A", events=(early,)), at(30))) == [("received", 0, False), ("recorded", 0, False)]


def test_without_events_there_is_no_trace() -> None:
    with pytest.raises(ValueError, match="at least one event"):
        trace(Known(key="o-1", events=()), START)


def subscription(name: str, *types: str, status: str = "active") -> Subscription:
    return Subscription(
        id=name,
        origin="api",
        consumer="webshop",
        types=types,
        url="https://shop.example.com",
        status=status,  # type: ignore[arg-type]
        created_at=START,
    )


def lane(name: str, position: int) -> FollowerState:
    return FollowerState(
        name=f"webhook {name}",
        lane=0,
        lanes=1,
        position=position,
        lag=0,
        owner=None,
        alive=False,
        attempts=0,
        held_until=None,
        held_for=None,
        moved_at=START,
    )


def test_a_delivery_is_awaited_where_the_subscription_has_not_come_to_the_event() -> None:
    subscriptions = [
        subscription("behind", "order.accepted"),
        subscription("past", "order.accepted"),
        subscription("begun", "order.accepted"),
        subscription("other", "price.changed"),
        subscription("off", "order.accepted", status="disabled"),
        subscription("aside", "order.accepted"),
    ]
    positions = {"behind": 1, "past": 2, "begun": 1, "other": 1, "off": 1, "aside": 2}
    states = [lane(name, position) for name, position in positions.items()]

    found = awaited(
        (PLACED, ACCEPTED),
        subscriptions,
        states,
        [delivery("begun", delivered=None)],
        [parked("webhook aside", ACCEPTED)],
    )

    assert [each.subscription for each in found] == ["behind", "aside"]
