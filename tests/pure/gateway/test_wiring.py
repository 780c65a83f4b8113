"""What the door is assembled from has to fit together."""

from __future__ import annotations

import asyncio

import pytest
from tests.pure.gateway.front_door import nothing

from tillway.contracts import load
from tillway.errors import Invalid, Misconfigured
from tillway.gateway import Leaving, nul_pointers, wait_allowed
from tillway.gateway.idempotency import claim
from tillway.gateway.routes import Routes

EVERY = {operation.id: nothing for _, operation in load().operations()}
OPERATIONS = {operation.id: operation for _, operation in load().operations()}


def test_an_operation_that_nobody_answers_is_named():
    with pytest.raises(Misconfigured, match="getOrder is not bound"):
        Routes(load(), {name: handler for name, handler in EVERY.items() if name != "getOrder"})


def test_a_handler_that_nobody_promised_is_named():
    with pytest.raises(Misconfigured, match="no document: sellMoon"):
        Routes(load(), EVERY | {"sellMoon": nothing})


def test_a_template_never_swallows_a_whole_path():
    routes = Routes(load(), EVERY)
    assert routes.find("GET", "/products/v1/products")[0].checks.operation.id == "listProducts"
    assert routes.find("GET", "/products/v1/products/.")[0].checks.operation.id == "getProduct"


def test_places_of_the_nul_character_are_found():
    value = {"a": ["x", "\0"], "b/c": {"d~": "y\0"}, "e": {"\0": 1}, "f": 1}
    assert sorted(nul_pointers(value)) == ["/a/1", "/b~1c/d~0", "/e"]


@pytest.mark.parametrize(("wait", "left", "seconds"), [(0, 10, 0), (5, 10, 5), (30, 10, 9), (30, 0.5, 0)])
def test_a_long_poll_leaves_time_to_answer(wait, left, seconds):
    assert wait_allowed({"wait": wait}, left) == seconds
    assert wait_allowed({}, left) == 0


def test_equal_requests_have_equal_claims_whatever_the_order_of_members():
    place = OPERATIONS["placeOrder"]
    one = claim(place, "webshop", "k", {}, {"a": 1, "b": 2})
    assert one == claim(place, "webshop", "k", {}, {"b": 2, "a": 1})
    assert one.fingerprint != claim(place, "webshop", "k", {}, {"a": 1, "b": 3}).fingerprint
    assert one.fingerprint != claim(OPERATIONS["createSubscription"], "webshop", "k", {}, {"a": 1, "b": 2}).fingerprint


def test_an_operation_that_honours_no_key_claims_nothing():
    assert claim(OPERATIONS["quotePrices"], "webshop", "k", {}, {}) is None
    assert claim(OPERATIONS["placeOrder"], "webshop", None, {}, {}) is None


@pytest.mark.parametrize("key", ["", "two words", "x" * 256, "ü", "line\n"])
def test_a_key_that_is_none_is_refused(key):
    with pytest.raises(Invalid) as raised:
        claim(OPERATIONS["placeOrder"], "webshop", key, {}, {})
    assert raised.value.violations[0].pointer == "/header/Idempotency-Key"


def test_leaving_wakes_those_who_wait_and_those_who_come_late():
    leaving, early, late, gone = Leaving(), asyncio.Event(), asyncio.Event(), asyncio.Event()
    leaving.watch(early)
    leaving.watch(gone)()
    leaving.begin()
    leaving.watch(late)
    assert (early.is_set(), late.is_set(), gone.is_set(), leaving.now) == (True, True, False, True)
