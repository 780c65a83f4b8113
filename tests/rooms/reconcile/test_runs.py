"""Two sides are compared in Postgres: breaks are opened once, aged, and ended by the run that sees them no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import pytest
from tests.rooms.reconcile.sides import OTHER, World

from tillway.errors import Conflict
from tillway.postgres import Database
from tillway.reconcile import Reconciler, breaks, runs, staging
from tillway.records import BACK_OFFICE, orders, there


@pytest.fixture
async def world(dsn: str) -> AsyncIterator[World]:
    async with Database(dsn, "test") as db:
        yield World(db)


async def test_two_sides_that_agree_have_no_break(world: World) -> None:
    for _ in range(3):
        await world.both()
    run = await world.compare()
    tally = run.tally
    assert (run.status, tally.left, tally.right, tally.matched, run.total) == ("done", 3, 3, 3, 3)
    assert await world.breaks() == ()
    assert await world.told() == []


async def test_what_people_made_there_under_a_reference_like_ours_is_not_missing_here(world: World) -> None:
    made = [await world.place() for _ in range(2)]
    for each in made:
        world.office.book(each)
    # One is held under the id that goes with theirs, as made over there; the other was lost here.
    held = there.our_id("order", "odoo", world.office.held[0].foreign_id)
    made_there = "UPDATE records.orders SET id = $2, consumer = $3 WHERE id = $1"
    await world.db.fetch(made_there, made[0].id, held, BACK_OFFICE)
    await world.db.fetch("DELETE FROM records.orders WHERE id = $1", made[1].id)

    await world.compare()

    assert [(each.key, each.type) for each in await world.breaks()] == [(made[1].id, "missing-left")]


async def test_each_break_has_its_type_its_money_and_an_owner(world: World) -> None:
    missing = await world.place()
    other = await world.both()
    world.office.held[-1] = world.office.held[-1].__class__(
        **{name: getattr(world.office.held[-1], name) for name in world.office.held[-1].__struct_fields__}
        | {"gross": Decimal("17.50")}
    )
    twice = await world.both()
    world.office.book(twice)
    stuck = await world.place(status="placed")
    called_off = await world.place()
    world.office.book(called_off, state="cancelled")
    young = await world.place(ago=60)
    unknown = await world.place()
    await world.db.fetch("DELETE FROM records.orders WHERE id = $1", unknown.id)
    world.office.book(unknown)

    run = await world.compare()

    found = {(each.key, each.type): each.at_stake for each in await world.breaks()}
    assert found == {
        (missing.id, "missing-right"): Decimal(20),
        (other.id, "amount"): Decimal("2.50"),
        (twice.id, "duplicate"): Decimal(20),
        (stuck.id, "late"): Decimal(20),
        (called_off.id, "mapping"): Decimal(20),
        (unknown.id, "missing-left"): Decimal(20),
    }
    assert (run.status, run.total, run.tally.breaks, run.tally.in_process) == ("done", 7, 6, 1)
    assert run.tally.at_stake == Decimal("102.50")
    assert {each.owner for each in await world.breaks()} == {"sales-it"}
    assert young.id not in {key for key, _ in found}


async def test_orders_that_people_made_over_there_are_not_looked_for_there(world: World) -> None:
    made = await world.place()
    await world.db.fetch("UPDATE records.orders SET consumer = 'back-office' WHERE id = $1", made.id)
    run = await world.compare()
    assert (run.status, run.tally.left, run.total) == ("done", 0, 0)


async def test_a_break_is_told_once_keeps_its_age_and_ends_when_it_is_seen_no_more(world: World) -> None:
    missing = await world.place()
    first = await world.compare()
    (opened,) = await world.breaks()
    second = await world.compare()
    (again,) = await world.breaks()
    assert (first.found, second.found) == (1, 0)
    assert (again.id, again.found_at) == (opened.id, opened.found_at)
    assert again.seen_at > opened.seen_at
    world.office.book(missing)
    third = await world.compare()
    assert (third.ended, await world.breaks()) == (1, ())
    (ended,) = await world.breaks(ended=True)
    assert (ended.id, ended.ending) == (opened.id, "unseen")
    assert await world.told() == [
        ("break.found", missing.id, "missing-right"),
        ("break.ended", missing.id, "unseen"),
    ]
    world.office.held.clear()
    await world.compare()
    (anew,) = await world.breaks()
    assert anew.id != opened.id


async def test_what_arrived_while_it_was_compared_is_no_break(world: World) -> None:
    missing = await world.place()
    world.office.arrived.add(missing.id)
    run = await world.compare()
    assert (run.tally.in_process, run.tally.breaks, run.status) == (1, 0, "done")


async def test_a_run_of_one_shop_leaves_the_breaks_of_others(world: World) -> None:
    await world.place(shop="shop-1")
    await world.place(shop="shop-2")
    await world.compare()
    for made in await world.breaks():
        held = (await orders.get(world.db, made.key)).order
        world.office.book(held)
    run = await world.compare(shop="shop-2")
    assert (run.total, run.ended) == (1, 1)
    assert [each.shop for each in await world.breaks()] == ["shop-1"]


async def test_a_run_ends_no_break_of_before_its_time(world: World) -> None:
    old = await world.place(ago=3 * 86_400)
    await world.compare()
    world.given = {"window": timedelta(days=1)}
    run = await world.compare()
    assert (run.total, run.ended) == (0, 0)
    assert [each.key for each in await world.breaks()] == [old.id]


async def test_what_lies_across_the_beginning_of_the_span_is_judged_by_our_time(world: World) -> None:
    """Ours is older than the span, theirs is not: it is no order of theirs that we lack."""
    old = await world.place(ago=8 * 86_400)
    world.office.book(old, made_at=old.placed_at.replace(microsecond=0) + timedelta(days=2))
    run = await world.compare()
    assert (run.tally.right, run.tally.breaks) == (0, 0)


async def test_many_of_both_sides_pass_through_pages(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "PAGE", 7)
    for _ in range(20):
        await world.both()
    world.office.held.reverse()  # theirs come in an order of their own
    run = await world.compare()
    assert (run.tally.matched, run.total) == (20, 20)
    assert await world.db.fetchval("SELECT count(*) FROM reconcile.staged") == 0


async def test_a_far_side_that_goes_away_ends_no_break_and_the_run_begins_again(world: World) -> None:
    await world.place()
    await world.compare()
    world.office.away_after = world.office.asked
    key = await world.queue()
    assert await world.reconciler.once()
    waiting = await runs.get(world.db, key)
    assert (waiting.status, waiting.detail) == ("running", "attempt 1 of 5: the back office is away")
    assert len(await world.breaks()) == 1
    await world.db.fetch("UPDATE reconcile.runs SET leased_until = now() - interval '1 s' WHERE id = $1", key)
    world.office.away_after = None
    assert await Reconciler(world.db, OTHER, world).once()
    run = await runs.get(world.db, key)
    assert (run.status, run.attempts, run.tally.breaks, run.detail) == ("done", 2, 1, None)


async def test_a_run_that_could_not_go_on_lets_others_go_first(world: World) -> None:
    world.office.away_after = 0
    stuck = await world.queue()
    assert await world.reconciler.once()
    await world.db.fetch("UPDATE reconcile.runs SET leased_until = now() - interval '1 s' WHERE id = $1", stuck)
    other = await world.queue("stock")
    assert await world.reconciler.once()
    assert ((await runs.get(world.db, stuck)).attempts, (await runs.get(world.db, other)).status) == (1, "done")


async def test_a_domain_that_is_not_declared_fails_and_says_so(world: World) -> None:
    async with world.db.transaction() as tx:
        key = await runs.queue(
            tx, runs.Wish(domain="orders", connection="gone", asked_by="x", reason="y", correlation="z")
        )
    assert await world.reconciler.once()
    run = await runs.get(world.db, str(key))
    assert (run.status, run.detail) == ("failed", "not declared")


async def test_one_comparison_of_a_domain_at_a_time(world: World) -> None:
    await world.queue()
    with pytest.raises(Conflict, match="being compared already"):
        await world.queue()
    await asyncio.gather(world.reconciler.once(), Reconciler(world.db, OTHER, world).once())
    assert await world.db.fetchval("SELECT count(*) FROM reconcile.runs WHERE status = 'done'") == 1


async def test_a_tally_that_does_not_add_up_cannot_be_stored_as_done(world: World) -> None:
    await world.both()
    key = await world.queue()
    with pytest.raises(Exception, match="conserved"):
        await world.db.fetch(
            "UPDATE reconcile.runs SET status = 'done', left_count = 1, matched = 1, total = 2 WHERE id = $1", key
        )


async def test_the_schedule_queues_one_interval_after_it_was_declared_and_once(world: World) -> None:
    world.given = {"every": 3600.0}
    await world.reconciler.schedule()
    assert await world.db.fetchval("SELECT count(*) FROM reconcile.runs") == 0
    await world.db.fetch("UPDATE reconcile.schedules SET due_at = now() - interval '1 s'")
    for node in (world.reconciler, Reconciler(world.db, OTHER, world)):
        await node.schedule()
    rows = await world.db.fetch("SELECT asked_by, fix FROM reconcile.runs")
    assert [tuple(row) for row in rows] == [("schedule", False)]


class TestCorrections:
    async def test_nothing_is_sent_unless_the_landscape_says_so(self, world: World) -> None:
        await world.place()
        run = await world.compare(fix=True)
        assert (run.fixed, world.sender.sent) == (0, [])

    async def test_what_is_missing_is_sent_again_and_the_break_ends_by_it(self, world: World) -> None:
        world.given = {"fix": "re-send"}
        missing, stuck = await world.place(), await world.place(status="placed")
        run = await world.compare(fix=True)
        assert (run.fixed, world.sender.sent) == (1, [missing.id])
        assert [each.key for each in await world.breaks()] == [stuck.id]
        assert ("break.ended", missing.id, "re-send") in await world.told()

    async def test_a_refusal_leaves_the_break_open_and_says_why(self, world: World) -> None:
        world.given, world.sender.refusal = {"fix": "re-send"}, "it is cancelled in the back office"
        await world.place()
        run = await world.compare(fix=True)
        (left,) = await world.breaks()
        assert (run.fixed, left.status, left.fix_detail) == (0, "open", world.sender.refusal)
        assert left.fix_tried_at is not None

    async def test_what_was_called_off_since_it_was_seen_is_not_sent(self, world: World) -> None:
        world.given = {"fix": "re-send"}
        missing = await world.place()
        await world.compare()
        (seen,) = await world.breaks()
        async with world.db.transaction() as tx:
            tx.stage(orders.settle(missing.id, "cancelled"))
        run = await runs.get(world.db, await world.queue())
        assert await world.domain(run).put_right(run, seen, "re-send") == "it is not meant here any more"
        assert world.sender.sent == []


class TestPeople:
    async def test_a_break_is_given_to_somebody_else_and_keeps_its_age(self, world: World) -> None:
        await world.place()
        await world.compare()
        (seen,) = await world.breaks()
        async with world.db.transaction() as tx:
            await breaks.assign(tx, str(seen.id), "finance", "tester: theirs")
        await world.compare()
        (given,) = await world.breaks()
        assert (given.owner, given.found_at, given.note) == ("finance", seen.found_at, "tester: theirs")

    async def test_an_accepted_difference_stays_accepted_until_it_is_another(self, world: World) -> None:
        ours = await world.place()
        world.office.book(ours, gross=Decimal(15))
        await world.compare()
        (seen,) = await world.breaks()
        async with world.db.transaction() as tx:
            await breaks.accept(tx, str(seen.id), "tester: a voucher")
        await world.compare()
        assert [each.status for each in await world.breaks()] == ["accepted"]
        world.office.held.clear()
        world.office.book(ours, gross=Decimal(14))
        await world.compare()
        assert [each.status for each in await world.breaks()] == ["open"]
        async with world.db.transaction() as tx:
            await breaks.accept(tx, str(seen.id), "tester: two vouchers")
        with pytest.raises(Conflict):
            async with world.db.transaction() as tx:
                await breaks.accept(tx, str(seen.id), "again")
