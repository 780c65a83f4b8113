from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pure.retail.samples import NOON, VAT_20_INCLUDED, price_list, product, rule

from tillway.journal import Event
from tillway.records import Cause
from tillway.records.deciding import decide_price_list, decide_products
from tillway.retail import DataClass, OwnField, PriceList, Product

CAUSE = Cause(correlation="refresh-1", causation="cause-1", traceparent="00-1-2-01")
SHIRT = product()
ALL_OFF = price_list(rule(1, kind="percentage", percent="10", fixed=None), number="sale")
BY_CATEGORY = price_list(rule(1, scope="category", target="7", fixed="15"), number="clothes")
BY_TEN = price_list(rule(1, scope="template", target="92", min_quantity="10", fixed="12"), number="ten")


def decide(old: Product | None, new: Product, *lists: PriceList, first: bool = False) -> list[tuple[str, Any]]:
    held = {} if old is None else {old.sku: old}
    decision = decide_products(held, [new], lists, at=NOON, cause=CAUSE, first=first)
    assert decision.save == (() if old == new else (new,))
    return [told(event) for event in decision.events]


def told(event: Event) -> tuple[str, Any]:
    return event.type, tuple(event.data["lists"]) if event.type == "price.changed" else event.data["change"]


def changed(**given: Any) -> Product:
    return msgspec.structs.replace(SHIRT, **given)


@pytest.mark.parametrize(
    ("old", "new", "lists", "events"),
    [
        (SHIRT, SHIRT, (ALL_OFF,), []),
        (SHIRT, changed(name="Blouse"), (ALL_OFF,), [("product.changed", "changed")]),
        (SHIRT, changed(attributes={"Colour": "Blue"}), (), [("product.changed", "changed")]),
        (SHIRT, changed(active=False), (ALL_OFF,), [("product.changed", "archived")]),
        (SHIRT, changed(active=False, list_price=Decimal(1)), (ALL_OFF,), [("product.changed", "archived")]),
        (changed(active=False), SHIRT, (), [("product.changed", "changed")]),
        (None, SHIRT, (ALL_OFF,), [("product.changed", "added")]),
        (SHIRT, changed(list_price=Decimal("21.00")), (), [("price.changed", ("list",))]),
        (SHIRT, changed(list_price=Decimal("20.000")), (ALL_OFF,), []),
        (SHIRT, changed(list_price=Decimal("21.00")), (ALL_OFF,), [("price.changed", ("list", "sale"))]),
        (SHIRT, changed(list_price=Decimal("21.00")), (BY_CATEGORY,), [("price.changed", ("list",))]),
        (SHIRT, changed(taxes=(VAT_20_INCLUDED,)), (BY_CATEGORY,), [("price.changed", ("list", "clothes"))]),
        (
            SHIRT,
            changed(category="3/8/"),
            (ALL_OFF, BY_CATEGORY),
            [("product.changed", "changed"), ("price.changed", ("clothes",))],
        ),
        (
            SHIRT,
            changed(template="93"),
            (BY_TEN,),
            [("product.changed", "changed"), ("price.changed", ("ten",))],
        ),
        (
            SHIRT,
            changed(name="Blouse", list_price=Decimal(9)),
            (ALL_OFF,),
            [("product.changed", "changed"), ("price.changed", ("list", "sale"))],
        ),
    ],
)
def test_what_a_change_of_a_product_tells(
    old: Product | None, new: Product, lists: tuple[PriceList, ...], events: list[Any]
) -> None:
    assert decide(old, new, *lists) == events


@pytest.mark.parametrize("old", [None, changed(name="Blouse"), changed(list_price=Decimal(1))])
def test_a_first_load_stores_and_tells_nothing(old: Product | None) -> None:
    assert decide(old, SHIRT, ALL_OFF, first=True) == []


def test_a_rule_to_come_is_touched_as_soon_as_it_is_for_another_product() -> None:
    tomorrow = price_list(
        rule(1, scope="category", target="7", fixed="5", starts_at=NOON + timedelta(days=1)), number="soon"
    )
    assert decide(SHIRT, changed(category="3/8/"), tomorrow)[1:] == [("price.changed", ("soon",))]


def test_the_price_event_names_each_list_and_what_one_costs_on_it_now() -> None:
    moved = changed(list_price=Decimal("30.00"))
    decision = decide_products({SHIRT.sku: SHIRT}, [moved], (ALL_OFF,), at=NOON, cause=CAUSE, first=False)
    (event,) = decision.events
    assert (event.type, event.subject, event.key, event.dataclass, event.time) == (
        "price.changed",
        "SHIRT-S",
        "SHIRT-S",
        "public",
        NOON,
    )
    assert (event.correlation, event.causation, event.traceparent) == ("refresh-1", "cause-1", "00-1-2-01")
    assert event.data == {
        "sku": "SHIRT-S",
        "lists": ["list", "sale"],
        "list_price": "30.00",
        "currency": "USD",
        "prices": [
            {"price_list": "list", "amount": "30.00", "currency": "USD", "source": "list", "valid_until": None},
            {"price_list": "sale", "amount": "27.00", "currency": "USD", "source": "rule", "valid_until": None},
        ],
    }


def test_a_product_event_tells_what_it_is_and_not_what_it_costs_or_is_called_over_there() -> None:
    decision = decide_products({}, [SHIRT], (), at=NOON, cause=CAUSE, first=False)
    (event,) = decision.events
    assert event.data["change"] == "added"
    assert event.data["name"] == "Shirt"
    assert {"template", "variant", "list_price"}.isdisjoint(event.data)


def test_a_code_that_its_variant_gave_up_is_archived() -> None:
    renamed = changed(sku="SHIRT-NEW")
    decision = decide_products({SHIRT.sku: SHIRT}, [renamed], (ALL_OFF,), at=NOON, cause=CAUSE, first=False)
    assert decision.save == (changed(active=False), renamed)
    assert [(event.subject, *told(event)) for event in decision.events] == [
        ("SHIRT-S", "product.changed", "archived"),
        ("SHIRT-NEW", "product.changed", "added"),
    ]


def test_codes_that_two_variants_exchanged_stay() -> None:
    other = changed(sku="SHIRT-M", variant="176")
    exchanged = [changed(variant="176"), msgspec.structs.replace(other, variant="175")]
    held = {SHIRT.sku: SHIRT, other.sku: other}
    decision = decide_products(held, exchanged, (), at=NOON, cause=CAUSE, first=False)
    assert decision.save == tuple(exchanged)


def test_of_a_code_that_comes_twice_the_last_one_counts() -> None:
    decision = decide_products({}, [SHIRT, changed(name="Blouse")], (), at=NOON, cause=CAUSE, first=False)
    assert [saved.name for saved in decision.save] == ["Blouse"]


@pytest.mark.parametrize(
    ("old", "new", "skus"),
    [
        (BY_CATEGORY, BY_CATEGORY, []),
        (None, price_list(number="new"), ["SHIRT-S", "MUG"]),
        (price_list(number="clothes"), BY_CATEGORY, ["SHIRT-S"]),
        (BY_CATEGORY, price_list(number="clothes"), ["SHIRT-S"]),
        (BY_CATEGORY, msgspec.structs.replace(BY_CATEGORY, name="Other name"), []),
        (BY_CATEGORY, msgspec.structs.replace(BY_CATEGORY, currency="EUR"), ["SHIRT-S", "MUG"]),
        (price_list(), ALL_OFF, ["SHIRT-S", "MUG"]),
    ],
)
def test_a_changed_list_tells_of_the_products_whose_rules_differ(
    old: PriceList | None, new: PriceList, skus: list[str]
) -> None:
    products = [SHIRT, product("MUG", category="4/", template="1", variant="2"), product("OLD", active=False)]
    events = decide_price_list(old, new, products, (), at=NOON, cause=CAUSE)
    assert [(event.subject, event.data["lists"]) for event in events] == [(sku, [new.id]) for sku in skus]


def test_lists_that_start_from_the_changed_one_are_touched_too_however_indirectly() -> None:
    def on(base: str, number: str) -> PriceList:
        starting = rule(1, kind="percentage", percent="50", fixed=None, base="other-list", base_list=base)
        return price_list(starting, number=number)

    lists = (on("half", "quarter"), on("base", "half"), price_list(number="apart"), on("quarter", "eighth"))
    base = price_list(rule(1, fixed="16"), number="base")
    (event,) = decide_price_list(price_list(number="base"), base, [SHIRT], lists, at=NOON, cause=CAUSE)
    assert [(told["price_list"], told["amount"]) for told in event.data["prices"]] == [
        ("base", "16.00"),
        ("half", "8.00"),
        ("quarter", "4.00"),
        ("eighth", "2.00"),
    ]


def test_lists_that_start_from_each_other_are_named_once() -> None:
    def on(base: str, number: str) -> PriceList:
        return price_list(rule(1, kind="percentage", base="other-list", base_list=base), number=number)

    (event,) = decide_price_list(None, on("b", "a"), [SHIRT], (on("a", "b"),), at=NOON, cause=CAUSE)
    assert (event.data["lists"], {told["source"] for told in event.data["prices"]}) == (["a", "b"], {"not-understood"})


variants = st.builds(
    lambda sku, variant, name, price, active: product(sku, price, variant=variant, name=name, active=active),
    st.sampled_from(["A", "B", "C"]),
    st.sampled_from(["1", "2", "3"]),
    st.sampled_from(["Shirt", "Blouse"]),
    st.sampled_from(["1.00", "2.00"]),
    st.booleans(),
)


@given(st.lists(variants, max_size=6), st.lists(variants, max_size=6))
def test_applying_a_page_twice_changes_nothing_the_second_time(old: list[Product], new: list[Product]) -> None:
    held = {each.sku: each for each in old}
    once = decide_products(held, new, (ALL_OFF,), at=NOON, cause=CAUSE, first=False)
    after = held | {saved.sku: saved for saved in once.save}
    assert {each.sku: after[each.sku] for each in new} == {each.sku: each for each in new}
    again = decide_products(after, new, (ALL_OFF,), at=NOON, cause=CAUSE, first=False)
    assert (again.save, again.events) == ((), ())


def test_own_fields_are_told_with_the_product_but_for_personal_ones() -> None:
    own = {
        name: OwnField(name=name, kind="text", data_class=data_class, about="One.")
        for name, data_class in (("origin", DataClass.CONFIDENTIAL), ("buyer", DataClass.PERSONAL))
    }
    changed_ones = changed(extensions={"origin": "Ghent", "buyer": "Ann", "undeclared": "x"})

    decision = decide_products({SHIRT.sku: SHIRT}, [changed_ones], (), at=NOON, cause=CAUSE, first=False, own=own)

    assert decision.save == (changed_ones,)
    assert [(each.data["extensions"], each.dataclass) for each in decision.events] == [
        ({"origin": "Ghent"}, "confidential")
    ]


def test_a_product_that_loses_its_own_fields_is_told_without() -> None:
    held = changed(extensions={"origin": "Ghent"})

    decision = decide_products({held.sku: held}, [SHIRT], (), at=NOON, cause=CAUSE, first=False)

    assert [(each.type, "extensions" in each.data, each.dataclass) for each in decision.events] == [
        ("product.changed", False, "public")
    ]
