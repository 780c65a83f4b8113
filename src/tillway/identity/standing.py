"""How a consumer stands whose rights were to be looked at again: what an overdue review takes away. Pure.

Selling is never stopped by it: what is critical and what already happened goes through, and a till is only warned.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from tillway.landscape import Consumer, Landscape, Reviews

Standing = Literal["ok", "warn", "throttle", "suspend"]

# From the mildest to the hardest.
STANDINGS: Final[tuple[Standing, ...]] = ("ok", "warn", "throttle", "suspend")


class Overdue(msgspec.Struct, frozen=True):
    """A review that was not done in time: whose, how they stand for it, and the day it was due."""

    consumer: str
    standing: Standing
    due: date


def standing(consumer: Consumer, reviews: Reviews, today: date) -> Standing:
    """How a consumer stands on a day. On the day of the review itself nothing is overdue yet."""
    days = (today - consumer.review).days
    reached: Standing = "ok"
    for stage, after in (
        ("warn", reviews.warn_after_days),
        ("throttle", reviews.throttle_after_days),
        ("suspend", reviews.suspend_after_days),
    ):
        if days > after:
            reached = _harder(reached, stage)  # type: ignore[arg-type]  # stages are standings
    return "warn" if consumer.kind == "device" and reached != "ok" else reached


def overdue(landscape: Landscape, today: date) -> dict[str, Overdue]:
    """Every consumer whose review is overdue on a day, by id."""
    found: dict[str, Overdue] = {}
    for consumer in landscape.consumers.values():
        stands = standing(consumer, landscape.governance.reviews, today)
        if stands != "ok":
            found[consumer.id] = Overdue(consumer.id, stands, consumer.review)
    return found


def today_of(landscape: Landscape, now: datetime) -> date:
    """The day that it is where the organisation keeps its books."""
    return now.astimezone(ZoneInfo(landscape.organisation.timezone)).date()


def _harder(one: Standing, other: Standing) -> Standing:
    return max(one, other, key=STANDINGS.index)
