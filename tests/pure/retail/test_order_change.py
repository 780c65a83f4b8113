"""Every order that there can be, and everything that may be asked of it."""

from __future__ import annotations

from itertools import product

import msgspec
import pytest
from tests.pure.processes.test_verdicts import line, order

from tillway.retail import Standing, allowed, numbered, refusal
from tillway.retail.order_change import KINDS, after

STANDINGS = [
    Standing(status, delivered, invoiced, returned, changing)
    for status, delivered, invoiced, returned, changing in product(
        ("placed", "accepted", "exception", "cancelled"), *([(False, True)] * 3), (None, *KINDS)
    )
]


def expected(standing: Standing) -> set[str]:
    """The rules once more, from what may rather than from what may not."""
    quiet = standing.changing is None and standing.status in {"placed", "accepted"}
    if not quiet or standing.invoiced:
        return set()
    return {"invoice"} | (set() if standing.delivered or standing.returned else {"amend", "cancel"})


def test_whatever_an_order_is_like_just_this_may_be_asked() -> None:
    assert len(STANDINGS) == 128
    assert [standing for standing in STANDINGS if set(allowed(standing)) != expected(standing)] == []


def test_what_was_done_cannot_be_done_again_and_a_cancelled_order_stays_cancelled() -> None:
    for standing in STANDINGS:
        for kind in allowed(standing):
            then = after(standing, kind)
            if kind == "cancel":
                assert allowed(then) == ()
            if kind == "invoice":
                assert refusal(then, "invoice") == "it is invoiced"


def test_what_is_not_allowed_is_never_done() -> None:
    for standing in STANDINGS:
        for kind in set(KINDS) - set(allowed(standing)):
            with pytest.raises(ValueError, match=r"\w"):
                after(standing, kind)


def test_lines_keep_their_numbers_and_none_is_used_twice() -> None:
    before = order(line(1, "A", "1"), line(2, "B", "1"), line(4, "A", "2"))
    amended = order(line(1, "C", "1"), line(2, "A", "5"), line(3, "A", "1"), line(4, "A", "9"))
    found = numbered(amended, before, 6)
    assert [(each.number, each.sku, str(each.quantity)) for each in found.lines] == [
        (1, "A", "5"),
        (4, "A", "1"),
        (7, "C", "1"),
        (8, "A", "9"),
    ]
    assert msgspec.structs.replace(found, lines=()) == msgspec.structs.replace(amended, lines=())
