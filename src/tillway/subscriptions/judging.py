"""What a receiver's answer means for the delivery, for its key and for the whole subscription. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

# Waits between attempts, Standard Webhooks 1.0; the last one repeats until the receiver answers or is off-boarded.
# The first attempt is made at once.
SCHEDULE: Final = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)

# A receiver may put us off for no longer (seconds): the longest wait of the schedule.
RETRY_AFTER_MAX: Final = SCHEDULE[-1].total_seconds()


@dataclass(frozen=True, slots=True)
class Delivered:
    """It was taken: never send it again."""


@dataclass(frozen=True, slots=True)
class Hold:
    """The receiver is not able now: everything for it waits. `retry_after` (seconds) is what it asked for."""

    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Park:
    """It does not take this very event: its key waits for a person, the others go on."""


@dataclass(frozen=True, slots=True)
class Off:
    """It wants nothing more, ever."""


Verdict = Delivered | Hold | Park | Off

_BUSY: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


def judge(status: int, retry_after: float | None = None) -> Verdict:
    """The verdict on a status code. A redirect is not followed: a moved receiver says so where it is declared."""
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Delivered()
    if status == HTTPStatus.GONE:
        return Off()
    if status in _BUSY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Hold(retry_after)
    return Park()


def parse_retry_after(header: str | None, now: datetime) -> float | None:
    """Seconds that a `Retry-After` header asks for (RFC 9110 10.2.3), at most RETRY_AFTER_MAX; None for no answer."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        # Longer numbers say no more, and reading them would cost.
        return RETRY_AFTER_MAX if len(text) > len(str(int(RETRY_AFTER_MAX))) else min(float(text), RETRY_AFTER_MAX)
    try:
        asked = parsedate_to_datetime(text)
    except ValueError:
        return None
    if asked.tzinfo is None:
        return None
    return min(max(0.0, (asked - now).total_seconds()), RETRY_AFTER_MAX)
