"""What many pages refer to is read once for those that come within seconds of each other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from tillway.connectors.odoo.lately import KEPT_MOST, Lately
from tillway.retail import Call, Criticality

CALL = Call(
    criticality=Criticality.LOW,
    deadline=datetime.now(UTC) + timedelta(minutes=5),
    correlation="pages",
    reference="pages",
    company="1",
)


class There:
    """The other side: numbers and their squares, by company; what was asked of it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, list[int]]] = []

    async def read(self, call: Call, wanted: Iterable[int]) -> dict[int, int]:
        self.asked.append((call.company, sorted(wanted)))
        return {each: each * each for each in sorted(wanted)}


async def test_what_was_just_read_is_not_asked_for_again() -> None:
    there = There()
    lately = Lately(there.read)
    assert await lately.of(CALL, {1, 2}) == {1: 1, 2: 4}
    assert (await lately.of(CALL, [2]))[2] == 4
    assert there.asked == [("1", [1, 2])]


async def test_another_record_is_read_together_with_those_of_before_for_their_order_counts() -> None:
    there = There()
    lately = Lately(there.read)
    await lately.of(CALL, {7})
    assert list(await lately.of(CALL, {3})) == [3, 7]
    assert there.asked == [("1", [7]), ("1", [3, 7])]


async def test_companies_see_their_own() -> None:
    there = There()
    lately = Lately(there.read)
    await lately.of(CALL, {1})
    await lately.of(msgspec.structs.replace(CALL, company="2"), {1})
    assert there.asked == [("1", [1]), ("2", [1])]


async def test_what_is_forgotten_is_read_anew() -> None:
    there = There()
    lately = Lately(there.read)
    await lately.of(CALL, {1})
    lately.forget()
    await lately.of(CALL, {1})
    assert len(there.asked) == 2


async def test_too_many_are_read_by_themselves() -> None:
    there = There()
    lately = Lately(there.read)
    await lately.of(CALL, range(KEPT_MOST))
    assert set(await lately.of(CALL, [KEPT_MOST, KEPT_MOST + 1])) == {KEPT_MOST, KEPT_MOST + 1}
    assert there.asked[1] == ("1", [KEPT_MOST, KEPT_MOST + 1])
