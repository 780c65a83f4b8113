from __future__ import annotations

import base64
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillway.errors import Gone, Invalid
from tillway.journal.cursor import Cursor, decode, encode, resume

EPOCH, OTHER = UUID(int=7), UUID(int=8)
LAST = 2**63 - 1


@given(st.uuids(), st.integers(0, LAST))
def test_a_cursor_comes_back_as_it_went(epoch: UUID, position: int) -> None:
    text = encode(Cursor(epoch, position))
    assert decode(text) == Cursor(epoch, position)
    assert len(text) == 32
    assert text.isascii()
    assert not set(text) & set("+/=")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "not a cursor",
        "A" * 31,
        "A" * 33,
        "A" * 36,
        "é" * 32,
        "\ud800" * 32,
        "A" * 31 + "=",
        base64.urlsafe_b64encode(EPOCH.bytes + b"\xff" * 8).decode(),
    ],
)
def test_what_is_no_cursor_of_ours_is_invalid_and_says_where(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        decode(text, pointer="/query/after")
    assert [(each.pointer, each.rule) for each in caught.value.violations] == [("/query/after", "cursor")]


@given(st.text())
def test_any_text_is_a_cursor_or_invalid(text: str) -> None:
    try:
        found = decode(text)
    except Invalid:
        return
    assert decode(encode(found)) == found


@pytest.mark.parametrize(
    ("cursor", "oldest", "after"),
    [
        (None, 0, 0),
        (None, 1, 0),
        (None, 500, 499),
        (Cursor(EPOCH, 0), 0, 0),
        (Cursor(EPOCH, 0), 1, 0),
        (Cursor(EPOCH, 499), 500, 499),
        (Cursor(EPOCH, 700), 500, 700),
    ],
)
def test_reading_goes_on_after_the_cursor_or_from_the_oldest(cursor: Cursor | None, oldest: int, after: int) -> None:
    assert resume(cursor, epoch=EPOCH, oldest=oldest) == after


@pytest.mark.parametrize(
    ("cursor", "oldest"), [(Cursor(EPOCH, 498), 500), (Cursor(OTHER, 700), 500), (Cursor(OTHER, 0), 0)]
)
def test_a_cursor_whose_events_are_gone_is_gone_and_says_what_to_do(cursor: Cursor, oldest: int) -> None:
    with pytest.raises(Gone) as caught:
        resume(cursor, epoch=EPOCH, oldest=oldest)
    assert caught.value.remedy.startswith("read the current state")
