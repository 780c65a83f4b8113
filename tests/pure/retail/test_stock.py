from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillway.retail import Held, StockLevel, available

amounts = st.decimals(min_value=0, max_value=10_000, places=3)


def held(free: str, **more: str) -> Held:
    return Held(free=Decimal(free), **{name: Decimal(value) for name, value in more.items()})


@pytest.mark.parametrize(
    ("parts", "left"),
    [
        (held("10"), "10"),
        (held("10", promised="3"), "7"),
        (held("10", promised="3", unseen="2"), "5"),
        (held("10", promised="3", unseen="2", offline="1", safety="2"), "2"),
        (held("2", promised="3"), "0"),
        (held("-4"), "0"),
        (held("1.250", unseen="0.5"), "0.750"),
    ],
)
def test_what_is_left_is_what_nobody_else_counts_on(parts: Held, left: str) -> None:
    assert available(parts) == Decimal(left)


@given(free=amounts, promised=amounts, unseen=amounts, offline=amounts, safety=amounts)
def test_never_more_is_left_than_is_free_and_never_less_than_nothing(
    free: Decimal, promised: Decimal, unseen: Decimal, offline: Decimal, safety: Decimal
) -> None:
    parts = Held(free=free, promised=promised, unseen=unseen, offline=offline, safety=safety)
    assert 0 <= available(parts) <= free
    assert available(parts) in (0, free - promised - unseen - offline - safety)


def test_what_is_set_aside_is_not_free() -> None:
    level = StockLevel(warehouse="1", sku="TEE-CREW-S", quantity=Decimal(14), reserved=Decimal(2))
    assert level.free == Decimal(12)
