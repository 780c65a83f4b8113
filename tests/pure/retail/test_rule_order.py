from __future__ import annotations

from decimal import Decimal

import pytest
from tests.pure.retail.samples import NOON, price_list, product, rule

from tillway.retail import PriceList, applying, touched


def test_the_rules_of_a_product_are_those_that_may_ever_price_it() -> None:
    rules = price_list(
        rule(1),
        rule(2, scope="variant", target="175", ends_at=NOON),
        rule(3, scope="variant", target="176"),
        rule(4, scope="category", target="7", min_quantity="100"),
        rule(5, scope="template", target="92", understood=False),
    )
    assert [each.id for each in applying(product(), rules)] == ["2", "5", "4", "1"]


BEFORE = price_list(
    rule(1, kind="percentage", percent="10"),
    rule(2, scope="variant", target="176"),
    rule(3, scope="category", target="7"),
)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (BEFORE, False),
        (price_list(*BEFORE.rules[::-1]), False),  # the order of a list says nothing
        (price_list(*BEFORE.rules, rule(4, scope="variant", target="177")), False),
        (price_list(*BEFORE.rules[:1], BEFORE.rules[2]), False),  # another variant's rule went
        (price_list(*BEFORE.rules, rule(4)), True),
        (price_list(*BEFORE.rules, rule(4, scope="category", target="3")), True),
        (price_list(*BEFORE.rules[1:]), True),  # a rule for all went
        (price_list(rule(1, kind="percentage", percent="11"), *BEFORE.rules[1:]), True),
        (price_list(rule(1, kind="percentage", percent="10.0"), *BEFORE.rules[1:]), False),  # the same number
        (price_list(rule(1, kind="percentage", percent="10", ends_at=NOON), *BEFORE.rules[1:]), True),
        (price_list(*BEFORE.rules, currency="EUR"), True),
        (PriceList(id="1", name="New name", currency="USD", rules=BEFORE.rules), False),
    ],
)
def test_a_change_of_rules_touches_the_products_they_are_for(after: PriceList, expected: bool) -> None:
    assert touched(BEFORE, after, product()) is expected
    assert touched(after, BEFORE, product()) is expected


def test_a_list_not_known_before_touches_every_product() -> None:
    assert touched(None, price_list(), product()) is True


def test_thousands_of_rules_are_asked_in_the_right_order() -> None:
    rules = price_list(
        *(rule(n, scope="variant", target=str(n % 500), min_quantity=str(n // 500)) for n in range(1, 5000))
    )
    found = applying(product(variant="175"), rules)
    assert [each.min_quantity for each in found] == [Decimal(each) for each in range(9, -1, -1)]
