from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest
from tests.rooms.journal.actors import until
from tests.rooms.processes.far_side import Gate, Turn, unanswered
from tests.rooms.processes.hub import FIRST, SECOND, Hub, hub, steps

from tillway import clock, ids
from tillway.errors import Conflict, Invalid, NotFound, OutcomeUnknown, Unavailable
from tillway.journal import Recorded, replay
from tillway.postgres import Database
from tillway.processes import act, actions, exception, exceptions, flows, signal, transitions
from tillway.processes.place_order import SETTLED
from tillway.records import links, orders
from tillway.retail import Order

WENT_WELL = [
    ("writing", "written", "confirming"),
    ("confirming", "done", "reading-back"),
    ("reading-back", "confirmed", "accepted"),
]


async def accepted(made: Hub, order_id: str) -> Recorded:
    """Its acceptance, told once."""
    await made.comes_to(order_id, "accepted")
    (told,) = [event for event in await made.told(order_id) if event.type == "order.accepted"]
    return told


async def accepted_once(made: Hub, order_id: str) -> Recorded:
    """The order is in the back office once, confirmed, and that was told once."""
    told = await accepted(made, order_id)
    held = made.far.orders[order_id]
    assert (held.state, made.far.effects["write"], made.far.effects["confirm"]) == ("confirmed", 1, 1)
    assert (await orders.get(made.db, order_id)).order.status == "accepted"
    return told


async def test_an_order_is_written_confirmed_read_back_and_told(db: Database) -> None:
    async with hub(db) as made:
        made.engine()
        order = await made.place()
        event = await accepted_once(made, order.id)
        way = await made.way(order.id)
    assert made.far.calls == ["write", "confirm", "read"]
    assert (steps(way), way.definition, way.owner) == (WENT_WELL, "place-order", "retail-operations")
    assert way.finished_at is not None
    assert event.data["back_office"] == {"connection": "odoo", "id": "1", "name": "S00001"}
    placed = (await made.told(order.id))[0]
    assert (event.correlation, event.causation) == ("correlation-1", str(placed.id))
    assert await links.find(db, "order", order.id, "odoo") == links.Link("1", "S00001")
    assert await exceptions(db) == ()


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("method", ["write", "confirm", "read"])
async def test_an_engine_lost_in_any_step_is_followed_by_another_and_the_order_is_there_once(
    db: Database, method: str, late: bool
) -> None:
    gate = Gate()
    async with hub(db) as made:
        made.far.script[method] = [Turn(gate=gate, late=late)]
        made.engine(FIRST)
        order = await made.place()
        await gate.reached.wait()
        await made.lose(FIRST)
        made.engine(SECOND)
        await accepted_once(made, order.id)
        way = await made.way(order.id)
    assert {item.node for item in way.transitions if item.event == "unknown"} <= {str(SECOND)}
    assert ("find" in made.far.calls) == (method != "read")


@pytest.mark.parametrize(
    ("method", "late", "calls"),
    [
        ("write", True, ["write", "find", "confirm", "read"]),
        ("write", False, ["write", "find", "write", "confirm", "read"]),
        ("confirm", True, ["write", "confirm", "find", "read"]),
        ("confirm", False, ["write", "confirm", "find", "confirm", "read"]),
        ("read", False, ["write", "confirm", "read", "read"]),
    ],
)
async def test_an_unknown_outcome_is_looked_up_and_never_repeated_blindly(
    db: Database, method: str, late: bool, calls: list[str]
) -> None:
    async with hub(db) as made:
        made.far.script[method] = [unanswered(late=late)]
        made.engine()
        order = await made.place()
        await accepted_once(made, order.id)
    assert made.far.calls == calls


async def test_as_long_as_no_answer_comes_it_waits_longer_and_longer_and_at_the_deadline_is_an_exception(
    db: Database,
) -> None:
    async with hub(db) as made:
        made.far.script["write"] = [unanswered(late=False)] * 5 + [Turn(gate=(gate := Gate()))]
        made.engine()
        order = await made.place()
        await gate.reached.wait()
        assert await db.fetchval("SELECT unknowns FROM processes.instances") == 5
        made.far.script["write"] = [unanswered(late=False)]
        await db.fetchval("UPDATE processes.instances SET deadline = now()")
        await made.lose()
        made.engine(SECOND)
        await made.comes_to(order.id, "exception")
    assert [item.exception_code for item in await exceptions(db)] == ["overdue"]


@pytest.mark.parametrize(
    ("turn", "state"), [(unanswered(late=True), "looking-up"), (Turn(raises=Unavailable("away")), "writing")]
)
async def test_what_waits_is_nobodys_and_due_when_its_wait_is_over(db: Database, turn: Turn, state: str) -> None:
    async with hub(db, wait=timedelta(hours=1)) as made:
        made.far.script["write"] = [turn]
        made.engine()
        order = await made.place()
        await until(lambda: waits(db, state))
        assert made.far.calls == ["write"]
        await db.fetchval("UPDATE processes.instances SET due_at = now()")
        await accepted_once(made, order.id)


async def test_the_back_office_away_for_a_while_delays_and_does_no_harm(db: Database) -> None:
    async with hub(db) as made:
        made.far.away = True
        made.engine()
        order = await made.place()
        await until(lambda: tried(made, order.id, 3))
        assert (made.far.orders, set(made.far.calls), await exceptions(db)) == ({}, {"write"}, ())
        made.far.away = False
        await accepted_once(made, order.id)
        way = await made.way(order.id)
    assert steps(way) == WENT_WELL
    assert way.transitions[0].attempts >= 3


async def test_past_the_deadline_it_is_an_exception_with_an_owner_that_is_told(db: Database) -> None:
    async with hub(db, deadline=timedelta(0)) as made:
        made.far.away = True
        made.engine()
        order = await made.place()
        await made.comes_to(order.id, "exception")
        placed, told = await made.told(order.id)
    (item,) = await exceptions(db)
    assert (item.owner, item.exception_code, item.money_at_risk, item.currency, item.correlation) == (
        "retail-operations",
        "overdue",
        Decimal("35.0"),
        "USD",
        "correlation-1",
    )
    assert (told.type, told.causation, told.correlation) == ("order.exception", str(placed.id), "correlation-1")
    assert told.data == {
        "process": "place-order",
        "code": "overdue",
        "detail": "writing was not possible before the deadline: the back office is away",
        "owner": "retail-operations",
        "actions": ["retry", "cancel"],
    }
    assert (await orders.get(db, order.id)).order.status == "exception"


async def test_a_person_retries_and_the_order_goes_on_from_what_is_over_there(db: Database) -> None:
    async with hub(db) as made:
        made.far.script["write"] = [Turn(raises=Invalid("the product is not for sale"))]
        made.engine()
        order = await made.place()
        await made.comes_to(order.id, "exception")
        await signal(db, made.place_order, order.id, "retry")
        await accepted_once(made, order.id)
        way = await made.way(order.id)
    assert steps(way) == [
        ("writing", "refused", "exception"),
        ("exception", "retry", "looking-up"),
        ("looking-up", "absent", "writing"),
        *WENT_WELL,
    ]
    assert (await exceptions(db), way.transitions[0].detail) == ((), "invalid: the product is not for sale")


@pytest.mark.parametrize("written", [True, False])
async def test_a_person_cancels_and_the_order_is_called_off_over_there(db: Database, written: bool) -> None:
    async with hub(db) as made:
        refusing = "confirm" if written else "write"
        made.far.script[refusing] = [Turn(raises=Invalid("no"))]
        made.engine()
        order = await made.place()
        await made.comes_to(order.id, "exception")
        await signal(db, made.place_order, order.id, "cancel")
        way = await made.comes_to(order.id, "cancelled")
        told = [event.type for event in await made.told(order.id)]
    assert [held.state for held in made.far.orders.values()] == (["cancelled"] if written else [])
    assert steps(way)[-1] == ("cancelling", "done" if written else "absent", "cancelled")
    assert (await orders.get(db, order.id)).order.status == "cancelled"
    assert told == ["order.placed", "order.exception"]


async def unanswered_and_overdue(made: Hub, turn: Turn) -> Order:
    """An order whose last write was never answered, waiting for a person."""
    made.far.script["write"] = [turn]
    order = await made.place()
    await until(lambda: started(made.db))
    await made.db.fetchval("UPDATE processes.instances SET deadline = now()")
    made.engine()
    await made.comes_to(order.id, "exception")
    return order


async def test_cancelling_what_was_never_answered_asks_until_it_turns_up(db: Database) -> None:
    """Not found proves nothing while the far side may still be at work: it would be there, and called off here."""
    async with hub(db) as made:
        order = await unanswered_and_overdue(made, unanswered(late=True))
        landed = dict(made.far.orders)
        made.far.orders.clear()
        await signal(db, made.place_order, order.id, "cancel")
        await until(lambda: asked(made, "find", 3))
        assert (await made.way(order.id)).state == "cancelling"
        made.far.orders.update(landed)
        way = await made.comes_to(order.id, "cancelled")
    assert [held.state for held in made.far.orders.values()] == ["cancelled"]
    assert steps(way)[-2:] == [("cancelling", "unknown", "cancelling"), ("cancelling", "done", "cancelled")]


async def test_what_did_not_turn_up_when_nobody_can_be_at_it_any_more_is_cancelled(db: Database) -> None:
    async with hub(db) as made:
        order = await unanswered_and_overdue(made, unanswered(late=False))
        await db.fetchval(
            "UPDATE processes.instances SET data = jsonb_set(data, '{unanswered_at}', to_jsonb($1::text))",
            clock.iso(clock.now() - SETTLED),
        )
        await signal(db, made.place_order, order.id, "cancel")
        way = await made.comes_to(order.id, "cancelled")
    assert (steps(way)[-1], made.far.orders) == (("cancelling", "absent", "cancelled"), {})


async def started(db: Database) -> bool:
    return await db.fetchval("SELECT count(*) = 1 FROM processes.instances")


async def asked(made: Hub, method: str, times: int) -> bool:
    return made.far.calls.count(method) >= times


async def test_an_act_is_told_with_who_and_why_and_only_once(db: Database) -> None:
    async with hub(db) as made:
        made.far.script["write"] = [Turn(raises=Invalid("the product is not for sale"))]
        made.engine()
        order = await made.place()
        await made.comes_to(order.id, "exception")
        (item,) = await exceptions(db)
        known = flows(db)
        assert actions(known, item.definition, item.version) == ("retry", "cancel")
        assert await exception(db, item.id) == item
        async with db.transaction() as tx:
            done = await act(tx, known, item.id, "retry", note="ann: it is for sale now")
        assert (done.process, done.subject, done.action, done.state) == ("place-order", order.id, "retry", "looking-up")
        await accepted(made, order.id)
        (told,) = [each for each in await transitions(db, item.id) if each.was == "exception"]
        assert (told.event, told.detail) == ("retry", "ann: it is for sale now")
        for instance, action, refusal in (
            (item.id, "retry", Conflict),
            (item.id, "explode", Invalid),
            (str(ids.new()), "retry", NotFound),
            ("no-id", "retry", NotFound),
        ):
            with pytest.raises(refusal):
                async with db.transaction() as tx:
                    await act(tx, known, instance, action, note="")
        with pytest.raises(NotFound):
            await exception(db, item.id)
        with pytest.raises(Conflict):
            async with db.transaction() as tx:
                await act(tx, {}, item.id, "retry", note="")
    assert actions({}, "place-order", 1) == ()


async def test_only_what_the_table_allows_may_be_signalled_and_only_to_an_exception(db: Database) -> None:
    async with hub(db) as made:
        made.engine()
        order = await made.place()
        await made.comes_to(order.id, "accepted")
        for subject, event in ((order.id, "retry"), ("no-such-order", "retry"), (order.id, "explode")):
            with pytest.raises((NotFound, Conflict)):
                await signal(db, made.place_order, subject, event)


async def test_of_two_signals_at_once_one_counts(db: Database) -> None:
    async with hub(db) as made:
        made.far.script["write"] = [Turn(raises=Invalid("no"))]
        made.engine()
        order = await made.place()
        await made.comes_to(order.id, "exception")
        await made.lose()
        answers = await asyncio.gather(
            *(signal(db, made.place_order, order.id, event) for event in ("retry", "cancel")), return_exceptions=True
        )
        way = await made.way(order.id)
    assert sorted(type(answer).__name__ for answer in answers) == ["Conflict", "NoneType"]
    assert len(way.transitions) == 2


@pytest.mark.parametrize(
    ("turn", "calls"),
    [
        (Turn(), ["write", "confirm", "read"]),
        (Turn(raises=Unavailable("away")), ["write", "confirm", "read"]),
        (Turn(raises=OutcomeUnknown("no answer"), late=True), ["write", "confirm", "read"]),
    ],
    ids=["answered", "not-done", "unknown"],
)
async def test_a_stopped_engine_that_wakes_after_its_lease_writes_nothing(
    db: Database, turn: Turn, calls: list[str]
) -> None:
    gate = Gate()
    async with hub(db) as made:
        made.far.script["read"] = [msgspec.structs.replace(turn, gate=gate)]
        made.engine(FIRST)
        order = await made.place()
        await gate.reached.wait()
        made.engine(SECOND)
        await until(lambda: taken_over(db))
        await accepted_once(made, order.id)
        before = await everything(db)
        gate.open.set()
        await until(lambda: dropped(made))
        assert await everything(db) == before
        way = await made.way(order.id)
    assert [item.node for item in way.transitions] == [str(FIRST), str(FIRST), str(SECOND)]
    assert made.far.calls == [*calls, "read"]


async def test_an_engine_does_not_take_what_it_has_in_hand_a_second_time(db: Database) -> None:
    gate = Gate()
    async with hub(db) as made:
        made.far.script["read"] = [Turn(gate=gate)]
        made.engine()
        order = await made.place()
        await gate.reached.wait()
        await db.fetchval("UPDATE processes.instances SET leased_until = now()")
        later = await made.place(2)
        await made.comes_to(later.id, "accepted")
        gate.open.set()
        await accepted(made, order.id)
    assert made.far.calls == ["write", "confirm", "read"] * 2


async def test_a_refused_confirmation_of_what_somebody_confirmed_is_no_exception(db: Database) -> None:
    async with hub(db) as made:
        made.far.script["confirm"] = [Turn(raises=Invalid("it is confirmed"), late=True)]
        made.engine()
        order = await made.place()
        await accepted_once(made, order.id)


async def test_a_draft_that_cannot_be_confirmed_is_an_exception_that_says_why(db: Database) -> None:
    async with hub(db) as made:
        made.far.script["confirm"] = [Turn(raises=Invalid("the customer is blocked"))]
        made.engine()
        order = await made.place()
        await made.comes_to(order.id, "exception")
    assert made.far.calls == ["write", "confirm", "read"]
    assert [(item.exception_code, item.exception_detail) for item in await exceptions(db)] == [
        ("draft", "invalid: the customer is blocked")
    ]


async def test_a_confirmation_that_had_no_effect_is_an_exception_and_goes_round_no_more(db: Database) -> None:
    async with hub(db) as made:
        made.far._set = lambda *_: None  # type: ignore[method-assign] # it says done and does nothing
        made.engine()
        order = await made.place()
        await made.comes_to(order.id, "exception")
    assert made.far.calls == ["write", "confirm", "read"]
    assert [item.exception_detail for item in await exceptions(db)] == ["it is still a draft over there"]


async def test_an_order_that_became_another_one_over_there_is_not_accepted(db: Database) -> None:
    async with hub(db) as made:
        made.far.changes = lambda held: msgspec.structs.replace(held, gross=held.gross + 1)
        made.engine()
        order = await made.place()
        await made.comes_to(order.id, "exception")
        told = [event.type for event in await made.told(order.id)]
    assert [item.exception_code for item in await exceptions(db)] == ["differs"]
    assert told == ["order.placed", "order.exception"]


async def test_a_defect_becomes_an_exception_that_tells_its_class_only(db: Database) -> None:
    async with hub(db) as made:
        made.far.script["write"] = [Turn(raises=KeyError("4111 1111 1111 1111"))]
        made.engine()
        order = await made.place()
        await made.comes_to(order.id, "exception")
    assert [item.exception_detail for item in await exceptions(db)] == ["unexpected: unexpected KeyError"]


async def test_a_shop_that_is_not_declared_is_an_exception(db: Database) -> None:
    async with hub(db) as made:
        made.far.unknown_shops.add("shop-9")
        made.engine()
        order = await made.place(shop="shop-9")
        await made.comes_to(order.id, "exception")
    assert [item.exception_detail for item in await exceptions(db)] == [
        "not-found: the landscape declares no shop shop-9"
    ]


async def test_an_event_applied_again_starts_nothing_again(db: Database) -> None:
    async with hub(db) as made:
        made.engine()
        order = await made.place()
        await accepted_once(made, order.id)
        await replay(db, "process place-order", after=0)
        later = await made.place(2)
        await made.comes_to(later.id, "accepted")
        assert steps(await made.way(order.id)) == WENT_WELL
    assert made.far.calls == ["write", "confirm", "read"] * 2


async def test_two_engines_share_the_work_and_nothing_is_done_twice(db: Database) -> None:
    async with hub(db) as made:
        placed = [await made.place(number) for number in range(40)]
        made.engine(FIRST)
        made.engine(SECOND)
        for order in placed:
            await made.comes_to(order.id, "accepted")
        nodes = {row[0] for row in await db.fetch("SELECT DISTINCT node FROM processes.transitions")}
        count = await db.fetchval("SELECT count(*) FROM processes.transitions")
    assert (sorted(made.far.calls), count) == (sorted(["write", "confirm", "read"] * 40), 120)
    assert nodes == {FIRST, SECOND}


async def test_a_flow_of_another_release_is_left_to_a_node_that_knows_it(db: Database) -> None:
    async with hub(db) as made:
        made.engine(FIRST, [made.book_sale])
        order = await made.place()
        await until(lambda: tried(made, order.id, 1))
        assert made.far.calls == []
        made.engine(SECOND)
        await accepted_once(made, order.id)


async def tried(made: Hub, order_id: str, times: int) -> bool:
    rows = await made.db.fetch("SELECT attempts FROM processes.instances WHERE subject = $1", order_id)
    return bool(rows) and rows[0][0] >= times


async def waits(db: Database, state: str) -> bool:
    """The flow is in this state, in nobody's hands, and due in an hour."""
    return await db.fetchval(
        "SELECT count(*) = 1 FROM processes.instances WHERE state = $1 AND leased_by IS NULL "
        "AND due_at - updated_at BETWEEN interval '59 minutes' AND interval '61 minutes'",
        state,
    )


async def taken_over(db: Database) -> bool:
    """The first engine's lease runs out, however often it is renewed; whether the second has taken the flow."""
    await db.fetchval("UPDATE processes.instances SET leased_until = now() WHERE leased_by = $1", FIRST)
    return await db.fetchval("SELECT leased_by FROM processes.instances") != FIRST


async def everything(db: Database) -> list[object]:
    rows = await db.fetch(
        "SELECT i.*, t.* FROM processes.instances i JOIN processes.transitions t ON t.instance = i.id"
    )
    return [tuple(row) for row in rows]


async def dropped(made: Hub) -> bool:
    """Nobody has a step in hand any more."""
    return not [task for task in asyncio.all_tasks() if "_work_through" in repr(task)]
