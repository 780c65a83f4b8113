"""What changed about promotions: their content, and the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import msgspec

from tillway.records import Cause
from tillway.records.promotions import Decision, Known, decide
from tillway.retail import Promotion, in_force, offered

CAUSE = Cause(correlation="c")
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def promotion(number: str = "1", **given: Any) -> Promotion:
    return Promotion(**{"id": number, "name": "Ten off", "kind": "promotion", "currency": "EUR", **given})


def decided(old: list[Known], new: list[Promotion], *, at: datetime = NOON, first: bool = False) -> Decision:
    return decide(old, new, at=at, zone="Europe/Brussels", cause=CAUSE, first=first)


def told(decision: Decision) -> list[tuple[str, str, bool]]:
    return [(event.subject, event.data["change"], event.data["in_force"]) for event in decision.events]


def test_a_first_load_is_kept_and_tells_nothing() -> None:
    found = decided([], [promotion("1"), promotion("2")], first=True)
    assert ([place for place, _ in found.save], told(found)) == ([0, 1], [])


def test_what_is_the_same_is_neither_kept_nor_told() -> None:
    assert decided([Known(promotion(), True)], [promotion()]) == Decision((), (), ())


def test_what_appeared_differs_or_vanished_is_told() -> None:
    old = [Known(promotion("1"), True), Known(promotion("2"), True)]
    found = decided(old, [promotion("1", name="Eleven off"), promotion("3")])
    assert told(found) == [("1", "changed", True), ("3", "added", True), ("2", "removed", False)]
    assert found.drop == ("2",)


def test_a_promotion_begins_and_ends_where_the_retailer_is() -> None:
    dated = promotion(starts_on=date(2026, 11, 24), ends_on=date(2026, 11, 24))
    begins, ends = datetime(2026, 11, 23, 23, 0, tzinfo=UTC), datetime(2026, 11, 24, 23, 0, tzinfo=UTC)
    assert told(decided([Known(dated, False)], [dated], at=begins)) == [("1", "began", True)]
    assert told(decided([Known(dated, True)], [dated], at=ends)) == [("1", "ended", False)]
    assert [in_force(dated, at, "UTC") for at in (begins, ends)] == [False, True]


def test_another_place_in_the_order_is_kept_and_not_told() -> None:
    old = [Known(promotion("1"), True), Known(promotion("2"), True)]
    found = decided(old, [promotion("2"), promotion("1")])
    assert (len(found.save), told(found)) == (2, [])


def test_what_is_offered_is_in_force_and_on_the_channel() -> None:
    both, web = promotion("1", channels=("pos", "web")), promotion("2", channels=("web",))
    over = promotion("3", channels=("pos", "web"), ends_on=date(2026, 11, 22))
    given: dict[str, Any] = {"at": NOON, "zone": "UTC"}
    assert offered((both, web, over), channel="pos", **given) == (both,)
    assert offered((both, web, over), channel="web", **given) == (both, web)
    assert offered((over, web), channel=None, **given) == (web,)


def test_an_event_carries_the_whole_promotion() -> None:
    (event,) = decided([], [promotion()]).events
    assert msgspec.convert(event.data["promotion"], Promotion) == promotion()
