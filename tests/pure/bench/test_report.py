"""What the lines of benchmarks say of their rounds."""

from __future__ import annotations

import pytest
from bench.report import alternate, line


def test_a_line_tells_medians_their_ratio_and_the_spread() -> None:
    told = line("orders", [400.0, 100.0, 500.4], [1000.0, 2000.0, 1250.0], unit="orders/s", note="quiet")
    assert (told.ours, told.yardstick, told.ratio) == (400.0, 1250.0, 0.32)
    assert told.note == "quiet; rounds: ours 100 to 500.4, yardstick 1000 to 2000"


def test_fewer_than_three_rounds_are_no_measurement() -> None:
    with pytest.raises(ValueError, match="three rounds"):
        line("orders", [1.0, 2.0], [1.0, 2.0], unit="orders/s", note="")


async def test_sides_take_turns_and_each_begins_as_often() -> None:
    asked: list[str] = []

    async def side(name: str) -> float:
        asked.append(name)
        return float(len(asked))

    ours, yardstick = await alternate(lambda: side("ours"), lambda: side("yardstick"), rounds=3)
    assert asked == ["ours", "yardstick", "yardstick", "ours", "ours", "yardstick"]
    assert (ours, yardstick) == ([1.0, 4.0, 5.0], [2.0, 3.0, 6.0])
