"""The codes on goods: GTIN and SKU."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pure.retail.samples import gtins, product, skus

from tillway.retail import check_digit, parse_gtin, parse_sku


@pytest.mark.parametrize(
    ("body", "digit"),
    [
        ("400638133393", "1"),  # 3*(3+3+3+8+6+0) + (9+3+1+3+0+4) = 69 + 20 = 89 -> 1
        ("03600029145", "2"),  # 3*(5+1+2+0+6+0) + (4+9+0+0+3) = 42 + 16 = 58 -> 2
        ("9638507", "4"),  # 3*(7+5+3+9) + (0+8+6) = 72 + 14 = 86 -> 4
        ("1061414100041", "5"),  # 3*(1+0+0+4+4+6+1) + (4+0+1+1+1+0) = 48 + 7 = 55 -> 5
        ("0000000", "0"),
    ],
)
def test_the_check_digit_by_hand(body: str, digit: str) -> None:
    assert check_digit(body) == digit
    assert parse_gtin(body + digit) == body + digit


@pytest.mark.parametrize(
    "text", ["", "4006381333931 ", "400638133393", "40063813339310", "4006381333932", "٤٠٠٦٣٨١٣", "9638507²"]
)
def test_what_is_no_gtin_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="GTIN"):
        parse_gtin(text)


@pytest.mark.parametrize("body", ["", "123", "12345678", "963850x"])
def test_a_body_of_another_length_has_no_check_digit(body: str) -> None:
    with pytest.raises(ValueError, match="8, 12, 13 or 14 digits"):
        check_digit(body)


@given(gtins, st.data())
def test_every_single_wrong_digit_is_found(gtin: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(gtin) - 1))
    wrong = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != gtin[place]]))
    with pytest.raises(ValueError, match="check digit"):
        parse_gtin(gtin[:place] + wrong + gtin[place + 1 :])


@given(gtins, st.data())
def test_a_swap_of_neighbours_is_found_unless_they_are_equal_or_differ_by_five(gtin: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(gtin) - 2))
    one, other = gtin[place], gtin[place + 1]
    swapped = gtin[:place] + other + one + gtin[place + 2 :]
    # One of the two weighs three times the other, so the sum moves by 2 x their difference.
    if (int(one) - int(other)) % 5 == 0:
        assert parse_gtin(swapped) == swapped
    else:
        with pytest.raises(ValueError, match="check digit"):
            parse_gtin(swapped)


def test_a_product_with_a_wrong_gtin_or_sku_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="check digit of this GTIN would be 1, not 2"):
        product(gtin="4006381333932")
    with pytest.raises(ValueError, match="no space at its ends"):
        product(sku=" SHIRT")
    assert product(gtin="4006381333931").gtin == "4006381333931"


@pytest.mark.parametrize("text", ["A", "SHIRT S/red", "Größe-38", "x" * 64, "0"])
def test_a_sku_is_kept_as_it_is(text: str) -> None:
    assert parse_sku(text) == text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "1 to 64"),
        ("x" * 65, "1 to 64"),
        (" A", "no space"),
        ("A ", "no space"),
        ("A\n", "no space"),
        ("A\u00a0", "no space"),
        ("A\x00B", "no control"),
        ("A\tB", "no control"),
        ("A\u200bB", "no control or invisible"),
        ("A\u202eB", "no control or invisible"),
        ("A\u2028B", "no control"),
        ("A\ud800B", "no control"),
    ],
)
def test_what_is_no_sku_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_sku(text)


@given(skus)
def test_any_visible_text_is_a_sku(text: str) -> None:
    assert parse_sku(text) == text
