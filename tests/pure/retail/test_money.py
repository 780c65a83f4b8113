from __future__ import annotations

import operator
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pure.retail.samples import decimals

from tillway.retail import CURRENCIES, MINOR_UNITS, Money, Tender, minor_units, rounded
from tillway.retail.limits import UNIT_PRICE_BOUNDS


def euro(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="EUR")


@pytest.mark.parametrize(
    ("amount", "currency", "paid"),
    [
        ("1.005", "EUR", "1.01"),  # a half goes up
        ("-1.005", "EUR", "-1.01"),  # away from zero
        ("2.675", "USD", "2.68"),  # a float would say 2.67
        ("1.004999", "EUR", "1.00"),
        ("0.5", "JPY", "1"),
        ("1234.4999", "JPY", "1234"),
        ("1.0005", "KWD", "1.001"),
        ("1.00005", "CLF", "1.0001"),
        ("3", "EUR", "3.00"),
        ("1.005", "XXX", "1.01"),  # unknown: two decimals
    ],
)
def test_an_amount_is_rounded_half_away_from_zero_to_the_minor_unit(amount: str, currency: str, paid: str) -> None:
    assert str(rounded(Decimal(amount), currency)) == paid
    assert Money(amount=Decimal(amount), currency=currency).rounded().amount == Decimal(paid)


def test_currencies_without_two_decimals_are_currencies() -> None:
    assert set(MINOR_UNITS) - CURRENCIES == set()
    assert {minor_units(code) for code in CURRENCIES} == {0, 2, 3, 4}
    assert {code for code in CURRENCIES if len(code) != 3 or not code.isupper()} == set()


def test_amounts_of_one_currency_add_subtract_multiply_and_compare() -> None:
    assert euro("1.10") + euro("2.20") == euro("3.30")
    assert euro("1.10") - euro("2.20") == euro("-1.10")
    assert euro("1.10") * 3 == 3 * euro("1.10") == euro("3.30")
    assert euro("1.10") * Decimal("0.5") == euro("0.55")
    assert -euro("1.10") == euro("-1.10")
    assert (euro("1") < euro("2"), euro("1") <= euro("1.00"), euro("2") > euro("1"), euro("2") >= euro("3")) == (
        True,
        True,
        True,
        False,
    )


@pytest.mark.parametrize("operation", [operator.add, operator.sub, operator.lt, operator.le, operator.gt, operator.ge])
def test_two_currencies_cannot_be_put_together(operation: Callable[[Any, Any], Any]) -> None:
    with pytest.raises(ValueError, match="EUR and USD can't be put together"):
        operation(euro("1"), Money(amount=Decimal(1), currency="USD"))


def test_equal_amounts_of_two_currencies_are_not_equal() -> None:
    assert euro("1") != Money(amount=Decimal(1), currency="USD")


@given(decimals(UNIT_PRICE_BOUNDS), st.sampled_from(sorted(CURRENCIES)))
def test_rounding_moves_by_half_a_unit_at_most_and_only_once(amount: Decimal, currency: str) -> None:
    unit = Decimal(1).scaleb(-minor_units(currency))
    paid = rounded(amount, currency)
    assert abs(paid - amount) <= unit / 2
    assert rounded(paid, currency) == paid
    assert rounded(-amount, currency) == -paid


@pytest.mark.parametrize(
    ("given_", "kept"),
    [
        ("4111 1111 1111 1111", "411111******1111"),
        ("card 378282246310005, ok", "card 378282*****0005, ok"),
        ("4111111111111112", "4111111111111112"),  # fails Luhn: a terminal's reference
        ("TERM-7/000123", "TERM-7/000123"),
    ],
)
def test_a_tender_never_holds_a_whole_card_number(given_: str, kept: str) -> None:
    assert Tender(kind="card", amount=Decimal(1), reference=given_).reference == kept
    body = msgspec.json.encode({"kind": "card", "amount": "1", "reference": given_})
    assert msgspec.json.decode(body, type=Tender).reference == kept
