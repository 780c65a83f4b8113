from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tillway.journal.watermark import Watermark


def test_positions_begin_in_rising_order() -> None:
    mark = Watermark(3)
    with pytest.raises(ValueError, match="position 3 does not come after 3"):
        mark.begin(3)
    mark.begin(4)
    with pytest.raises(ValueError, match="position 4 does not come after 4"):
        mark.begin(4)


def test_the_lowest_that_is_not_done_holds_the_mark() -> None:
    mark = Watermark(0)
    for position in (2, 5, 6):
        mark.begin(position)
    assert (mark.low, mark.in_hand) == (1, 3)
    mark.finish(5)
    assert (mark.low, mark.in_hand) == (1, 3)
    mark.finish(2)
    assert (mark.low, mark.in_hand) == (5, 1)
    mark.finish(6)
    mark.pass_over(9)
    assert (mark.low, mark.in_hand) == (9, 0)


class AgainstAModel(RuleBasedStateMachine):
    """The model: a set of what is open, and how far was looked."""

    @initialize(start=st.integers(0, 100))
    def begin_somewhere(self, start: int) -> None:
        self.mark = Watermark(start)
        self.seen, self.open, self.lowest = start, set[int](), start

    @rule(step=st.integers(1, 5))
    def begin(self, step: int) -> None:
        self.seen += step
        self.mark.begin(self.seen)
        self.open.add(self.seen)

    @rule(step=st.integers(-3, 5))
    def pass_over(self, step: int) -> None:
        self.mark.pass_over(self.seen + step)
        self.seen = max(self.seen, self.seen + step)

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        position = data.draw(st.sampled_from(sorted(self.open)))
        self.mark.finish(position)
        self.open.discard(position)

    @invariant()
    def it_is_below_everything_open_and_never_goes_back(self) -> None:
        if hasattr(self, "mark"):
            assert self.mark.low == (min(self.open) - 1 if self.open else self.seen)
            assert self.mark.low >= self.lowest
            assert (self.mark.in_hand > 0) == bool(self.open)
            self.lowest = self.mark.low


TestAgainstAModel = AgainstAModel.TestCase
TestAgainstAModel.settings = settings(max_examples=100, stateful_step_count=30)
