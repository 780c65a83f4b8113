from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pure.retail.samples import NOON, VAT_15, VAT_20_INCLUDED, price_list, product, rule

from tillway.errors import Invalid
from tillway.retail import Order, OrderDefaults, OrderLine, OrderRequest, OrderRequestLine, PriceList, parse, place
from tillway.retail.tax import Rounding

SHIRT = product()
CAP = product(sku="CAP", price="12", taxes=(VAT_20_INCLUDED,), variant="200")
GONE = product(sku="OLD", active=False)
PRODUCTS = {each.sku: each for each in (SHIRT, CAP, GONE)}
SHOP = OrderDefaults(consumer="web", shop="online", customer="57")
TEN_PERCENT = price_list(rule(1, kind="percentage", percent="10"))


def line(sku: str = "SHIRT-S", quantity: str = "1", **amounts: str) -> dict[str, str]:
    return {"sku": sku, "quantity": quantity, **amounts}


def placed(
    *lines: dict[str, str], rules: PriceList | None = None, head: dict[str, Any] | None = None, **given_: Any
) -> Order:
    request = parse({"lines": list(lines), **(head or {})}, OrderRequest)
    return place(
        request,
        **{"order_id": "o-1", "products": PRODUCTS, "price_list": rules, "defaults": SHOP, "at": NOON, **given_},
    )


def refusal(*lines: dict[str, str], **given_: Any) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refused:
        placed(*lines, **given_)
    return [(found.pointer, found.rule) for found in refused.value.violations]


def test_lines_with_sku_and_quantity_are_enough() -> None:
    assert placed(line(quantity="2"), line("CAP")) == Order(
        id="o-1",
        consumer="web",
        shop="online",
        customer="57",
        price_list="list",
        currency="USD",
        placed_at=NOON,
        lines=(
            OrderLine(
                number=1,
                sku="SHIRT-S",
                quantity=Decimal(2),
                unit_price=Decimal(20),
                net=Decimal(40),
                tax=Decimal(6),
                gross=Decimal(46),
            ),
            OrderLine(
                number=2,
                sku="CAP",
                quantity=Decimal(1),
                unit_price=Decimal(12),
                net=Decimal(10),
                tax=Decimal(2),
                gross=Decimal(12),
            ),
        ),
        net=Decimal(50),
        tax=Decimal(8),
        gross=Decimal(58),
        status="placed",
    )


def test_what_the_request_says_goes_before_the_defaults() -> None:
    head = {"reference": "WEB-1", "customer": "9", "shop": "berlin", "price_list": "1", "currency": "USD"}
    order = placed(line(), rules=TEN_PERCENT, head=head)
    assert (order.reference, order.customer, order.shop, order.price_list) == ("WEB-1", "9", "berlin", "1")
    assert (order.lines[0].unit_price, order.gross) == (Decimal(18), Decimal("20.70"))  # 18 x 1.15


def test_a_consumer_without_customer_places_orders_without() -> None:
    assert placed(line(), defaults=OrderDefaults(consumer="web", shop="online")).customer is None


def test_the_list_price_may_be_named_as_a_list() -> None:
    assert placed(line(), head={"price_list": "list"}).price_list == "list"


def test_one_sku_may_stand_on_two_lines() -> None:
    order = placed(line(quantity="1"), line(quantity="2"))
    assert [(each.number, each.sku, each.quantity) for each in order.lines] == [
        (1, "SHIRT-S", Decimal(1)),
        (2, "SHIRT-S", Decimal(2)),
    ]


# 3 x 3.333 = 9.999, 15 % = 1.49985: a line of 10.00 + 1.50 = 11.50
FINE = product(sku="FINE", price="3.333")


@pytest.mark.parametrize("unit_price", ["3.333", "3.33", "3.3330"])
def test_a_given_price_may_be_exact_or_as_it_is_shown(unit_price: str) -> None:
    order = placed(
        line("FINE", "3", unit_price=unit_price, gross="11.50"), products={"FINE": FINE}, head={"total": "11.5"}
    )
    assert (order.lines[0].unit_price, order.gross) == (Decimal("3.333"), Decimal("11.50"))


@pytest.mark.parametrize("unit_price", ["3.34", "3.3", "3", "3.3331", "-3.333", "0"])
def test_another_price_is_refused(unit_price: str) -> None:
    assert refusal(line("FINE", "3", unit_price=unit_price), products={"FINE": FINE}) == [
        ("/lines/0/unit_price", "price-matches")
    ]


def test_the_refusal_says_the_price_and_the_totals() -> None:
    with pytest.raises(Invalid) as refused:
        placed(line(unit_price="19", gross="22"), head={"total": "22"})
    assert [found.detail for found in refused.value.violations] == [
        "the price of one is 20.00",
        "the line comes to 23.00",
        "the order comes to 23.00",
    ]


@pytest.mark.parametrize(
    ("lines", "given_", "expected"),
    [
        ([line("NONE")], {}, [("/lines/0/sku", "sku-known")]),
        ([line("shirt-s")], {}, [("/lines/0/sku", "sku-known")]),  # case counts
        ([line(), line("OLD")], {}, [("/lines/1/sku", "sku-active")]),
        ([line(quantity="0")], {}, [("/lines/0/quantity", "quantity-positive")]),
        ([line(quantity="-1")], {}, [("/lines/0/quantity", "quantity-positive")]),
        ([line(quantity="0.000")], {}, [("/lines/0/quantity", "quantity-positive")]),
        ([line(gross="22.99")], {}, [("/lines/0/gross", "line-adds-up")]),
        ([line()], {"head": {"total": "20.00"}}, [("/total", "total-adds-up")]),
        ([line()], {"head": {"price_list": "2"}}, [("/price_list", "price-list-known")]),
        ([line()], {"head": {"price_list": "2"}, "rules": TEN_PERCENT}, [("/price_list", "price-list-known")]),
        ([line()], {"head": {"price_list": "list"}, "rules": TEN_PERCENT}, [("/price_list", "price-list-known")]),
        ([line()], {"head": {"currency": "EUR"}}, [("/currency", "currency")]),
        ([line()], {"rules": price_list(rule(1, understood=False))}, [("/lines/0/sku", "priced")]),
        ([line()], {"rules": price_list(currency="EUR")}, [("/lines/0/sku", "priced")]),
        (
            [line(), line("EURO")],
            {"products": {"SHIRT-S": SHIRT, "EURO": product(sku="EURO", currency="EUR")}},
            [("/lines/1/sku", "currency")],
        ),
        (
            [line("DEAR", "2")],
            {"products": {"DEAR": product(sku="DEAR", price="99999999999999")}},
            [("/lines/0/quantity", "worth")],
        ),
    ],
)
def test_what_is_wrong_is_pointed_at(
    lines: list[dict[str, str]], given_: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert refusal(*lines, **given_) == expected


def test_everything_wrong_is_told_at_once() -> None:
    assert refusal(
        line("NONE", "0"),
        line("OLD", unit_price="1"),
        line(unit_price="19", gross="21"),
        line(quantity="-5", unit_price="19"),
        head={"currency": "EUR", "price_list": "9", "total": "1"},
    ) == [
        ("/lines/0/sku", "sku-known"),
        ("/lines/0/quantity", "quantity-positive"),
        ("/lines/1/sku", "sku-active"),
        ("/lines/3/quantity", "quantity-positive"),
        ("/price_list", "price-list-known"),
        ("/currency", "currency"),
        ("/lines/2/unit_price", "price-matches"),
        ("/lines/2/gross", "line-adds-up"),
    ]


def test_a_request_made_by_hand_with_no_or_too_many_lines_is_refused() -> None:
    one = OrderRequestLine(sku="CAP", quantity=Decimal(1))
    for count in (0, 501):
        with pytest.raises(Invalid) as refused:
            place(
                OrderRequest(lines=(one,) * count),
                order_id="o-1",
                products=PRODUCTS,
                price_list=None,
                defaults=SHOP,
                at=NOON,
            )
        assert [found.pointer for found in refused.value.violations] == ["/lines"]


def test_a_line_may_be_checked_as_rounded_alone_or_in_the_document() -> None:
    # 21.53 with 21 % inside, twice: the document moves a cent of tax into the net of the first line, not its gross
    tax = VAT_15.__class__(id="2", name="7%", rate=Decimal(7), included=False)
    of = product(sku="PEN", price="0.49", taxes=(tax,))  # 0.0343 tax: alone 0.03; three lines 0.1029 -> 0.10
    lines = [line("PEN", gross=amount) for amount in ("0.52", "0.53", "0.52")]
    order = placed(lines[0], lines[0], lines[0], products={"PEN": of})
    assert [str(each.gross) for each in order.lines] == ["0.53", "0.52", "0.52"]
    assert str(order.gross) == "1.57"  # 1.47 + 0.10
    assert refusal(lines[1], lines[1], lines[0], products={"PEN": of}) == [("/lines/1/gross", "line-adds-up")]


amounts = st.decimals(Decimal("0.01"), Decimal(1000), places=2)


@given(
    st.lists(
        st.tuples(
            amounts,
            st.decimals(Decimal("0.001"), Decimal(50), places=3),
            st.sampled_from([(), (VAT_15,), (VAT_20_INCLUDED,)]),
        ),
        min_size=1,
        max_size=8,
    ),
    st.decimals(Decimal(0), Decimal(90), places=2),
    st.sampled_from(["line", "total"]),
)
def test_an_order_adds_up_and_can_be_placed_again_with_its_own_figures(
    found: list[tuple[Decimal, Decimal, tuple[Any, ...]]], discount: Decimal, rounding: Rounding
) -> None:
    products = {f"P{n}": product(sku=f"P{n}", price=str(each), taxes=taxes) for n, (each, _, taxes) in enumerate(found)}
    rules = price_list(rule(1, kind="percentage", percent=discount))
    lines = [line(f"P{n}", str(quantity)) for n, (_, quantity, _) in enumerate(found)]
    order = placed(*lines, rules=rules, products=products, rounding=rounding)
    assert [each.net + each.tax for each in order.lines] == [each.gross for each in order.lines]
    assert order.net + order.tax == order.gross == sum(each.gross for each in order.lines)
    assert order.net == sum(each.net for each in order.lines)
    again = [
        {**each, "unit_price": str(kept.unit_price), "gross": str(kept.gross)}
        for each, kept in zip(lines, order.lines, strict=True)
    ]
    head = {"total": str(order.gross), "currency": "USD", "price_list": "1"}
    assert placed(*again, rules=rules, products=products, rounding=rounding, head=head) == order
