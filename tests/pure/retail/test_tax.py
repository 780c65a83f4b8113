from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillway.retail import DEFAULT_ROUNDING, Tax, Taxed, document, minor_units, rounded, split
from tillway.retail.tax import Rounding


def tax(rate: str, *, included: bool = False, number: str = "") -> Tax:
    return Tax(id=number or f"{rate}{included}", name=f"{rate}%", rate=Decimal(rate), included=included)


ON_TOP_15, ON_TOP_23 = tax("15"), tax("23")
IN_20, IN_21 = tax("20", included=True), tax("21", included=True)
TWO_OF_TEN = (tax("10", included=True, number="a"), tax("10", included=True, number="b"))


def texts(*amounts: Decimal) -> tuple[str, ...]:
    return tuple(str(amount) for amount in amounts)


@pytest.mark.parametrize(
    ("amount", "taxes", "currency", "expected"),
    [
        ("100", (), "USD", ("100.00", "0", "100.00")),
        ("40", (ON_TOP_15,), "USD", ("40.00", "6.00", "46.00")),  # 40 x 0.15
        ("120", (IN_20,), "USD", ("100.00", "20.00", "120.00")),  # 120 x 20 / 120
        ("19.99", (IN_20,), "EUR", ("16.66", "3.33", "19.99")),  # 19.99 x 20 / 120 = 3.33166...
        ("21.53", (IN_21,), "EUR", ("17.79", "3.74", "21.53")),  # 21.53 x 21 / 121 = 3.73661...
        ("100", TWO_OF_TEN, "EUR", ("83.34", "16.66", "100.00")),  # 100 x 10 / 120 = 8.33 twice, the net is the rest
        ("10.01", (tax("5"), tax("7.5")), "CAD", ("10.01", "1.25", "11.26")),  # 0.5005 -> 0.50, 0.75075 -> 0.75
        ("0.10", (tax("5"), tax("5", number="b")), "CAD", ("0.10", "0.02", "0.12")),  # 0.005 -> 0.01, each by itself
        ("110", (tax("10", included=True), tax("20")), "EUR", ("100.00", "30.00", "130.00")),  # 20 % of what is left
        ("110", (tax("20"), tax("10", included=True)), "EUR", ("100.00", "30.00", "130.00")),  # in any order
        ("1080", (tax("8", included=True),), "JPY", ("1000", "80", "1080")),
        ("999", (tax("8", included=True),), "JPY", ("925", "74", "999")),  # 999 x 8 / 108 = 74.0
        ("1.2345", (tax("5"),), "KWD", ("1.235", "0.062", "1.297")),  # rounded to 1.235 first, then 0.06175
        ("-40", (ON_TOP_15,), "USD", ("-40.00", "-6.00", "-46.00")),  # a refund mirrors the sale
        ("-19.99", (IN_20,), "EUR", ("-16.66", "-3.33", "-19.99")),
        ("1.01", (tax("100", included=True),), "EUR", ("0.50", "0.51", "1.01")),  # 0.505 -> 0.51, the net is the rest
        ("0.05", (tax("0"),), "EUR", ("0.05", "0.00", "0.05")),
        ("50", (tax("-100", included=True),), "EUR", ("50.00", "0.00", "50.00")),  # nothing to divide by
    ],
)
def test_a_line_by_hand(amount: str, taxes: tuple[Tax, ...], currency: str, expected: tuple[str, str, str]) -> None:
    assert texts(*split(Decimal(amount), taxes, currency)) == expected


def test_tax_is_summed_over_the_document_before_it_is_rounded_unless_said_otherwise() -> None:
    assert DEFAULT_ROUNDING == "total"


@pytest.mark.parametrize(
    ("rounding", "amounts", "taxes", "total", "lines"),
    [
        # 12.12 x 12.12 = 146.8944, tax 33.785712; twice: 293.7888 -> 293.79, 67.571424 -> 67.57;
        # by line 146.89 x 0.23 = 33.7847
        (
            "total",
            ["146.8944"] * 2,
            (ON_TOP_23,),
            "293.79 67.57 361.36",
            ["146.90 33.78 180.68", "146.89 33.79 180.68"],
        ),
        ("line", ["146.8944"] * 2, (ON_TOP_23,), "293.78 67.56 361.34", ["146.89 33.78 180.67"] * 2),
        # 21.53 x 21 / 121 = 3.736611; twice: 7.473223 -> 7.47, net 43.06 - 7.47
        ("total", ["21.53"] * 2, (IN_21,), "35.59 7.47 43.06", ["17.80 3.73 21.53", "17.79 3.74 21.53"]),
        ("line", ["21.53"] * 2, (IN_21,), "35.58 7.48 43.06", ["17.79 3.74 21.53"] * 2),
        # 100 x 10 / 120 = 8.333 for each tax: 16.66, and the gross stays what the customer saw
        ("total", ["100"], TWO_OF_TEN, "83.34 16.66 100.00", ["83.34 16.66 100.00"]),
        # 0.03 x 15 % = 0.0045 -> nothing a line; ten of them 0.045 -> 0.05 (a true half, away from zero)
        ("total", ["0.03"] * 10, (ON_TOP_15,), "0.30 0.05 0.35", ["0.03 0.01 0.04"] * 5 + ["0.03 0.00 0.03"] * 5),
        ("line", ["0.03"] * 10, (ON_TOP_15,), "0.30 0.00 0.30", ["0.03 0.00 0.03"] * 10),
        # three thirds of half a cent are half a cent: 0.01 x 20 / 120 x 3 = 0.005 -> 0.01
        ("total", ["0.01"] * 3, (IN_20,), "0.02 0.01 0.03", ["0.00 0.01 0.01", "0.01 0.00 0.01", "0.01 0.00 0.01"]),
        # nothing is taxed: the gross is rounded, 0.335 -> 0.34 and not 3 x 0.11 = 0.33
        (
            "total",
            ["0.115", "0.11", "0.11"],
            (),
            "0.34 0.00 0.34",
            ["0.12 0.00 0.12", "0.11 0.00 0.11", "0.11 0.00 0.11"],
        ),
        ("total", ["10.4"] * 2, (tax("5"),), "21 1 22", None),
    ],
)
def test_a_document_by_hand(
    rounding: Rounding, amounts: list[str], taxes: tuple[Tax, ...], total: str, lines: list[str] | None
) -> None:
    currency = "JPY" if lines is None else "EUR"
    sums = document([Taxed(Decimal(amount), taxes) for amount in amounts], currency, rounding=rounding)
    assert tuple(sums.total) == tuple(Decimal(amount) for amount in total.split())
    if lines is not None:
        assert [tuple(line) for line in sums.lines] == [
            tuple(Decimal(amount) for amount in line.split()) for line in lines
        ]


def test_a_line_without_tax_gets_none_of_the_cents_of_others() -> None:
    zero = Taxed(Decimal(900), (tax("0"),))
    sums = document(
        [Taxed(Decimal(500), ()), zero, *[Taxed(Decimal("0.05"), (ON_TOP_23,))] * 4], "EUR", rounding="total"
    )
    # 4 x 0.0115 = 0.046 -> 0.05; rounded alone they have 0.04, one more cent is due
    assert [str(line.tax) for line in sums.lines] == ["0", "0.00", "0.02", "0.01", "0.01", "0.01"]
    assert str(sums.total.tax) == "0.05"


def test_an_empty_document_comes_to_nothing() -> None:
    assert document([], "EUR").total == (0, 0, 0)
    assert document([], "EUR", rounding="line").total == (0, 0, 0)


currencies = st.sampled_from(["JPY", "USD", "KWD", "CLF"])
amounts = st.decimals(Decimal(-(10**9)), Decimal(10**9), places=9)
rates = st.decimals(Decimal(0), Decimal(200), places=4)
taxes_of_a_line = st.lists(st.tuples(rates, st.booleans()), max_size=4).map(
    lambda found: tuple(
        Tax(id=str(number), name="", rate=rate, included=included) for number, (rate, included) in enumerate(found)
    )
)


@given(amounts, taxes_of_a_line, currencies)
def test_net_and_tax_are_the_gross_in_payable_amounts(amount: Decimal, taxes: tuple[Tax, ...], currency: str) -> None:
    part = split(amount, taxes, currency)
    assert part.net + part.tax == part.gross
    assert [rounded(each, currency) for each in part] == list(part)


@given(amounts, taxes_of_a_line, currencies)
def test_a_refund_mirrors_the_sale(amount: Decimal, taxes: tuple[Tax, ...], currency: str) -> None:
    part = split(amount, taxes, currency)
    assert tuple(split(-amount, taxes, currency)) == (-part.net, -part.tax, -part.gross)


@given(amounts, st.lists(rates, max_size=4), currencies)
def test_included_taxes_leave_the_gross_and_excluded_ones_the_net(
    amount: Decimal, found: list[Decimal], currency: str
) -> None:
    held = tuple(Tax(id=str(number), name="", rate=rate, included=True) for number, rate in enumerate(found))
    on_top = tuple(Tax(id=str(number), name="", rate=rate, included=False) for number, rate in enumerate(found))
    assert split(amount, held, currency).gross == rounded(amount, currency)
    assert split(amount, on_top, currency).net == rounded(amount, currency)


@given(
    st.lists(st.tuples(amounts, taxes_of_a_line), min_size=1, max_size=12),
    currencies,
    st.sampled_from(["line", "total"]),
)
def test_lines_add_up_to_the_document(
    found: list[tuple[Decimal, tuple[Tax, ...]]], currency: str, rounding: Rounding
) -> None:
    sums = document([Taxed(*line) for line in found], currency, rounding=rounding)
    assert all(part.net + part.tax == part.gross for part in (sums.total, *sums.lines))
    assert tuple(sum(amounts_) for amounts_ in zip(*sums.lines, strict=True)) == tuple(sums.total)
    assert [rounded(each, currency) for part in sums.lines for each in part] == [
        each for part in sums.lines for each in part
    ]
    assert [line.tax for line, (_, taxes) in zip(sums.lines, found, strict=True) if not taxes and line.tax] == []


@given(st.lists(st.tuples(amounts, taxes_of_a_line), min_size=1, max_size=12), currencies)
def test_the_two_ways_of_rounding_differ_by_less_than_a_unit_for_every_rounding_done(
    found: list[tuple[Decimal, tuple[Tax, ...]]], currency: str
) -> None:
    lines = [Taxed(*line) for line in found]
    unit = Decimal(1).scaleb(-minor_units(currency))
    roundings = sum(1 + len(line.taxes) for line in lines) + 1
    by_line, by_total = (document(lines, currency, rounding=way).total for way in ("line", "total"))
    # Rounding a line's base before its taxes moves each tax by at most its rate (here twice the base) of half a unit.
    assert abs(by_line.gross - by_total.gross) <= unit * roundings * 5


@given(amounts, taxes_of_a_line, currencies)
def test_a_document_of_one_payable_line_is_that_line(amount: Decimal, taxes: tuple[Tax, ...], currency: str) -> None:
    payable = rounded(amount, currency)
    one_tax = taxes[:1]
    by_line, by_total = (document([Taxed(payable, one_tax)], currency, rounding=way).total for way in ("line", "total"))
    assert by_line == by_total
