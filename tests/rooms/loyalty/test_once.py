"""From here to Odoo, once: movements of many at the same time, answers that get lost, runners that get lost."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from tests.rooms.connectors.far_side import FarSide
from tests.rooms.connectors.lossy_proxy import LossyProxy
from tests.rooms.connectors.test_loyalty import RUN, CardThere, programme
from tests.rooms.connectors.test_loyalty import card as make_card
from tests.rooms.journal.world import running
from tests.rooms.loyalty.ledger import CAUSE, amounts, conserved, move, try_all, wanted

from tillway import clock, ids
from tillway.connectors.odoo import Connection, Odoo
from tillway.outbound import Client
from tillway.postgres import Database
from tillway.processes import Engine, bring_points, signal, ways
from tillway.records import loyalty
from tillway.retail import Call, Criticality, Moved

SECONDS = 60
"""Until all is done: a real Odoo takes a quarter of a second a movement when it is alone."""

D = Decimal


@dataclass
class Office:
    """What the flow needs of one."""

    loyalty: Any
    connection: str = "odoo"
    company: str = "1"


class Offices:
    def __init__(self, office: Office) -> None:
        self._office = office

    def at(self, _shop: str) -> Any:
        return self._office

    def of(self, _connection: str) -> Any:
        return self._office


@dataclass
class Bringing:
    """A ledger with the engine that empties it into an Odoo."""

    db: Database
    far: FarSide
    proxy: LossyProxy
    odoo: Odoo
    engines: dict[UUID, asyncio.Task[None]] = field(default_factory=dict)

    @property
    def flow(self) -> Any:
        return bring_points(self.db, Offices(Office(self.odoo.loyalty)))

    def start(self, node: str = "first") -> None:
        key = ids.named(node)
        engine = Engine(self.db, key, (self.flow,), lease_seconds=0.6)
        self.engines[key] = asyncio.create_task(engine.run())

    async def lose(self, node: str = "first") -> None:
        task = self.engines.pop(ids.named(node))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def card(self, club: int, points: float) -> tuple[CardThere, str]:
        """A card there, and known here."""
        made = make_card(self.far, club, points)
        call = Call(
            criticality=Criticality.HIGH,
            deadline=clock.now() + timedelta(minutes=1),
            correlation="t",
            reference="t",
            company="1",
        )
        at = await loyalty.now(self.db)
        found = await self.odoo.loyalty.card_by_code(call, made.code)
        assert found is not None
        async with self.db.transaction() as tx:
            await loyalty.see(tx, "odoo", "1", found, asked_at=at, cause=CAUSE)
        return made, loyalty.card_id("odoo", str(made.id))

    async def come_to(self, moved: list[Moved], state: str) -> None:
        """Wait until all these movements are in this state of their flow."""
        async with asyncio.timeout(SECONDS):
            for each in moved:
                while not (found := await ways(self.db, each.movement.id)) or found[0].state != state:
                    await asyncio.sleep(0.02)


@pytest.fixture(scope="module")
def club(far: FarSide) -> int:
    return programme(far, f"L{secrets.token_hex(3)} once", "loyalty", applies_on="both", trigger="auto")


@pytest.fixture
async def bringing(db: Database, far: FarSide, client: Client, proxy: LossyProxy) -> AsyncIterator[Bringing]:
    odoo = Odoo(Connection(url=proxy.url, database=far.database, key=far.key, workers=4), client)
    made = Bringing(db, far, proxy, odoo)
    followers = Engine(db, ids.named("first"), (made.flow,)).followers()
    async with running(db, *followers):
        try:
            yield made
        finally:
            for task in made.engines.values():
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.gather(*made.engines.values(), return_exceptions=True)


async def test_twenty_spend_at_once_and_seven_have_the_points(bringing: Bringing, club: int) -> None:
    made, card = await bringing.card(club, 7)
    bringing.start()
    taken = await try_all(bringing.db, [wanted(card, "-1") for _ in range(20)])
    assert len(taken) == 7
    await bringing.come_to(taken, "confirmed")
    assert (made.points, made.history()) == (0, [D(-1)] * 7)
    assert (await amounts(bringing.db, card), await conserved(bringing.db, card)) == ((0, 0, 0), True)


async def test_answers_lost_after_the_work_leave_one_effect_each(bringing: Bringing, club: int) -> None:
    made, card = await bringing.card(club, 50)
    bringing.proxy.lose_answer(RUN, times=2)
    bringing.start()
    moved = [await move(bringing.db, wanted(card, points)) for points in ("5", "-20", "1.25")]
    await bringing.come_to(moved, "confirmed")
    assert len(bringing.proxy.lost) == 2
    assert (made.points, made.history()) == (D("36.25"), [D("1.25"), D(-20), D(5)])
    assert await amounts(bringing.db, card) == (D("36.25"), D("36.25"), 0)


async def test_a_runner_that_is_lost_in_the_middle_leaves_one_effect(bringing: Bringing, club: int) -> None:
    made, card = await bringing.card(club, 50)
    reached = asyncio.Event()
    loop = asyncio.get_running_loop()
    bringing.proxy.before(RUN, lambda: loop.call_soon_threadsafe(reached.set))
    bringing.start("first")
    moved = await move(bringing.db, wanted(card, "-8"))
    async with asyncio.timeout(SECONDS):
        await reached.wait()
    await bringing.lose("first")
    bringing.start("second")
    await bringing.come_to([moved], "confirmed")
    await bringing.proxy.idle()
    assert (made.points, made.history()) == (42, [D(-8)])


async def test_what_was_overwritten_waits_for_a_person_who_gives_it_back(bringing: Bringing, club: int) -> None:
    made, card = await bringing.card(club, 50)
    bringing.proxy.before(RUN, lambda: made.put(80))
    bringing.start()
    moved = await move(bringing.db, wanted(card, "-7"))
    await bringing.come_to([moved], "exception")
    assert await amounts(bringing.db, card) == (43, 43, 0)
    await signal(bringing.db, bringing.flow, moved.movement.id, "restore")
    await bringing.come_to([moved], "confirmed")
    assert made.points == 73
    assert (await amounts(bringing.db, card), await conserved(bringing.db, card)) == ((73, 73, 0), True)


async def test_what_was_spent_there_meanwhile_is_an_exception_that_can_be_given_up(
    bringing: Bringing, club: int
) -> None:
    made, card = await bringing.card(club, 50)
    moved = await move(bringing.db, wanted(card, "-40"))
    made.put(10)
    bringing.start()
    await bringing.come_to([moved], "exception")
    later = await move(bringing.db, wanted(card, "5"))
    await bringing.come_to([later], "confirmed")
    await signal(bringing.db, bringing.flow, moved.movement.id, "cancel")
    await bringing.come_to([moved], "cancelled")
    assert (made.points, await amounts(bringing.db, card)) == (15, (15, 15, 0))
    assert await conserved(bringing.db, card)
