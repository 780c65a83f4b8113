from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillway.subscriptions.judging import (
    RETRY_AFTER_MAX,
    SCHEDULE,
    Delivered,
    Hold,
    Off,
    Park,
    Verdict,
    judge,
    parse_retry_after,
)

NOW = datetime(2026, 11, 23, 10, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Delivered()),
        (202, Delivered()),
        (204, Delivered()),
        (301, Park()),
        (304, Park()),
        (308, Park()),
        (400, Park()),
        (401, Park()),
        (404, Park()),
        (408, Hold()),
        (409, Park()),
        (410, Off()),
        (422, Park()),
        (429, Hold()),
        (500, Hold()),
        (501, Hold()),
        (503, Hold()),
        (599, Hold()),
    ],
)
def test_the_status_decides(status: int, verdict: Verdict) -> None:
    assert judge(status) == verdict


def test_what_a_busy_receiver_asks_for_is_kept() -> None:
    assert judge(429, 17.0) == Hold(17.0)
    assert judge(503, 17.0) == Hold(17.0)
    assert judge(200, 17.0) == Delivered()


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0.0),
        (" 120 ", 120.0),
        ("9" * 5_000, RETRY_AFTER_MAX),
        ("999999", RETRY_AFTER_MAX),
        ("-5", None),
        ("1.5", None),
        ("\u00b2", None),
        ("soon", None),
        ("Mon, 23 Nov 2026 10:16:00 GMT", 60.0),
        ("Mon, 23 Nov 2026 10:00:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", RETRY_AFTER_MAX),
        ("Mon, 23 Nov 2026 10:16:00 -0000", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert parse_retry_after(header, NOW) == seconds


@given(st.text(max_size=60))
def test_no_header_breaks_the_reading(header: str) -> None:
    seconds = parse_retry_after(header, NOW)

    assert seconds is None or 0 <= seconds <= RETRY_AFTER_MAX


def test_the_schedule_is_that_of_standard_webhooks() -> None:
    assert [wait.total_seconds() for wait in SCHEDULE] == [
        5,
        300,
        1800,
        7200,
        18000,
        36000,
        50400,
        72000,
        86400,
    ]
