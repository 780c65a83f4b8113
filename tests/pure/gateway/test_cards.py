"""Card numbers in requests are refused with their place, and numbers that are none are not."""

from __future__ import annotations

import msgspec
import pytest

from tillway.gateway.cards import suspicious, violations

CARDS = [
    "4111111111111111",
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "4111\u00a01111\u00a01111\u00a01111",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "3782 822463 10005",
    "30569309025904",
    "3530111333300000",
    "6011111111111117",
    "6200000000000005",
    "my card: 4111 1111 1111 1111, thanks",
]
OTHERS = [
    "4111111111111112",  # the check digit is wrong
    "4006381333931",  # an article number whose check holds for cards too
    "302-4111111-1111111",  # grouped as a marketplace groups its orders
    "9111111111111111",
    "0198c1f2-3a4b-7c5d-8e6f-0123456789ab",
    "11111111-4111-4111-4111-411111111111",
    "a4111111111111111",
    "0.4111111111111111",
    "2026-11-23T10:15:00Z",
]


def found(body):
    raw = msgspec.json.encode(body)
    places = {each.pointer for each in violations(body)}
    assert suspicious(raw) or not places, "a look that costs nothing must not pass over a card"
    assert all(each.rule == "pan" and "4111" not in each.detail for each in violations(body))
    return places


@pytest.mark.parametrize("text", CARDS)
def test_a_card_number_is_found_wherever_it_stands(text):
    assert found({"lines": [{"sku": "A", "note": text}]}) == {"/lines/0/note"}
    assert found({"notes": [["x", text]]}) == {"/notes/0/1"}
    assert found({"a": {text: 1}}) == {"/a"}


@pytest.mark.parametrize("text", OTHERS)
def test_what_is_no_card_number_passes(text):
    assert found({"note": text, text: "x"}) == set()


def test_numbers_are_looked_at_too_and_known_identifiers_are_not():
    assert found({"number": 4111111111111111, "amount": 4.0, "yes": True}) == {"/number"}
    assert found({"gtin": "4111111111111111", "sku": "4111111111111111"}) == set()


def test_an_escaped_digit_does_not_hide_a_card():
    assert suspicious(rb'{"note": "\u0034111111111111111"}')
    assert not suspicious(b'{"lines": [{"sku": "TEE-CREW-S", "quantity": "2"}]}')
