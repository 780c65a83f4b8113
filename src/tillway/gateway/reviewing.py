"""Part of the fourth stage: was the review of whoever asks done in time. One look-up; worked out once a day."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from tillway.contracts import Operation
from tillway.errors import Forbidden
from tillway.identity import STANDINGS, Overdue, Principal, overdue, today_of
from tillway.landscape import Landscape

HEADER: Final = b"x-review-overdue"
"""Tells whoever asks: a token and a parameter of RFC 9651, e.g. `warn;due="2026-06-30"`."""

# What selling cannot do without is never slowed or stopped.
_ALWAYS: Final = "critical"
_PLACE: Final = "gateway.reviewing"


class ReviewOverdue(Forbidden):
    """The consumer's rights were not looked at again for too long."""

    code, title = "review-overdue", "The consumer's review is long overdue"


class _Day(msgspec.Struct, frozen=True):
    """Whose review is overdue, until the next midnight."""

    until: datetime
    found: dict[str, Overdue]


def of(who: Principal, landscape: Landscape, now: datetime) -> Overdue | None:
    """The overdue review of whoever asks, or of whoever acts for them; the one that weighs most."""
    day: _Day | None = landscape.derived.get(_PLACE)
    if day is None or now >= day.until:
        day = landscape.derived[_PLACE] = _day(landscape, now)
    if not day.found:
        return None
    having = [each for name in {who.id, who.holder, who.actor or who.id} if (each := day.found.get(name)) is not None]
    return max(having, key=lambda each: STANDINGS.index(each.standing), default=None)


def judge(review: Overdue, operation: Operation) -> bool:
    """Whether this request is slowed. ReviewOverdue when it is refused; never what is critical, or a fact."""
    if operation.criticality == _ALWAYS or operation.fact:
        return False
    if review.standing == "suspend":
        detail = f"the rights of {review.consumer} were to be looked at again by {review.due}"
        raise ReviewOverdue(detail, remedy="have its owner review it and set the next date in the landscape")
    return review.standing == "throttle"


def told(review: Overdue) -> tuple[bytes, bytes]:
    """The header of an answer to whoever is overdue."""
    return HEADER, f'{review.standing};due="{review.due}"'.encode()


def _day(landscape: Landscape, now: datetime) -> _Day:
    today = today_of(landscape, now)
    midnight = datetime(today.year, today.month, today.day, tzinfo=ZoneInfo(landscape.organisation.timezone))
    return _Day(midnight + timedelta(days=1), overdue(landscape, today))
