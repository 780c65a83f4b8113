"""Fields that no contract knows: three verdicts, one census, and none of them ever reaches a handler."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from tests.contract.small_hub import CONTENT, landscape
from tests.contract.test_sales import SALES, identity, record, rules, sale

from tillway.contracts import load
from tillway.gateway import verdict
from tillway.landscape import InvalidLandscape
from tillway.landscape import build as build_landscape

ORDERS = "/orders/v1/orders"
ORDER = {"lines": [{"sku": "TEE-CREW-S", "quantity": "1", "colour": "red"}], "is_paid": True}
OPERATIONS = {operation.id: operation for _, operation in load().operations()}


def saying(api, word=None, criticality="high"):
    """The hub's landscape with another word on one interface."""
    told = landscape()
    changed = told.apis[api].model_copy(update={"unknown_fields": word, "criticality": criticality})
    return told.model_copy(update={"apis": {**told.apis, api: changed}})


@pytest.mark.parametrize(
    ("operation", "word", "criticality", "expected"),
    [
        ("placeOrder", None, "critical", "reject"),
        ("placeOrder", None, "high", "reject"),
        ("placeOrder", None, "normal", "flag"),
        ("placeOrder", "reject", "low", "reject"),
        ("placeOrder", "flag", "critical", "flag"),
        ("recordSales", None, "critical", "quarantine"),
        ("recordSales", None, "low", "flag"),
        ("recordSales", "quarantine", "low", "quarantine"),
        # An act with a misspelt field would be another act.
        ("suspendConsumer", None, "low", "reject"),
    ],
)
def test_the_verdict_follows_what_the_landscape_says(operation, word, criticality, expected):
    asked = OPERATIONS[operation]
    assert verdict(asked, saying(asked.api, word, criticality)) == expected


@pytest.mark.parametrize(("api", "word"), [("pos", "reject"), ("orders", "quarantine")])
def test_a_word_that_cannot_be_kept_is_refused(api, word):
    entry = {"layer": "system", "owner": "it", "criticality": "high", "data_class": "personal", "unknown_fields": word}
    with pytest.raises(InvalidLandscape, match=f"apis.{api}.unknown_fields"):
        build_landscape({"a.yaml": msgspec.json.encode({**CONTENT, "apis": {api: entry}}).decode()})


async def seen(hub, operation):
    """What the census tells of an operation, once it tells anything."""
    async with asyncio.timeout(20):
        while True:
            page = (await hub.get("/operations/v1/unknown-fields?consumer=integrator&days=1")).json
            found = {each["pointer"]: each["seen"] for each in page["fields"] if each["operation"] == operation}
            if found:
                return found
            await asyncio.sleep(0.05)


async def test_a_flagged_field_is_left_out_told_and_counted(hub):
    hub.active.swap(saying("orders", "flag"))
    reply = await hub.post(ORDERS, ORDER)
    assert (reply.status, reply.headers["x-ignored-fields"]) == (201, "/lines/0/colour, /is_paid")
    held = await hub.get(reply.headers["location"])
    assert "is_paid" not in held.json
    assert "colour" not in held.json["lines"][0]
    assert await seen(hub, "placeOrder") == {"/is_paid": 1, "/lines/*/colour": 1}


async def test_what_else_is_wrong_with_a_flagged_body_still_refuses_it(hub):
    hub.active.swap(saying("orders", "flag"))
    reply = await hub.post(ORDERS, {"lines": [{"sku": "TEE-CREW-S", "amount": 1}]})
    assert reply.status == 422
    assert [each["pointer"] for each in reply.json["violations"]] == ["/lines/0/quantity"]


async def test_a_rejected_field_is_named_and_counted(hub):
    quotes = {"lines": [{"sku": "TEE-CREW-S", "quantity": "1"}], "price_list": "store-prices", "discount": "99"}
    reply = await hub.post("/prices/v1/quotes", quotes)
    assert reply.status == 422
    assert await seen(hub, "quotePrices") == {"/discount": 1}


async def test_a_facts_field_is_kept_for_a_person_or_left_out(hub):
    kept, flagged = sale(surprise=1), sale(surprise=1)
    reply = await record(hub, kept)
    (result,) = reply.json["sales"]
    assert (reply.status, rules(result)) == (202, {("/surprise", "additionalProperties")})
    hub.active.swap(saying("pos", "flag"))
    reply = await hub.post(SALES, {"sales": [flagged], "batch": 7})
    assert (reply.status, reply.json["sales"][0]["status"]) == (201, "recorded")
    assert reply.headers["x-ignored-fields"] == "/batch"
    held = (await hub.get(f"{SALES}/{identity(flagged)}")).json["sale"]
    assert "surprise" not in held
    assert (await record(hub, flagged)).json["sales"][0]["status"] == "duplicate"
    found = await seen(hub, "recordSales")
    assert found["/surprise"] >= 1
