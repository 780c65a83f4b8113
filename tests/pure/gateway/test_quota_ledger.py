from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tillway.gateway.leasing import moment_of
from tillway.gateway.ledger import PERMIT, SECOND, Ledger, Moment, Policy, advanced, leased, opened, settled
from tillway.gateway.lot import Lot

DAY = 600 * SECOND  # a short one, so that examples see its end
NODES = st.integers(0, 3)
POLICIES = st.builds(
    Policy,
    rate=st.sampled_from([1, 500, 7_000, 250_000]),
    burst=st.integers(1, 60),
    per_day=st.sampled_from([0, 1, 90]),
) | st.builds(Policy, rate=st.just(0), burst=st.just(0), per_day=st.integers(1, 90))


def moment(now: int) -> Moment:
    return Moment(now, f"{now // DAY:06}", (now // DAY + 1) * DAY)


@dataclass
class World:
    """One ledger and nodes that lease from it; every admitted request is noted with the time it was admitted."""

    policy: Policy
    now: int = 5 * DAY + 3
    nodes: list[Lot] = field(default_factory=list)
    admitted: list[int] = field(default_factory=list)
    leases: int = 0

    def __post_init__(self) -> None:
        self.ledger = opened(self.policy, moment(self.now))
        self.nodes = [Lot(self.policy) for _ in range(4)]

    def clock(self) -> float:
        return self.now / SECOND

    def exchange(self, settle: str, unspent: int, waiting: int):
        """What `leasing.exchange` does in one transaction."""
        self.ledger = settled(advanced(self.ledger, self.policy, moment(self.now)), self.policy, settle, unspent)
        self.leases += 1
        if not waiting:
            return None
        self.ledger, block = leased(self.ledger, self.policy, str(self.leases), waiting, moment(self.now))
        return block

    def ask(self, node: int, *, waiting: int = 1, there: int = 0, back: int = 0, lost: bool = False) -> bool:
        """One request at a node; `there` and `back` are microseconds of a lease's way, `lost` its answer."""
        lot = self.nodes[node]
        if not lot.take(self.clock()):
            if lot.refused(self.clock()):
                return False
            asked_at, told = self.clock(), lot.emptied()
            self.now += there
            block = self.exchange(*told, waiting)
            self.now += back
            if lost or block is None:
                return False
            lot.filled(block, asked_at)
            if not lot.take(self.clock()):
                return False
        self.admitted.append(self.now)
        return True

    def give_back(self, node: int, *, lost: bool = False) -> None:
        told = self.nodes[node].emptied()
        if not lost:
            self.exchange(*told, 0)

    def die(self, node: int) -> None:
        self.nodes[node] = Lot(self.policy)

    def never_too_many(self) -> None:
        """No stretch of time holds more than the burst and what refills in it; no day more than its quota."""
        last = len(self.admitted)
        if self.policy.rate:
            for first in range(last):
                stretch = self.admitted[-1] - self.admitted[first]
                count = last - first
                assert count * PERMIT <= self.policy.burst * PERMIT + stretch * self.policy.rate
        if self.policy.per_day:
            assert last - bisect_left(self.admitted, self.now // DAY * DAY) <= self.policy.per_day


class Quota(RuleBasedStateMachine):
    """Nodes ask, wait, lose answers, give back and die in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.world: World | None = None

    @rule(policy=POLICIES)
    def begin(self, policy: Policy) -> None:
        if self.world is None:
            self.world = World(policy)

    @rule(
        node=NODES,
        times=st.integers(1, 30),
        waiting=st.integers(1, 20),
        there=st.integers(0, 2 * SECOND),
        back=st.integers(0, 2 * SECOND),
        lost=st.integers(0, 9).map(lambda roll: roll == 0),
    )
    def asks(self, *, node: int, times: int, waiting: int, there: int, back: int, lost: bool) -> None:
        for number in range(times if self.world else 0):
            self.world.ask(node, waiting=waiting, there=there, back=back, lost=lost and not number)
            self.world.never_too_many()

    @rule(by=st.integers(1, 20 * SECOND) | st.sampled_from([1, SECOND, DAY // 2, DAY]))
    def time_passes(self, by: int) -> None:
        if self.world:
            self.world.now += by

    @rule(node=NODES, lost=st.booleans())
    def gives_back(self, node: int, lost: bool) -> None:
        if self.world:
            self.world.give_back(node, lost=lost)

    @rule(node=NODES)
    def dies(self, node: int) -> None:
        if self.world:
            self.world.die(node)

    @invariant()
    def level_and_held_fit_the_bucket(self) -> None:
        if self.world and self.world.policy.rate:
            ledger: Ledger = self.world.ledger
            held = sum(each.permits for each in ledger.held)
            assert ledger.level >= 0
            assert ledger.level + held * PERMIT <= self.world.policy.burst * PERMIT


TestQuota = Quota.TestCase
TestQuota.settings = hypothesis_settings(max_examples=60, stateful_step_count=25)


@given(quota=st.integers(1, 300), turns=st.lists(NODES, min_size=1, max_size=20))
def test_demand_that_is_enough_gets_exactly_the_days_quota(quota: int, turns: list[int]) -> None:
    """Whoever asks where: when every node refuses, exactly the quota was admitted."""
    world = World(Policy(rate=0, burst=0, per_day=quota))
    refused: set[int] = set()
    turn = 0
    while len(refused) < len(set(turns)):
        node = turns[turn % len(turns)]
        turn += 1
        if world.ask(node):
            refused.discard(node)
        else:
            refused.add(node)
    assert len(world.admitted) == quota


@given(quota=st.integers(4, 300), idle=NODES)
def test_what_an_idle_node_holds_comes_back_to_the_others(quota: int, idle: int) -> None:
    world = World(Policy(rate=0, burst=0, per_day=quota))
    assert world.ask(idle)
    busy = (idle + 1) % 4
    while world.ask(busy):
        pass
    world.give_back(idle)
    world.now += SECOND
    while world.ask(busy):
        pass
    assert len(world.admitted) == quota


@pytest.mark.parametrize("policy", [Policy(10_000, 20, 0), Policy(500_000, 100, 0), Policy(3_000, 1, 0)])
def test_sustained_demand_over_nodes_gets_all_that_refills(policy: Policy) -> None:
    """A minute of asking every two milliseconds in turn at two nodes: all of it, but for what spills
    over while a bucket of one is full and nobody asks."""
    world = World(policy, now=5 * DAY)
    began = world.now
    while world.now < began + 60 * SECOND:
        world.ask(world.now // 2000 % 2)
        world.now += 2000
    possible = policy.burst + 60 * policy.rate // 1000
    world.never_too_many()
    assert possible * 0.95 <= len(world.admitted) <= possible


def test_blocks_shrink_with_what_is_left() -> None:
    policy = Policy(rate=0, burst=0, per_day=100)
    ledger, sizes = opened(policy, moment(DAY)), []
    while True:
        ledger, block = leased(ledger, policy, str(len(sizes)), 1, moment(DAY))
        if not block.permits:
            break
        sizes.append(block.permits)
    assert sizes[0] == 25
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-4:] == [1, 1, 1, 1]
    assert sum(sizes) == 100


def test_a_refusal_says_when_a_permit_is_there() -> None:
    """A bucket of one that refills in two seconds: refused for exactly that long."""
    world = World(Policy(rate=500, burst=1, per_day=0))
    assert world.ask(0)
    world.give_back(0)
    assert not world.ask(1)
    lot = world.nodes[1]
    wait = round((lot.retry_at - world.clock()) * SECOND)
    assert lot.full == "second"
    world.now += wait - 1
    assert not world.ask(1)
    world.now += 1
    assert world.ask(1)


def test_a_used_up_day_is_over_at_midnight() -> None:
    world = World(Policy(rate=0, burst=0, per_day=1))
    assert world.ask(0)
    world.give_back(0)
    assert not world.ask(1)
    lot = world.nodes[1]
    assert lot.full == "day"
    assert round(lot.retry_at * SECOND) == 6 * DAY
    world.now = 6 * DAY
    assert world.ask(1)


@pytest.mark.parametrize(
    ("utc", "day", "seconds_left"),
    [
        ("2026-03-29T00:30:00", "2026-03-29", 21.5 * 3600),  # Berlin's clocks go forward at 01:00 UTC
        ("2026-10-24T22:00:00", "2026-10-25", 25 * 3600),  # and back on this day
        ("2026-07-01T21:59:59", "2026-07-01", 1),
    ],
)
def test_a_day_is_the_organisations(utc: str, day: str, seconds_left: float) -> None:
    from datetime import datetime

    now = int(datetime.fromisoformat(f"{utc}+00:00").timestamp()) * SECOND
    found = moment_of(now, "Europe/Berlin")
    assert found.day == day
    assert found.midnight - now == seconds_left * SECOND
