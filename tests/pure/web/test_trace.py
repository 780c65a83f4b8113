"""Correlation ids and W3C trace context."""

from __future__ import annotations

import pytest

from tillway.web import Trace, continued, correlation, parse_traceparent

GOOD = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
RANDOM = bytes(range(24))


def test_a_good_traceparent_is_understood():
    assert parse_traceparent(GOOD) == Trace("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", "01")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        GOOD.upper(),
        GOOD + "-more",
        GOOD[:-1],
        "ff" + GOOD[2:],
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        GOOD + "\n",
    ],
)
def test_a_broken_traceparent_counts_as_none(text):
    assert parse_traceparent(text) is None


def test_a_later_version_may_say_more():
    assert parse_traceparent("01" + GOOD[2:] + "-more") == parse_traceparent(GOOD)


def test_our_place_is_a_new_span_in_the_callers_trace():
    place = continued(GOOD, RANDOM)
    assert place.traceparent == "00-4bf92f3577b34da6a3ce929d0e0e4736-0001020304050607-01"


@pytest.mark.parametrize("given", [None, "nonsense"])
def test_without_a_good_caller_a_new_unsampled_trace_begins(given):
    place = continued(given, RANDOM)
    assert place.traceparent == "00-08090a0b0c0d0e0f1011121314151617-0001020304050607-00"
    assert parse_traceparent(place.traceparent) == place


@pytest.mark.parametrize("given", ["a", "order-17", "A.b:c_d-1", "x" * 64])
def test_a_usable_correlation_id_is_kept(given):
    assert correlation(given) == given


@pytest.mark.parametrize("given", [None, "", "-x", "x" * 65, "two words", "line\n", "ü", '"quoted"'])
def test_any_other_correlation_id_is_not(given):
    assert correlation(given) is None
