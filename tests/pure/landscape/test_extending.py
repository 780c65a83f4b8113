"""Own fields in the landscape: what is wrong is told with its line, the promises hold them, a change is judged."""

from __future__ import annotations

import pytest

from tillway import contracts
from tillway.contracts import checker
from tillway.landscape import InvalidLandscape, Landscape, build, compare_landscapes

BASE = """
organisation: {name: Larkfield, currency: EUR, timezone: Europe/Brussels}
connections: {main: {url: "https://erp.example.com", database: larkfield, key: {env: KEY}}}
apis: {products: {owner: it}}
consumers:
  shop: {owner: it, contact: it@example.com, purpose: sells, kind: machine, review: 2027-06-30, shops: "*",
         secret: {env: SECRET}, scopes: ["products:read"]}
"""
OWN = """extensions:
  product.shelf_life:
    type: number
    data_class: public
    owner: merchandising
    about: Days that it keeps.
    odoo: {field: x_shelf_life}
  product.hazard:
    type: choice
    choices: [A, B]
    data_class: personal
    owner: safety
    about: Its class of hazard.
    connection: main
    odoo: {model: x_hazard, product: x_product_id, field: x_class}
"""


def given(own: str = OWN, **more: str) -> Landscape:
    return build({"base.yaml": BASE, "own.yaml": own, **more})


@pytest.mark.parametrize(
    ("written", "instead", "told"),
    [
        ("x_shelf_life", "shelf_life", "own.yaml:7: extensions.product.shelf_life.odoo.field: string should match"),
        ("data_class: public", "data_class: secret", "own.yaml:4: extensions.product.shelf_life.data_class: input"),
        ("    owner: safety\n", "", "own.yaml:8: extensions.product.hazard.owner: is missing"),
        ("product.hazard", "price.hazard", "own.yaml:8: extensions.price.hazard: this name cannot be used (say the"),
        ("product.hazard", "product.Hazard", "own.yaml:8: extensions.product.Hazard: this name cannot be used"),
        ("    choices: [A, B]\n", "", "own.yaml:8: extensions.product.hazard: choices belong to the type choice"),
        (
            "product.hazard",
            "customer.hazard",
            "own.yaml:8: extensions.customer.hazard: an extra model extends products",
        ),
        ("product: x_product_id, ", "", "own.yaml:15: extensions.product.hazard.odoo: an extra model has a field"),
        ("connection: main", "connection: mian", "own.yaml:14: extensions.product.hazard.connection: there is no"),
    ],
)
def test_what_is_wrong_with_an_own_field_is_told_with_its_line(written: str, instead: str, told: str) -> None:
    with pytest.raises(InvalidLandscape) as refused:
        given(OWN.replace(written, instead))
    assert [str(each)[: len(told)] for each in refused.value.problems] == [told]


def test_a_word_has_no_more_own_fields_than_it_may() -> None:
    one = "  product.f{0}: {{type: text, data_class: public, owner: it, about: One., odoo: {{field: x_f{0}}}}}\n"
    with pytest.raises(InvalidLandscape, match="a product has 51 own fields, and may have 50"):
        given("extensions:\n" + "".join(one.format(number) for number in range(51)))


def test_an_environment_takes_own_fields_away_and_changes_others() -> None:
    overlay = "extensions: {product.shelf_life: null, product.hazard: {choices: [A]}}"
    found = given(**{"environments/test/own.yaml": overlay})
    assert [(name, each.choices) for name, each in found.extensions.items()] == [("product.hazard", ("A",))]


def test_the_contract_and_the_event_promise_the_own_fields_and_no_others() -> None:
    documents = given().documents
    answered = checker(documents.document("products").content, "/components/schemas/Product/properties/extensions")
    told = checker(documents.events["product.changed", 1], "/properties/extensions")
    assert answered({"shelf_life": "12.5", "hazard": "B"}) == ()
    assert told({"shelf_life": "12.5"}) == ()
    assert [each.pointer for each in answered({"shelf_life": "long"})] == ["/shelf_life"]
    assert [each.pointer for each in answered({"hazard": "C"})] == ["/hazard"]
    # What is personal is asked for, and told in no event.
    assert told({"hazard": "B"})
    assert answered({"weight": "1"})


def test_a_customers_own_field_is_promised_in_answers_and_in_the_event_that_seals_it() -> None:
    vip = "{type: boolean, data_class: personal, owner: it, about: One., odoo: {field: x_vip}}"
    documents = given(f"extensions: {{customer.vip: {vip}}}").documents
    answered = checker(documents.document("customers").content, "/components/schemas/Customer/properties/extensions")
    told = checker(documents.events["customer.changed", 1], "/properties/extensions")
    for promised in (answered, told):
        assert promised({"vip": True}) == ()
        assert promised({"other": True})


def test_without_own_fields_the_promises_are_those_that_ship() -> None:
    assert given("").documents is contracts.load()


@pytest.mark.parametrize(
    ("written", "instead", "verdict", "hit"),
    [
        ("type: number", "type: text", "breaking", ("shop",)),
        ("data_class: public", "data_class: internal", "breaking", ("shop",)),
        ("[A, B]", "[A, B, C]", "breaking", ("shop",)),
        ("[A, B]", "[B]", "additive", ()),
        ("data_class: personal", "data_class: internal", "additive", ()),
        ("owner: safety", "owner: quality", "additive", ()),
        ("{field: x_shelf_life}", "{field: x_keeps}", "breaking", ("shop",)),
        ("    connection: main\n", "", "additive", ()),
        (
            "    odoo: {field: x_shelf_life}",
            "    connection: main\n    odoo: {field: x_shelf_life}",
            "breaking",
            ("shop",),
        ),
        ("about: Days that it keeps.", "about: How long it keeps.", "same", ()),
    ],
)
def test_what_becomes_of_an_own_field_is_judged(written: str, instead: str, verdict: str, hit: tuple[str, ...]) -> None:
    found = compare_landscapes(given(), given(OWN.replace(written, instead)))
    assert [(each.kind, each.verdict, each.consumers) for each in found.changes] == [("contract", verdict, hit)]


def test_an_own_field_that_comes_adds_and_one_that_goes_breaks() -> None:
    assert compare_landscapes(given(""), given()).verdict == "additive"
    gone = compare_landscapes(given(), given(OWN.partition("  product.hazard")[0]))
    assert [(each.path, each.verdict, each.consumers, each.criticality) for each in gone.changes] == [
        ("extensions.product.hazard", "breaking", ("shop",), "high")
    ]
