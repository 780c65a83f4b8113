"""One pattern inside of another, against the engine that checks values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillway.contracts.compatibility.patterns import length_of, pattern_inside
from tillway.contracts.compatibility.shapes import matches

INSIDE = [
    ("^a$", "a"),
    ("^[A-Z]{3}$", "^[A-Z]{2,4}$"),
    (r"^\d+$", "^[0-9]*$"),
    (r"^-?[0-9]{1,9}(\.[0-9]{1,6})?$", r"^-?[0-9]{1,14}(\.[0-9]{1,6})?$"),
    ("^(cash|card)$", "^ca"),
    ("^abc", "b"),
    ("^[!-~]+$", r"^[^\n]+$"),
    ("^(?:ab)+$", "^(a|b)+$"),
    ("^a|b$", "a|b"),
    ("^a+?$", "^a+$"),
]
OUTSIDE = [
    ("a", "^a$"),
    ("^[A-Z]{2,4}$", "^[A-Z]{3}$"),
    ("^[^a]$", "^[b-z]$"),
    ("^a|b$", "^(a|b)$"),
    (".", "^a"),
    ("^a*$", "^a+$"),
    # not regular, or too large to be looked at: not proven
    ("^(?=a)a$", "^a$"),
    (r"^(a)\1$", "^aa$"),
    ("^a{1,9000}$", "^a{1,9001}$"),
]


@pytest.mark.parametrize(("inner", "outer"), INSIDE)
def test_what_lies_inside_is_proven(inner, outer):
    assert pattern_inside(inner, outer)


@pytest.mark.parametrize(("inner", "outer"), OUTSIDE)
def test_what_does_not_or_cannot_be_said_is_not(inner, outer):
    assert not pattern_inside(inner, outer)


def test_lengths_are_read_off_a_pattern():
    assert [length_of(each) for each in ("^[A-Z]{3}$", "^a?b+$", "a", "^(a|bcd)$", "^(?=x)")] == [
        (3, 3),
        (1, None),
        (1, None),
        (1, 3),
        (0, None),
    ]


PIECES = st.sampled_from(
    ["a", "b", "[ab]", "[^a]", ".", r"\d", "(a|bc)", "(ab)?", "a{2}", "b{1,2}", "[0-5]+", "a*", "|", r"\w"]
)
PATTERNS = st.tuples(st.booleans(), st.lists(PIECES, min_size=1, max_size=4), st.booleans()).map(
    lambda each: ("^" if each[0] else "") + "".join(each[1]) + ("$" if each[2] else "")
)


@given(PATTERNS, PATTERNS, st.lists(st.text("abc05\n", max_size=5), min_size=8, max_size=8))
def test_no_text_matches_the_inner_pattern_and_not_the_outer(inner, outer, texts):
    if pattern_inside(inner, outer):
        assert [text for text in texts if matches(inner, text) and not matches(outer, text)] == []
