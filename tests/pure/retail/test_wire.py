from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.pure.retail.samples import product, sale, words

from tillway.errors import Invalid, Malformed
from tillway.retail import (
    BackOfficeOrder,
    BackOfficeSale,
    BackOfficeStore,
    Call,
    Money,
    Order,
    OrderDefaults,
    OrderRequest,
    Page,
    Price,
    PriceList,
    Product,
    Quantity,
    Sale,
    Store,
    Tax,
    Tender,
    Till,
    Totals,
    decode,
    encode,
    parse,
)

WORDS: list[Any] = [
    BackOfficeOrder,
    BackOfficeSale,
    BackOfficeStore,
    Call,
    Money,
    Order,
    OrderDefaults,
    OrderRequest,
    Page[Product],
    Price,
    PriceList,
    Product,
    Quantity,
    Sale,
    Store,
    Tax,
    Tender,
    Till,
    Totals,
]


TRIPS = max(1, settings.default.max_examples // 5)  # for each of nineteen words


def _numbers(tree: Any) -> list[Any]:
    """Every number that JSON holds as a number."""
    if isinstance(tree, dict):
        return [found for value in tree.values() for found in _numbers(value)]
    if isinstance(tree, list):
        return [found for value in tree for found in _numbers(value)]
    return [tree] if isinstance(tree, float) else []


@pytest.mark.parametrize("kind", WORDS, ids=str)
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=TRIPS)
@given(data=st.data())
def test_what_a_sender_may_send_is_read_and_goes_out_the_same(kind: Any, data: st.DataObject) -> None:
    word = parse(data.draw(words(kind)), kind)
    text = encode(word)
    assert decode(text, kind) == word
    assert encode(decode(text, kind)) == text
    assert _numbers(msgspec.json.decode(text)) == []


def violations(call: Any) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refused:
        call()
    return [(found.pointer, found.rule) for found in refused.value.violations]


def request(**line: Any) -> bytes:
    return msgspec.json.encode({"lines": [{"sku": "A", "quantity": "1"}, {"sku": "B", "quantity": "1", **line}]})


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (b"2", "decimal-string"),
        (b"1.10", "decimal-string"),
        (b"1e400", "decimal-string"),
        (b"true", "decimal-string"),
        (b"[]", "decimal-string"),
        (b'"NaN"', "decimal-form"),
        (b'"Infinity"', "decimal-form"),
        (b'"1e3"', "decimal-form"),
        (b'" 1"', "decimal-form"),
        (b'"1\\n"', "decimal-form"),
        (b'"1_000"', "decimal-form"),
        (b'"1,5"', "decimal-form"),
        (b'"+1"', "decimal-form"),
        (b'".5"', "decimal-form"),
        (b'"5."', "decimal-form"),
        (b'""', "decimal-form"),
        ('"١"'.encode(), "decimal-form"),
        (b'"1000000000"', "decimal-form"),  # ten digits
        (b'"0.0000001"', "decimal-form"),  # seven decimals
    ],
)
def test_only_a_string_of_plain_digits_is_a_quantity(text: bytes, rule: str) -> None:
    body = b'{"lines":[{"sku":"A","quantity":"1"},{"sku":"B","quantity":' + text + b"}]}"
    assert violations(lambda: decode(body, OrderRequest)) == [("/lines/1/quantity", rule)]


@pytest.mark.parametrize("amount", [b"0", b"-1.5", b"true", b'"1e2"'])
def test_an_optional_amount_is_as_strict(amount: bytes) -> None:
    body = b'{"lines":[{"sku":"A","quantity":"1","unit_price":' + amount + b'}],"total":' + amount + b"}"
    assert [pointer for pointer, _ in violations(lambda: decode(body, OrderRequest))] == [
        "/lines/0/unit_price",
        "/total",
    ]


def test_an_optional_amount_may_be_null_and_a_needed_one_not() -> None:
    assert decode(request(unit_price=None), OrderRequest).lines[1].unit_price is None
    assert violations(lambda: decode(request(quantity=None), OrderRequest)) == [("/lines/1/quantity", "schema")]


def test_every_wrong_decimal_is_told_of_at_once() -> None:
    tree = {"lines": [{"sku": "A", "quantity": 1}, {"sku": "B", "quantity": "x"}], "total": 5.0}
    assert violations(lambda: parse(tree, OrderRequest)) == [
        ("/lines/0/quantity", "decimal-string"),
        ("/lines/1/quantity", "decimal-form"),
        ("/total", "decimal-string"),
    ]


def test_decimals_deep_inside_are_found() -> None:
    tree = msgspec.json.decode(encode(product()))
    tree["taxes"][0]["rate"] = 15
    assert violations(lambda: parse({"items": [tree], "more": False}, Page[Product])) == [
        ("/items/0/taxes/0/rate", "decimal-string")
    ]


@pytest.mark.parametrize(
    ("tree", "pointer"),
    [
        ({}, ""),
        ({"lines": []}, "/lines"),
        ({"lines": [{"quantity": "1"}]}, "/lines/0"),
        ({"lines": [{"sku": 5, "quantity": "1"}]}, "/lines/0/sku"),
        ({"lines": [{"sku": "", "quantity": "1"}]}, "/lines/0/sku"),
        ({"lines": [{"sku": "x" * 65, "quantity": "1"}]}, "/lines/0/sku"),
        ({"lines": [{"sku": "A", "quantity": "1", "price": "1"}]}, "/lines/0/price"),
        ({"lines": [{"sku": "A", "quantity": "1", "a/b~c": "1"}]}, "/lines/0/a~1b~0c"),
        ({"lines": [{"sku": "A", "quantity": "1"}] * 501}, "/lines"),
        ({"lines": [{"sku": "A", "quantity": "1"}], "currency": "eur"}, "/currency"),
        ({"lines": [{"sku": "A", "quantity": "1"}], "currency": "EURO"}, "/currency"),
        ([], ""),
        ("lines", ""),
        (None, ""),
    ],
)
def test_what_does_not_fit_is_pointed_at(tree: Any, pointer: str) -> None:
    assert violations(lambda: parse(tree, OrderRequest)) == [(pointer, "schema")]


def test_five_hundred_lines_are_read() -> None:
    body = msgspec.json.encode({"lines": [{"sku": "A", "quantity": "1"}] * 500})
    assert len(decode(body, OrderRequest).lines) == 500


def test_a_value_of_the_sender_is_not_repeated() -> None:
    tree = msgspec.json.decode(encode(sale()))
    tree["kind"] = "4111111111111111"
    with pytest.raises(Invalid) as refused:
        parse(tree, Sale)
    assert [(found.pointer, found.detail) for found in refused.value.violations] == [
        ("/kind", "is not one of the allowed values")
    ]


def test_a_time_without_a_zone_is_pointed_at() -> None:
    tree = msgspec.json.decode(encode(sale()))
    tree["sold_at"] = "2026-11-23T12:00:00"
    assert violations(lambda: parse(tree, Sale)) == [("/sold_at", "schema")]


@pytest.mark.parametrize("body", [b"", b"{", b"lines", b'{"lines":}', b"\xff", b"[" * 100_000, b'{"a":1}x', b"NaN"])
def test_what_is_not_json_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        decode(body, OrderRequest)


def test_msgspec_alone_takes_a_number_for_a_decimal_but_not_nan() -> None:
    """Why `decode` looks at the document first; the bounds hold even for who goes around it."""
    assert msgspec.json.decode(b'{"amount":1.10,"unit":"kg"}', type=Quantity).amount == Decimal("1.10")
    with pytest.raises(msgspec.ValidationError, match="finite"):
        msgspec.json.decode(b'{"amount":"NaN","unit":"kg"}', type=Quantity)
    with pytest.raises(msgspec.ValidationError, match="more than 9 digits"):
        msgspec.json.decode(b'{"amount":1e400,"unit":"kg"}', type=Quantity)
