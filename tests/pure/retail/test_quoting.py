from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pure.retail.samples import NOON, VAT_15, VAT_20_INCLUDED, price_list, product, rule

from tillway.errors import Invalid, Violation
from tillway.retail import PriceList, Totals, Wanted, document, price, quote, split
from tillway.retail.tax import Rounding, Taxed

TEN_PERCENT = price_list(rule(1, kind="percentage", percent="10"), rule(2, fixed="15", min_quantity="10"))
CAP = product(sku="CAP", price="12", taxes=(VAT_20_INCLUDED,), variant="200", template="100")


def asked(*lines: tuple[str, str]) -> list[Wanted]:
    known = {"SHIRT-S": product(), "CAP": CAP}
    return [Wanted(known[sku], Decimal(quantity)) for sku, quantity in lines]


def figures(totals: Totals) -> list[tuple[str, ...]]:
    rows = [(line.net, line.tax, line.gross) for line in totals.lines]
    return [tuple(str(amount) for amount in row) for row in (*rows, (totals.net, totals.tax, totals.gross))]


def test_lines_are_priced_and_summed() -> None:
    found = quote(asked(("SHIRT-S", "2"), ("CAP", "1.5")), None, at=NOON)
    assert figures(found) == [
        ("40.00", "6.00", "46.00"),  # 2 x 20, 15 % on top
        ("15.00", "3.00", "18.00"),  # 1.5 x 12 with 20 % inside: 18 x 20 / 120
        ("55.00", "9.00", "64.00"),
    ]
    assert [(line.number, line.price.amount, line.quantity) for line in found.lines] == [
        (1, Decimal(20), Decimal(2)),
        (2, Decimal(12), Decimal("1.5")),
    ]


def test_each_line_is_priced_at_its_own_quantity() -> None:
    found = quote(asked(("SHIRT-S", "6"), ("SHIRT-S", "6"), ("SHIRT-S", "12")), TEN_PERCENT, at=NOON)
    assert [(str(line.price.amount), line.price.rule) for line in found.lines] == [
        ("18.00", "1"),
        ("18.00", "1"),
        ("15.00", "2"),
    ]


def test_a_price_that_is_not_understood_leaves_the_sums_open() -> None:
    rules = price_list(rule(1, scope="variant", target="200", understood=False))
    found = quote(asked(("SHIRT-S", "1"), ("CAP", "1")), rules, at=NOON)
    assert figures(found) == [("None",) * 3] * 3
    assert [(line.price.source, line.price.amount) for line in found.lines] == [
        ("list", Decimal(20)),
        ("not-understood", None),
    ]


def refusal(lines: list[Wanted], rules: PriceList | None = None) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refused:
        quote(lines, rules, at=NOON)
    return [(found.pointer, found.rule) for found in refused.value.violations]


def test_no_lines_and_too_many_are_refused() -> None:
    assert refusal([]) == [("/lines", "line-count")]
    assert refusal(asked(("CAP", "1")) * 501) == [("/lines", "line-count")]
    assert len(quote(asked(("CAP", "1")) * 500, None, at=NOON).lines) == 500


def test_list_prices_in_two_currencies_are_refused() -> None:
    euro = Wanted(product(currency="EUR"), Decimal(1))
    assert refusal([*asked(("CAP", "1")), euro, euro]) == [("/lines/1/sku", "currency"), ("/lines/2/sku", "currency")]


def test_sums_that_cannot_be_kept_are_refused() -> None:
    dear = product(price="99999999999999")
    assert refusal([*asked(("CAP", "1")), Wanted(dear, Decimal(2))]) == [("/lines/1/quantity", "worth")]
    untaxed = product(price="60000000000000", taxes=())
    assert refusal([Wanted(untaxed, Decimal(1))] * 2) == [("/lines", "worth")]


def test_the_violation_says_what_is_wrong() -> None:
    with pytest.raises(Invalid) as refused:
        quote([*asked(("CAP", "1")), Wanted(product(currency="EUR"), Decimal(1))], None, at=NOON)
    assert refused.value.violations == (
        Violation(pointer="/lines/1/sku", detail="priced in EUR, the lines before in USD", rule="currency"),
    )


@given(
    st.lists(
        st.tuples(
            st.decimals(Decimal(0), Decimal(10_000), places=4),
            st.decimals(Decimal("0.001"), Decimal(100), places=3),
            st.sampled_from([(), (VAT_15,), (VAT_20_INCLUDED,), (VAT_15, VAT_20_INCLUDED)]),
        ),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from(["line", "total"]),
)
def test_a_quote_adds_up(found: list[tuple[Decimal, Decimal, tuple[object, ...]]], rounding: Rounding) -> None:
    lines = [Wanted(product(price=str(each), taxes=taxes), quantity) for each, quantity, taxes in found]
    totals = quote(lines, None, at=NOON, rounding=rounding)
    assert totals.net is not None
    assert totals.tax is not None
    assert totals.net + totals.tax == totals.gross
    assert sum(line.gross or 0 for line in totals.lines) == totals.gross
    assert [(line.net or 0) + (line.tax or 0) for line in totals.lines] == [line.gross for line in totals.lines]


@given(st.decimals(Decimal(0), Decimal(10_000), places=2), st.integers(1, 1000))
def test_one_line_comes_to_its_price_times_its_quantity(each: Decimal, quantity: int) -> None:
    of = product(price=str(each))
    unit = price(of, None, quantity=Decimal(quantity), at=NOON).amount
    assert unit == each
    totals = quote([Wanted(of, Decimal(quantity))], None, at=NOON)
    assert (totals.net, totals.tax, totals.gross) == split(each * quantity, of.taxes, "USD")
    assert document([Taxed(each * quantity, of.taxes)], "USD").total == split(each * quantity, of.taxes, "USD")
