from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pure.retail.samples import NOON, price_list, product, rule

from tillway.retail import LIST_PRICE, Price, PriceList, PriceRule, Product, price
from tillway.retail.limits import PRICE_DECIMALS


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def priced(
    rules: PriceList | None, of: Product | None = None, *, quantity: str = "1", moment: datetime = NOON, **given_: Any
) -> Price:
    return price(of or product(), rules, quantity=Decimal(quantity), at=moment, **given_)


def amount(rules: PriceList | None, of: Product | None = None, **given_: Any) -> str:
    return str(priced(rules, of, **given_).amount)


def test_without_a_list_the_list_price_holds() -> None:
    assert priced(None, product(price="20")) == Price(
        sku="SHIRT-S", price_list=LIST_PRICE, amount=Decimal("20.00"), currency="USD", source="list"
    )
    assert str(priced(None, product(price="20")).amount) == "20.00"


def test_without_a_rule_that_fits_the_list_price_holds_under_the_lists_name() -> None:
    assert priced(price_list(rule(scope="variant", target="176"))) == Price(
        sku="SHIRT-S", price_list="1", amount=Decimal("20.00"), currency="USD", source="list"
    )


# The rules of a price list that Odoo 19 really had, and what its `get_contextual_price` really answered.
PROMOTION = rule(
    3, scope="variant", target="175", fixed="12", starts_at=at("2026-11-01"), ends_at=at("2026-11-30T23:59:59")
)
BULK = rule(2, scope="template", target="92", fixed="15", min_quantity="10")
TEN_PERCENT = rule(1, kind="percentage", percent="10", fixed="0")
OBSERVED = price_list(PROMOTION, BULK, TEN_PERCENT)
BLUE = product(sku="SHIRT-BLUE", price="25", variant="176")  # 20 and a surcharge of 5


@pytest.mark.parametrize(
    ("of", "quantity", "moment", "expected", "by"),
    [
        (product(), "1", "2026-11-23", "12.00", "3"),
        (product(), "12", "2026-11-23", "12.00", "3"),  # the variant's rule before the template's
        (product(), "1", "2026-12-15", "18.00", "1"),  # the promotion is over: 20 - 10 %
        (product(), "12", "2026-12-15", "15.00", "2"),
        (BLUE, "1", "2026-11-23", "22.50", "1"),  # 25 - 10 %
        (BLUE, "12", "2026-11-23", "15.00", "2"),
    ],
)
def test_what_odoo_answered(of: Product, quantity: str, moment: str, expected: str, by: str) -> None:
    found = priced(OBSERVED, of, quantity=quantity, moment=at(moment))
    assert (str(found.amount), found.rule, found.source) == (expected, by, "rule")


@pytest.mark.parametrize(
    ("given_", "base", "expected"),
    [
        # percentage: only the percentage counts, and nothing is rounded
        ({"kind": "percentage", "percent": "33"}, "19.99", "13.3933"),  # 19.99 x 0.67
        ({"kind": "percentage", "percent": "33.33"}, "19.99", "13.327333"),  # 19.99 x 0.6667
        ({"kind": "percentage", "percent": "33.333333"}, "0.01", "0.006667"),  # 0.00666666667, six decimals kept
        ({"kind": "percentage", "percent": "-50"}, "10", "15.00"),  # a mark-up
        ({"kind": "percentage", "percent": "100"}, "10", "0.00"),
        ({"kind": "percentage", "percent": None}, "10", "10.00"),
        ({"kind": "percentage", "percent": "10", "surcharge": "5", "rounding": "1"}, "10", "9.00"),
        # formula: discount, then rounding, then surcharge, then margins over the base
        ({"kind": "formula"}, "20", "20.00"),
        ({"kind": "formula", "percent": "10"}, "20", "18.00"),
        ({"kind": "formula", "percent": "10", "rounding": "5"}, "20", "20.00"),  # 18 / 5 = 3.6 -> 4 x 5
        ({"kind": "formula", "rounding": "10", "surcharge": "-0.01"}, "24", "19.99"),  # 24 -> 20 - 0.01
        ({"kind": "formula", "rounding": "10", "surcharge": "-0.01"}, "25", "29.99"),  # a half goes up
        ({"kind": "formula", "rounding": "0.05"}, "1.025", "1.05"),  # 20.5 steps -> 21
        ({"kind": "formula", "rounding": "0"}, "1.025", "1.025"),  # no step, no rounding
        ({"kind": "formula", "percent": "50", "surcharge": "1"}, "20", "11.00"),
        ({"kind": "formula", "percent": "50", "min_margin": "-5"}, "20", "15.00"),  # at least 20 - 5
        ({"kind": "formula", "percent": "50", "min_margin": "0"}, "20", "10.00"),  # zero is no margin
        ({"kind": "formula", "surcharge": "10", "max_margin": "5"}, "20", "25.00"),  # at most 20 + 5
        ({"kind": "formula", "surcharge": "10", "max_margin": "0"}, "20", "30.00"),
        ({"kind": "formula", "min_margin": "5", "max_margin": "2"}, "20", "22.00"),  # the upper one has the last word
        ({"kind": "formula", "percent": "0", "surcharge": "-30"}, "20", "-10.00"),  # Odoo does not stop at nothing
        ({"kind": "fixed", "fixed": "7.5"}, "20", "7.50"),
        ({"kind": "fixed", "fixed": "0"}, "20", "0.00"),
        ({"kind": "fixed", "fixed": "7.5", "percent": "50", "surcharge": "3"}, "20", "7.50"),
    ],
)
def test_a_formula_by_hand(given_: dict[str, Any], base: str, expected: str) -> None:
    assert amount(price_list(rule(**{"fixed": None, **given_})), product(price=base)) == expected


def test_a_price_has_at_least_the_decimals_of_its_currency() -> None:
    assert amount(None, product(price="1000", currency="JPY")) == "1000"
    assert amount(None, product(price="0.5", currency="KWD")) == "0.500"
    assert amount(None, product(price="1E+3")) == "1000.00"
    assert amount(None, product(price="1.234500")) == "1.2345"


@pytest.mark.parametrize(
    ("rules", "by"),
    [
        ([rule(9), rule(1, scope="variant", target="175")], "1"),
        ([rule(9, scope="template", target="92"), rule(1, scope="variant", target="175")], "1"),
        ([rule(9, scope="category", target="7"), rule(1, scope="template", target="92")], "1"),
        ([rule(9), rule(1, scope="category", target="3")], "1"),
        ([rule(1, scope="category", target="3"), rule(9, scope="category", target="7")], "9"),
        ([rule(9, scope="category", target="3"), rule(1, scope="category", target="7")], "1"),  # the nearer one
        ([rule(1, scope="category", target="3/7/"), rule(9, scope="category", target="3/")], "1"),
        ([rule(9, scope="category", target="7"), rule(1, scope="category", target="3", min_quantity="2")], "1"),
        ([rule(9), rule(1, min_quantity="2")], "1"),  # the larger quantity
        ([rule(9, min_quantity="1"), rule(1, min_quantity="2"), rule(5, min_quantity="6")], "1"),
        ([rule(9), rule(10)], "10"),  # newer by number, not by text
        ([rule("b"), rule("a")], "b"),
        ([rule("z"), rule(1)], "1"),
        ([rule(1, scope="category"), rule(2, scope="template"), rule(3, scope="variant")], None),  # for nothing
        ([rule(1, scope="category", target="33"), rule(2, scope="category", target="9/7/70")], None),
        ([rule(1, scope="variant", target="92"), rule(2, scope="template", target="175")], None),
        ([rule(1, min_quantity="5.000001")], None),
        ([rule(1, min_quantity="5")], "1"),
    ],
)
def test_which_rule_wins(rules: list[PriceRule], by: str | None) -> None:
    for order in (rules, rules[::-1]):
        assert priced(price_list(*order), quantity="5").rule == by


def test_a_product_outside_categories_takes_no_category_rule() -> None:
    rules = price_list(rule(1, scope="category", target="7"))
    assert [priced(rules, product(category=path)).rule for path in (None, "7", "3/7", "3/7/", "7/3", "77")] == [
        None,
        "1",
        "1",
        "1",
        "1",
        None,
    ]


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-30T23:59:58.999999", "20.00"),
        ("2026-11-30T23:59:59", "1.00"),  # the first second belongs to the rule
        ("2026-12-01T10:00:00", "1.00"),  # and so does the last
        ("2026-12-01T10:00:00.999999", "1.00"),  # all of it: Odoo counts whole seconds
        ("2026-12-01T10:00:01", "20.00"),
    ],
)
def test_both_ends_of_a_promotion_belong_to_it(moment: str, expected: str) -> None:
    rules = price_list(rule(1, starts_at=at("2026-11-30T23:59:59"), ends_at=at("2026-12-01T10:00:00")))
    assert amount(rules, moment=at(moment)) == expected


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        priced(None, moment=datetime(2026, 1, 1))  # noqa: DTZ001 - the mistake under test


NIGHT = at("2026-12-01T00:00:00")


@pytest.mark.parametrize(
    ("rules", "until"),
    [
        ([], None),
        ([rule(1)], None),
        ([rule(1, ends_at=NIGHT)], NIGHT + timedelta(seconds=1)),
        ([rule(1, ends_at=NIGHT + timedelta(milliseconds=5))], NIGHT + timedelta(seconds=1)),
        ([rule(1, starts_at=NIGHT)], NIGHT),
        ([rule(1, starts_at=NIGHT - timedelta(milliseconds=5))], NIGHT),
        ([rule(2, starts_at=NIGHT), rule(1, ends_at=NIGHT - timedelta(days=1))], NIGHT - timedelta(days=1, seconds=-1)),
        ([rule(1, starts_at=NIGHT), rule(2)], None),  # the older one will not be asked
        ([rule(1, starts_at=NIGHT, min_quantity="2")], None),  # not for this quantity
        ([rule(1, starts_at=NIGHT, scope="variant", target="9")], None),  # not for this product
        ([rule(1, ends_at=NOON - timedelta(days=1))], None),  # past
        ([rule(1, ends_at=datetime.max.replace(tzinfo=UTC))], None),  # "for ever"
        ([rule(1, ends_at=NIGHT, understood=False)], NIGHT + timedelta(seconds=1)),
    ],
)
def test_a_price_says_when_it_may_change(rules: list[PriceRule], until: datetime | None) -> None:
    assert priced(price_list(*rules)).valid_until == until


def _unknown(rules: PriceList, **given_: Any) -> tuple[Any, ...]:
    found = priced(rules, **given_)
    return found.amount, found.source, found.rule


@pytest.mark.parametrize(
    "given_",
    [
        {"understood": False},
        {"kind": "fixed", "fixed": None},
        {"kind": "percentage", "base": "cost"},
        {"kind": "formula", "base": "cost"},
        {"kind": "percentage", "base": "other-list", "base_list": "2"},  # not at hand
        {"kind": "formula", "base": "other-list"},  # names none
    ],
)
def test_a_rule_that_cannot_be_evaluated_makes_no_price(given_: dict[str, Any]) -> None:
    assert _unknown(price_list(rule(**given_))) == (None, "not-understood", "1")


def test_a_rule_not_understood_does_no_harm_where_another_comes_first() -> None:
    assert amount(price_list(rule(1, understood=False), rule(2, fixed="5"))) == "5.00"


def test_two_currencies_make_no_price_but_a_fixed_one_is_in_the_lists() -> None:
    euro = price_list(currency="EUR")
    assert _unknown(euro) == (None, "not-understood", None)
    assert _unknown(price_list(rule(kind="percentage", percent="5"), currency="EUR")) == (None, "not-understood", "1")
    found = priced(price_list(rule(fixed="9"), currency="EUR"))
    assert (found.amount, found.currency) == (Decimal(9), "EUR")


def _other(**given_: Any) -> PriceRule:
    return rule(**{"kind": "percentage", "percent": "10", "base": "other-list", "base_list": "2", **given_})


def test_a_rule_may_start_from_another_list() -> None:
    wholesale = price_list(rule(7, fixed="10", min_quantity="5", ends_at=NIGHT), number="2")
    others = {"2": wholesale}
    first = price_list(_other())
    assert amount(first, others=others) == "18.00"  # its list price, 20 - 10 %
    assert amount(first, quantity="5", others=others) == "9.00"  # 10 - 10 %
    found = priced(first, quantity="5", others=others)
    assert (found.rule, found.source, found.valid_until) == ("1", "rule", NIGHT + timedelta(seconds=1))


def test_a_formula_over_another_list_keeps_its_margins_against_that_price() -> None:
    others = {"2": price_list(rule(7, fixed="10"), number="2")}
    rules = price_list(_other(kind="formula", percent="50", min_margin="-2"))
    assert amount(rules, others=others) == "8.00"  # at least 10 - 2


def test_lists_that_start_from_one_another_have_no_price() -> None:
    one = price_list(_other())
    two = price_list(_other(base_list="1"), number="2")
    assert _unknown(one, others={"1": one, "2": two}) == (None, "not-understood", "1")
    assert _unknown(one, others={"1": one, "2": one}) == (None, "not-understood", "1")


def test_another_list_in_another_currency_makes_no_price() -> None:
    others = {"2": price_list(rule(7, fixed="10"), number="2", currency="EUR")}
    assert _unknown(price_list(_other()), others=others) == (None, "not-understood", "1")


def test_a_price_beyond_all_bounds_is_none() -> None:
    assert _unknown(price_list(rule(kind="percentage", percent="-900")), of=product(price="90000000000000")) == (
        None,
        "not-understood",
        "1",
    )


moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 10), timezones=st.just(UTC))  # noqa: DTZ001 - zone added
whole_seconds = moments.map(lambda moment: moment.replace(microsecond=0))
small = st.decimals(Decimal(0), Decimal(100), places=2)
rules_of_a_list = st.lists(
    st.builds(
        lambda scope_and_target, **given_: PriceRule(
            scope=scope_and_target[0], target=scope_and_target[1], percent=given_["fixed"], **given_
        ),
        scope_and_target=st.sampled_from(
            [
                ("all", None),
                ("category", "3"),
                ("category", "3/7/"),
                ("template", "92"),
                ("variant", "175"),
                ("variant", "1"),
            ]
        ),
        id=st.integers(1, 99).map(str),
        kind=st.sampled_from(["fixed", "percentage", "formula"]),
        fixed=small,
        min_quantity=st.sampled_from([Decimal(0), Decimal(1), Decimal(5)]),
        starts_at=st.none() | moments,
        ends_at=st.none() | moments,
    ),
    max_size=8,
    unique_by=lambda each: each.id,
).map(lambda rules: price_list(*rules))


@given(rules_of_a_list, st.sampled_from(["1", "3", "5"]), moments, st.randoms())
def test_the_order_in_which_rules_are_listed_does_not_matter(
    rules: PriceList, quantity: str, moment: datetime, random: Any
) -> None:
    shuffled = list(rules.rules)
    random.shuffle(shuffled)
    assert priced(price_list(*shuffled), quantity=quantity, moment=moment) == priced(
        rules, quantity=quantity, moment=moment
    )


@given(rules_of_a_list, st.sampled_from(["1", "3", "5"]), moments, st.floats(0, 1, exclude_max=True))
def test_a_price_holds_until_it_says(rules: PriceList, quantity: str, moment: datetime, share: float) -> None:
    now = priced(rules, quantity=quantity, moment=moment)
    end = now.valid_until or datetime(2026, 2, 1, tzinfo=UTC)
    assert end > moment
    later = min(moment + (end - moment) * share, end - timedelta(microseconds=1))
    assert priced(rules, quantity=quantity, moment=later) == now


@given(rules_of_a_list, st.sampled_from(["1", "3", "5"]), moments)
def test_the_rule_that_wins_is_the_first_by_odoos_order_among_those_that_fit(
    rules: PriceList, quantity: str, moment: datetime
) -> None:
    """The same order written as one sort over all rules, as the database does it."""
    ranks = {"variant": 0, "template": 1, "category": 2, "all": 3}
    targets = {None, "3", "3/7/", "92", "175"}
    second = moment.replace(microsecond=0)
    fitting = [
        each
        for each in rules.rules
        if each.target in targets
        and each.min_quantity <= Decimal(quantity)
        and (each.starts_at is None or each.starts_at <= second)
        and (each.ends_at is None or each.ends_at >= second)
    ]
    fitting.sort(key=lambda each: (ranks[each.scope], -each.min_quantity, each.target != "3/7/", -int(each.id)))
    assert priced(rules, quantity=quantity, moment=moment).rule == (fitting[0].id if fitting else None)


@given(
    small,
    st.decimals(Decimal(-100), Decimal(100), places=2),
    st.decimals(Decimal(0), Decimal(100), places=2),
    st.sampled_from(["percentage", "formula"]),
    st.sampled_from(["0", "0.05", "1", "10"]),
    st.sampled_from([None, "-3", "3"]),
    st.sampled_from([None, "3"]),
)
def test_a_larger_discount_never_makes_a_higher_price(  # noqa: PLR0917 - one argument for each part of the formula
    base: Decimal, percent: Decimal, more: Decimal, kind: str, step: str, least: str | None, most: str | None
) -> None:
    def at_discount(discount: Decimal) -> Decimal:
        rules = price_list(
            rule(kind=kind, percent=discount, rounding=step, min_margin=least, max_margin=most, surcharge="0.5")
        )
        found = priced(rules, product(price=str(base))).amount
        assert found is not None
        return found

    assert at_discount(percent + more) <= at_discount(percent)


@given(st.decimals(Decimal(0), Decimal(10**9), places=2), st.decimals(Decimal(0), Decimal(100), places=2))
def test_a_percentage_of_a_price_with_two_decimals_is_exact(base: Decimal, percent: Decimal) -> None:
    found = priced(price_list(rule(kind="percentage", percent=percent)), product(price=str(base))).amount
    assert PRICE_DECIMALS == 6
    assert found == base * (100 - percent) / 100
