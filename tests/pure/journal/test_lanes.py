from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, precondition, rule

from tillway.journal.lanes import lane_of, of_lane, shift

NODES = [UUID(int=number) for number in range(1, 7)]


@pytest.mark.parametrize(("key", "lane"), [("", 0), ("order-1", 3), ("SKU-1", 0), ("Ünïcode-🛒", 1)])
def test_the_lane_of_a_key_never_changes(key: str, lane: int) -> None:
    assert lane_of(key, 4) == lane


@given(st.lists(st.text()), st.integers(1, 20))
def test_every_key_is_in_one_lane(keys: list[str], lanes: int) -> None:
    belongs = [of_lane(keys, lane, lanes) for lane in range(lanes)]
    assert [sum(each) for each in zip(*belongs, strict=True)] == [1] * len(keys)


@given(st.integers(1, 12), st.integers(1, 6))
def test_nodes_that_agree_want_shares_that_add_up(lanes: int, nodes: int) -> None:
    live = set(NODES[:nodes])
    owners: dict[int, UUID | None] = dict.fromkeys(range(lanes))
    wanted = [len(shift(owners, live, node).claim) for node in live]
    assert sum(wanted) == lanes
    assert max(wanted) - min(wanted) <= 1


def test_single_lanes_of_many_followers_spread_over_the_nodes() -> None:
    live = set(NODES[:4])
    counts = dict.fromkeys(live, 0)
    for number in range(400):
        for node in live:
            counts[node] += len(shift({0: None}, live, node, follower=f"subscription {number}").claim)
    assert sum(counts.values()) == 400
    assert min(counts.values()) > 70


class Sharing(RuleBasedStateMachine):
    """Nodes that join, die, wake and beat in any order over the table as Postgres would keep it.

    A claim takes effect only on lanes whose owner is not alive at that moment, as the statement demands.
    """

    def __init__(self) -> None:
        super().__init__()
        self.owners: dict[int, UUID | None] = dict.fromkeys(range(7))
        self.live: set[UUID] = set()
        self.released: dict[int, UUID] = {}

    nodes = Bundle("nodes")

    @rule(target=nodes, node=st.sampled_from(NODES))
    def join(self, node: UUID) -> UUID:
        if node in self.live:
            return multiple()
        self.live.add(node)
        return node

    @rule(node=consumes(nodes))
    def die(self, node: UUID) -> None:
        self.live.discard(node)

    @rule(node=consumes(nodes))
    def leave(self, node: UUID) -> None:
        self.live.discard(node)
        self.owners = {lane: None if owner == node else owner for lane, owner in self.owners.items()}

    @rule(node=nodes, seen=st.data())
    def beat_with_an_old_view(self, node: UUID, seen: st.DataObject) -> None:
        """Claims and releases decided on what was true a moment ago do no harm."""
        view = dict(self.owners)
        self.beat_of(seen.draw(st.sampled_from(sorted(self.live or {node}))))
        self.act(node, shift(view, self.live, node))

    @rule(node=nodes)
    def beat(self, node: UUID) -> None:
        self.beat_of(node)

    def beat_of(self, node: UUID) -> None:
        if node in self.live:
            self.act(node, shift(self.owners, self.live, node))

    def act(self, node: UUID, change) -> None:
        assert set(change.claim).isdisjoint(change.release)
        for lane in change.release:
            if self.owners[lane] == node:
                self.owners[lane] = None
        for lane in change.claim:
            if self.owners[lane] not in self.live or self.owners[lane] == node:
                self.owners[lane] = node

    @precondition(lambda self: self.live)
    @rule()
    def settle(self) -> None:
        """Left alone, everything has an owner alive, shares are equal, and then nothing moves any more."""
        moved = []
        for _ in range(3):
            before = dict(self.owners)
            for node in sorted(self.live):
                self.beat_of(node)
            moved.append(sum(before[lane] != self.owners[lane] for lane in before))
        shares = [list(self.owners.values()).count(node) for node in self.live]
        assert sum(shares) == len(self.owners)
        assert max(shares) - min(shares) <= 1
        assert moved[-1] == 0

    @invariant()
    def nobody_takes_what_is_in_living_hands(self) -> None:
        for node in self.live:
            change = shift(self.owners, self.live, node)
            assert all(self.owners[lane] not in self.live for lane in change.claim)
            assert all(self.owners[lane] == node for lane in change.release)


TestSharing = Sharing.TestCase
TestSharing.settings = settings(max_examples=100, stateful_step_count=20)
