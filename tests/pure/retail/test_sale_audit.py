from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.pure.retail.samples import sale, sale_line, words

from tillway.retail import Sale, SaleLine, Tender, audit_sale, document, parse, sale_id, split
from tillway.retail.tax import Rounding, Tax, Taxed


def found(of: Sale) -> list[tuple[str, str]]:
    return [(each.pointer, each.rule) for each in audit_sale(of)]


def in_line(**given_: Any) -> list[tuple[str, str]]:
    return found(sale(lines=(sale_line(**given_),)))


def d(text: str) -> Decimal:
    return Decimal(text)


def test_a_sale_that_adds_up_has_no_violations() -> None:
    assert audit_sale(sale()) == ()


def test_a_refund_mirrors_a_sale() -> None:
    line = sale_line(quantity=d("-2"), net=d("-40"), tax=d("-6"), gross=d("-46"))
    cash = Tender(kind="cash", amount=d("-46"))
    refund = sale(
        kind="refund", lines=(line,), tenders=(cash,), net=d("-40"), tax=d("-6"), gross=d("-46"), change=d("0")
    )
    assert audit_sale(refund) == ()
    assert found(sale(kind="refund")) == [("/kind", "kind-sign")]


def test_a_free_sale_needs_no_tender() -> None:
    line = sale_line(discount=d("100"), net=d("0"), tax=d("0"), gross=d("0"))
    free = {"net": d("0"), "tax": d("0"), "gross": d("0"), "change": d("0")}
    assert audit_sale(sale(lines=(line,), tenders=(), **free)) == ()


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ({"currency": "XXX"}, [("/currency", "currency-known")]),
        ({"id": sale_id("till-1", "a", 2)}, [("/id", "id-derived")]),
        ({"sequence": 2}, [("/id", "id-derived")]),
        ({"epoch": "b"}, [("/id", "id-derived")]),
        ({"gross": d("46.01")}, [("/gross", "total-adds-up"), ("/gross", "total-adds-up"), ("/tenders", "paid")]),
        ({"net": d("40.01"), "tax": d("5.99")}, [("/net", "total-adds-up"), ("/tax", "total-adds-up")]),
        ({"change": d("3.99")}, [("/tenders", "paid")]),
        ({"change": d("-4")}, [("/change", "change-range"), ("/tenders", "paid")]),
        ({"tenders": ()}, [("/tenders", "paid")]),
        (
            {"tenders": (Tender(kind="cash", amount=d("45.995")), Tender(kind="card", amount=d("4.005")))},
            [("/tenders/0/amount", "minor-unit"), ("/tenders/1/amount", "minor-unit")],
        ),
        (
            {"lines": (), "net": d("0"), "tax": d("0"), "gross": d("0"), "change": d("50")},
            [("/lines", "line-count")],
        ),
        (
            {"lines": (sale_line(), sale_line()), "net": d("80"), "tax": d("12"), "gross": d("92"), "change": d("-42")},
            [("/lines/1/number", "line-number-once"), ("/change", "change-range")],
        ),
    ],
)
def test_what_does_not_fit_in_a_sale_is_pointed_at(given_: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert found(sale(**given_)) == expected


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        ({"sku": "A\nB"}, [("/lines/0/sku", "sku-form")]),
        ({"gtin": "4006381333931"}, []),
        ({"gtin": "4006381333932"}, [("/lines/0/gtin", "gtin-form")]),
        ({"gtin": "hand-typed"}, [("/lines/0/gtin", "gtin-form")]),
        ({"unit_price": d("20.01")}, [("/lines/0/net", "line-worth")]),
        ({"quantity": d("1")}, [("/lines/0/net", "line-worth")]),
        ({"quantity": d("0")}, [("/lines/0/quantity", "quantity-given"), ("/lines/0/net", "line-worth")]),
        ({"discount": d("1")}, [("/lines/0/net", "line-worth")]),
        ({"discount": d("101")}, [("/lines/0/discount", "discount-range"), ("/lines/0/net", "line-worth")]),
        ({"tax_rate": d("10")}, [("/lines/0/tax", "tax-rate-applied")]),
        ({"tax_rate": d("-15")}, [("/lines/0/tax_rate", "tax-rate-range"), ("/lines/0/tax", "tax-rate-applied")]),
        ({"tax_rate": d("15.02")}, []),  # 40 x 15.02 % = 6.008 -> 6.01, a cent off
        ({"tax_rate": d("15.04")}, [("/lines/0/tax", "tax-rate-applied")]),  # 6.016 -> 6.02, two cents off
    ],
)
def test_what_does_not_fit_in_a_line_is_pointed_at(given_: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert in_line(**given_) == expected


@pytest.mark.parametrize(
    ("given_", "net", "tax", "gross"),
    [
        # 3 x 9.99 less 10 % = 26.973 -> 26.97, x 20 / 120 = 4.495 -> 4.50
        ({"unit_price": "9.99", "quantity": "3", "discount": "10", "tax_rate": "20"}, "22.47", "4.50", "26.97"),
        # 0.355 kg x 12.90 = 4.5795 -> 4.58, x 7 / 107 = 0.2996 -> 0.30
        ({"unit_price": "12.90", "quantity": "0.355", "tax_rate": "7"}, "4.28", "0.30", "4.58"),
        # a till that rounds the net down: a cent is borne
        ({"unit_price": "12.90", "quantity": "0.355", "tax_rate": "7"}, "4.27", "0.31", "4.58"),
        ({"unit_price": "-5", "quantity": "1", "tax_rate": "0"}, "-5", "0", "-5"),
    ],
)
def test_prices_with_tax_inside_are_audited_against_the_gross(
    given_: dict[str, str], net: str, tax: str, gross: str
) -> None:
    amounts = {"net": d(net), "tax": d(tax), "gross": d(gross)}
    line = sale_line(tax_included=True, **{key: d(value) for key, value in given_.items()}, **amounts)
    kind = "refund" if line.gross < 0 else "sale"
    paid = (Tender(kind="cash", amount=line.gross),)
    assert found(sale(lines=(line,), tenders=paid, change=d("0"), kind=kind, **amounts)) == []


def test_a_line_that_does_not_add_up_is_pointed_at() -> None:
    assert in_line(gross=d("46.01")) == [("/lines/0/gross", "line-adds-up")]


def test_amounts_finer_than_the_smallest_coin_are_pointed_at() -> None:
    line = sale_line(unit_price=d("1000.4"), quantity=d("1"), net=d("1000.4"), tax=d("150"), gross=d("1150.4"))
    amounts = {"net": d("1000.4"), "tax": d("150"), "gross": d("1150.4"), "change": d("0")}
    paid = (Tender(kind="cash", amount=d("1150.4")),)
    assert found(sale(currency="JPY", lines=(line,), tenders=paid, **amounts)) == [
        ("/lines/0/net", "line-worth"),
        ("/net", "minor-unit"),
        ("/gross", "minor-unit"),
        ("/lines/0/net", "minor-unit"),
        ("/lines/0/gross", "minor-unit"),
        ("/tenders/0/amount", "minor-unit"),
    ]


def test_a_till_may_round_the_document_as_a_whole() -> None:
    # two lines of 0.03 with 15 % on top: 0.0045 -> nothing each, 0.009 -> 0.01 together
    lines = tuple(
        sale_line(number, quantity=d("1"), unit_price=d("0.03"), net=d("0.03"), tax=d("0"), gross=d("0.03"))
        for number in (1, 2)
    )
    by_line = {"net": d("0.06"), "tax": d("0"), "gross": d("0.06"), "change": d("0")}
    by_total = {"net": d("0.06"), "tax": d("0.01"), "gross": d("0.07"), "change": d("0")}
    for amounts in (by_line, by_total):
        paid = (Tender(kind="cash", amount=amounts["gross"]),)
        assert found(sale(lines=lines, tenders=paid, **amounts)) == []
    wrong = {"net": d("0.06"), "tax": d("0.02"), "gross": d("0.08"), "change": d("0")}
    paid = (Tender(kind="cash", amount=d("0.08")),)
    assert found(sale(lines=lines, tenders=paid, **wrong)) == [("/tax", "total-adds-up"), ("/gross", "total-adds-up")]


def test_the_id_of_a_sale_is_the_same_wherever_it_is_made() -> None:
    assert sale_id("till-1", "a", 1) == sale_id("till-1", "a", 1)
    assert (
        len(
            {sale_id("till-1", "a", 1), sale_id("till-1", "a", 2), sale_id("till-1", "b", 1), sale_id("till-2", "a", 1)}
        )
        == 4
    )


def printed(number: int, price: Decimal, quantity: Decimal, discount: Decimal, tax: Tax) -> SaleLine:
    part = split(price * quantity * (100 - discount) / 100, (tax,), "EUR")
    return SaleLine(
        number=number,
        sku="A",
        quantity=quantity,
        unit_price=price,
        discount=discount,
        tax_rate=tax.rate,
        tax_included=tax.included,
        net=part.net,
        tax=part.tax,
        gross=part.gross,
    )


lines_of_a_till = st.lists(
    st.tuples(
        st.decimals(Decimal(0), Decimal(1000), places=2),
        st.decimals(Decimal("0.001"), Decimal(50), places=3),
        st.sampled_from([Decimal(0), Decimal(10), Decimal("33.333333")]),
        st.builds(
            lambda rate, included: Tax(
                id=f"{Decimal(rate)} {included}", name="", rate=Decimal(rate), included=included
            ),
            st.sampled_from(["0", "7", "19", "8.875"]),
            st.booleans(),
        ),
    ),
    min_size=1,
    max_size=8,
)


@given(lines_of_a_till, st.sampled_from(["line", "total"]))
def test_what_an_honest_till_prints_has_no_violations(
    found_: list[tuple[Decimal, Decimal, Decimal, Tax]], rounding: Rounding
) -> None:
    lines = tuple(printed(number, *line) for number, line in enumerate(found_, start=1))
    exact = [Taxed(price * quantity * (100 - discount) / 100, (tax,)) for price, quantity, discount, tax in found_]
    if rounding == "line":
        exact = [
            Taxed(line.gross if of[3].included else line.net, (of[3],)) for line, of in zip(lines, found_, strict=True)
        ]
    total = document(exact, "EUR", rounding=rounding).total
    honest = sale(
        currency="EUR",
        lines=lines,
        tenders=(Tender(kind="card", amount=total.gross),),
        net=total.net,
        tax=total.tax,
        gross=total.gross,
        change=Decimal(0),
    )
    assert audit_sale(honest) == ()


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(words(Sale))
def test_whatever_a_till_prints_can_be_audited(tree: Any) -> None:
    of = parse(tree, Sale)
    places = {each.pointer.split("/")[1] for each in audit_sale(of)}
    assert places <= set(Sale.__struct_fields__)
