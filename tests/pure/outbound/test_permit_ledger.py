"""Processes that lease permits, whatever comes late, twice or never: a model that counts what they may be using."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tillway.outbound.governor.ledger import GRACE, Word, opened, reserve, told
from tillway.outbound.governor.limit import SECOND

MOST, VALID = 5, 6 * SECOND
NAMES = st.sampled_from(["a", "b", "c"])
WAITING = st.tuples(*[st.integers(0, 3)] * 4)


class Processes(RuleBasedStateMachine):
    """Each holds what it was told last, until its own clock says that this has ended."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger, self.now, self.serial = opened(MOST), SECOND, 0
        self.hands: dict[str, tuple[int, int, int]] = {}
        self.late: list[Word] = []

    def word(self, name: str, part: float, waiting: tuple[int, ...], most: int) -> Word:
        opened_, kept, until = self.hands.get(name, (0, 0, 0))
        opened_, kept = (int(opened_ * part), int(kept * part)) if until > self.now else (0, 0)
        self.hands[name] = opened_, kept, until
        self.serial += 1
        return Word(holder=name, serial=self.serial, most=most, open=opened_, kept=kept, waiting=tuple(waiting))

    @rule(name=NAMES, part=st.sampled_from([0, 0.5, 1]), waiting=WAITING, heard=st.booleans())
    def speaks(self, name: str, part: float, waiting: tuple[int, ...], heard: bool) -> None:
        """It keeps a part of what it has. The answer may be lost."""
        word, asked = self.word(name, part, waiting, MOST), self.now
        self.ledger, block = told(self.ledger, word, VALID, self.now)
        assert not block.lapsed
        if heard:
            self.hands[name] = block.open, block.kept, asked + block.valid

    @rule(name=NAMES, part=st.sampled_from([0, 1]), waiting=WAITING)
    def speaks_into_a_slow_wire(self, name: str, part: float, waiting: tuple[int, ...]) -> None:
        self.late.append(self.word(name, part, waiting, MOST))

    @rule()
    def a_late_word_arrives(self) -> None:
        if self.late:
            self.ledger, _ = told(self.ledger, self.late.pop(0), VALID, self.now)

    @rule(seconds=st.sampled_from([0.001, 1, 7, 20]))
    def time_passes(self, seconds: float) -> None:
        self.now += round(seconds * SECOND)

    @invariant()
    def never_more_than_the_limit(self) -> None:
        using = [(opened_, kept) for opened_, kept, until in self.hands.values() if until > self.now]
        assert sum(opened_ + kept for opened_, kept in using) <= self.ledger.limit
        assert sum(opened_ for opened_, _ in using) <= self.ledger.limit - reserve(self.ledger.limit)


TestProcesses = Processes.TestCase
TestProcesses.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)


def test_a_dead_process_gives_its_permits_back_when_its_lease_ends() -> None:
    ledger, block = told(opened(2), Word(holder="dead", serial=1, most=2, waiting=(2, 0, 0, 0)), VALID, SECOND)
    assert (block.open, block.kept) == (1, 1)
    ledger, block = told(ledger, Word(holder="b", serial=1, most=2, waiting=(1, 0, 0, 0)), VALID, 2 * SECOND)
    assert (block.open, block.kept) == (0, 0)
    _, block = told(ledger, Word(holder="b", serial=2, most=2, waiting=(1, 0, 0, 0)), VALID, SECOND + VALID + GRACE)
    assert block.open + block.kept == 1


def test_of_two_permits_one_is_kept_for_urgent_calls() -> None:
    ledger, block = told(opened(2), Word(holder="sync", serial=1, most=2, waiting=(0, 0, 0, 9)), VALID, SECOND)
    assert (block.open, block.kept) == (1, 0)
    _, block = told(ledger, Word(holder="door", serial=1, most=2, waiting=(1, 0, 0, 0)), VALID, SECOND)
    assert (block.open, block.kept) == (0, 1)


def test_a_free_permit_is_set_aside_for_the_most_urgent_and_its_process_is_woken() -> None:
    ledger, _ = told(opened(1), Word(holder="a", serial=1, most=1, waiting=(0, 0, 1, 0)), VALID, SECOND)
    ledger, block = told(ledger, Word(holder="b", serial=1, most=1, waiting=(0, 0, 0, 1)), VALID, SECOND)
    assert (block.open, block.wake) == (0, True)
    ledger, _ = told(ledger, Word(holder="c", serial=1, most=1, waiting=(0, 1, 0, 0)), VALID, SECOND)
    ledger, block = told(ledger, Word(holder="a", serial=2, most=1, open=1), VALID, 2 * SECOND)
    assert (block.open, block.pressed) == (1, 1)
    ledger, block = told(ledger, Word(holder="a", serial=3, most=1), VALID, 2 * SECOND)
    assert (block.open, block.wake) == (0, True)
    ledger, block = told(ledger, Word(holder="b", serial=2, most=1, waiting=(0, 0, 0, 1)), VALID, 2 * SECOND)
    assert block.open == 0
    _, block = told(ledger, Word(holder="c", serial=2, most=1, waiting=(0, 1, 0, 0)), VALID, 2 * SECOND)
    assert (block.open, block.pressed) == (1, 3)


def test_processes_of_equal_rank_take_turns() -> None:
    ledger, order, now = opened(1), [], SECOND
    serial = 0
    for name in "abc" * 5:
        serial, now = serial + 1, now + 1000
        word = Word(holder=name, serial=serial, most=1, waiting=(0, 0, 1, 0))
        ledger, block = told(ledger, word, VALID, now)
        if block.open:
            order.append(name)
            serial, now = serial + 1, now + 1000
            ledger, block = told(ledger, Word(holder=name, serial=serial, most=1), VALID, now)
    assert order[:6] == ["a", "b", "c"] * 2
