"""Whatever happens in whatever order: opening + earned - spent + what others did = balance, and nothing is overspent."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.postgres_cluster import RunningCluster
from tests.rooms.loyalty.ledger import amounts, conserved, learn, move, settle, there, wanted

from tillway.errors import Conflict
from tillway.postgres import Database
from tillway.records import loyalty
from tillway.retail import Moved

POINTS = st.decimals(min_value=Decimal("0.01"), max_value=20, places=2)

STEPS, RUNS = 14, 10
"""A step is some milliseconds of Postgres."""


class Ledger(RuleBasedStateMachine):
    """A card here and its balance there; movements are brought one by one, others change the balance meanwhile."""

    db: Database
    runner: asyncio.Runner
    number = 0

    def teardown(self) -> None:
        self.finish()

    def run(self, work):
        return self.runner.run(work)

    @initialize(points=POINTS)
    def show(self, points: Decimal) -> None:
        Ledger.number += 1
        self.foreign = str(self.number)
        self.theirs = points
        self.card = self.run(learn(self.db, there(str(points), self.foreign)))
        self.waiting: list[Moved] = []
        self.done: list[Moved] = []
        self.counted = points
        self.asked_at = self.run(loyalty.now(self.db))
        self.seen = points
        self.others = False

    @rule(points=POINTS, earns=st.booleans())
    def ask(self, points: Decimal, *, earns: bool) -> None:
        before = self.run(amounts(self.db, self.card))[0]
        signed = points if earns else -points
        try:
            moved = self.run(move(self.db, wanted(self.card, str(signed))))
        except Conflict:
            assert not earns
            assert before < points
        else:
            assert earns or before >= points
            assert moved.balance == before + signed
            self.waiting.append(moved)

    @precondition(lambda self: self.waiting)
    @rule(lost=st.booleans())
    def bring(self, *, lost: bool) -> None:
        """The oldest reaches the back office; its answer may get lost, and is found out."""
        first = self.waiting[0]
        assert self.run(loyalty.take(self.db, first.movement.id))
        if self.theirs + first.movement.points < 0:
            assert self.others, "only what others took can make ours impossible"
            self.run(settle(self.db, first, str(self.theirs), "cancelled"))
        else:
            self.theirs += first.movement.points
            for _ in range(2 if lost else 1):
                self.run(settle(self.db, first, str(self.theirs)))
        self.done.append(self.waiting.pop(0))

    @rule(points=POINTS)
    def others_give(self, points: Decimal) -> None:
        self.theirs += points

    @rule(points=POINTS)
    def others_take(self, points: Decimal) -> None:
        self.others = True
        self.theirs = max(Decimal(0), self.theirs - points)

    @rule()
    def begin_to_look(self) -> None:
        self.asked_at, self.seen = self.run(loyalty.now(self.db)), self.theirs

    @rule()
    def see(self) -> None:
        """What was read then arrives now, however much happened since."""
        self.run(learn(self.db, there(str(self.seen), self.foreign), self.asked_at))

    @invariant()
    def every_change_is_a_row(self) -> None:
        assert self.run(conserved(self.db, self.card))

    @invariant()
    def ours_alone_never_overspend(self) -> None:
        balance = self.run(amounts(self.db, self.card))[0]
        assert self.others or balance >= 0

    def finish(self) -> None:
        """All brought and looked at, both sides say the same."""
        while self.waiting:
            self.bring(lost=False)
        self.begin_to_look()
        self.see()
        assert self.run(amounts(self.db, self.card)) == (self.theirs, self.theirs, 0)
        assert self.run(conserved(self.db, self.card))


async def _opened(dsn: str) -> Database:
    return await Database(dsn, "ledger").__aenter__()


def test_points_are_conserved(cluster: RunningCluster) -> None:
    dsn = cluster.database()
    with asyncio.Runner() as runner:
        Ledger.runner = runner
        Ledger.db = runner.run(_opened(dsn))
        chosen = settings(
            max_examples=RUNS, stateful_step_count=STEPS, suppress_health_check=list(HealthCheck), deadline=None
        )
        run_state_machine_as_test(Ledger, settings=chosen)
        runner.run(Ledger.db.__aexit__(None, None, None))
    cluster.drop(dsn)
