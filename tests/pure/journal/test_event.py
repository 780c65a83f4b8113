from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pure.journal.recorded import recorded

from tillway.journal import Event, Follower, cloudevent, long_type, short_type


def test_the_envelope_is_a_structured_cloudevent() -> None:
    event = recorded(7, "order-1", causation="cause-1", traceparent="00-1-2-01", personal_json='{"name":"Ada"}')
    envelope = {
        "specversion": "1.0",
        "id": str(event.id),
        "source": "/tillway",
        "type": "tillway.order.accepted.v1",
        "subject": "order-1",
        "time": "2026-11-23T12:00:00.000000Z",
        "datacontenttype": "application/json",
        "dataschema": "/catalog/events/order.accepted/v1/schema.json",
        "partitionkey": "order-1",
        "sequence": "7",
        "correlationid": "corr-1",
        "dataclass": "internal",
        "causationid": "cause-1",
        "traceparent": "00-1-2-01",
        "data": {"gross": "12.30"},
    }
    assert cloudevent(event) == envelope
    assert cloudevent(event, personal=True) == envelope | {"data": {"gross": "12.30", "name": "Ada"}}


def test_what_is_absent_is_left_out() -> None:
    assert {"causationid", "traceparent"}.isdisjoint(cloudevent(recorded(1)))


@given(st.from_regex(r"[a-z]+\.[a-z]+", fullmatch=True))
def test_both_spellings_of_a_type_mean_the_same(short: str) -> None:
    assert short_type(long_type(short)) == short_type(short) == short


def test_the_key_is_the_subject_unless_given() -> None:
    given_one = Event(type="t", subject="s", data={}, correlation="c")
    assert (given_one.key, Event(type="t", subject="s", data={}, correlation="c", partitionkey="k").key) == ("s", "k")


async def _nothing(*_: object) -> None:
    return None


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({}, "give exactly one of apply and deliver"),
        ({"apply": _nothing, "deliver": _nothing}, "give exactly one of apply and deliver"),
        ({"apply": _nothing, "lanes": 0}, "at least one lane"),
        ({"apply": _nothing, "hold": ()}, "at least one wait to hold for"),
    ],
)
def test_a_follower_that_makes_no_sense_is_refused(given: dict[str, object], problem: str) -> None:
    with pytest.raises(ValueError, match=f"follower f: {problem}"):
        Follower(name="f", types=None, owner="o", **given)
