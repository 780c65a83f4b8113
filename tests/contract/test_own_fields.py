"""A retailer's own fields are answered, told and served in the contract as its landscape declares them now."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import msgspec
import pytest
from tests.contract.small_hub import PRODUCTS, Assortment, opened, signed, texts

from tillway.contracts import checker
from tillway.landscape import build
from tillway.postgres import Database
from tillway.records import Cause, Source, customers
from tillway.records.refreshing.products import ProductsReading
from tillway.retail import CataloguePage

PATH = "/products/v1/products/TEE-CREW-S"
CONTRACT = "/catalog/apis/products/v1/openapi.json"
SCHEMA = "/catalog/events/product.changed/v1/schema.json"
EXTENSIONS = {
    "product.origin": {"type": "text", "data_class": "public", "odoo": {"field": "x_origin"}},
    "product.days": {"type": "number", "data_class": "confidential", "odoo": {"field": "x_days"}},
    "product.buyer": {"type": "text", "data_class": "personal", "odoo": {"field": "x_buyer"}},
}
HELD = {"origin": "Ghent", "days": "12.5", "buyer": "Ann"}


def given(**own):
    """The landscape with these own fields; a clerk may read no personal data."""
    about = {"owner": "merchandising", "about": "Of these tests."}
    extensions = {name: about | each for name, each in own.items()}
    clerk = {"shop": "harbour", "shops": "*", "event_types": "*"}
    return texts(more={"extensions": extensions}, clerk=clerk)


CAUSE = Cause(correlation="own-fields")


class Extended(Assortment):
    """The catalogue after somebody filled in the own fields of one product."""

    async def products(self, _call, *, cursor, limit):  # noqa: ARG002 - the protocol's
        tee = msgspec.structs.replace(PRODUCTS[0], extensions=HELD)
        return CataloguePage(items=(tee,), cursor="later", more=False)


@pytest.fixture(scope="module")
def landscape():
    return given(**EXTENSIONS)


@pytest.fixture
async def hub(filled, landscape):
    """A hub with own fields, whose catalogue was read anew. Every answer is held against the extended contract."""
    source = Source(
        connection="main",
        company="1",
        catalogue=Extended(),
        price_lists=Assortment(),
        lists={},
        poll_seconds=60,
        own_fields=build(landscape).own_fields["product"],
    )
    async with Database(filled, "refresh") as db:
        await ProductsReading(db, source, asyncio.Event()).once()
    async with opened(filled, releases=signed(lambda: landscape)) as opened_hub:
        yield opened_hub


async def test_own_fields_are_answered_to_whoever_may_read_their_class(hub):
    assert (await hub.get(PATH)).json["extensions"] == HELD
    seen = (await hub.get(PATH, by="clerk")).json
    assert seen["extensions"] == {"origin": "Ghent", "days": "12.5"}
    for query in ("", "?q=crew", "?gtin=5901234000017"):
        assert seen in (await hub.get(f"/products/v1/products{query}", by="clerk")).json["products"], query


async def test_a_product_without_any_is_answered_with_none(hub):
    assert (await hub.get("/products/v1/products/MUG-STON")).json["extensions"] == {}


async def test_the_change_is_told_with_what_is_not_personal(hub):
    async def told(by):
        page = (await hub.get("/events/v1/feed?types=product.changed", by=by)).json
        return [each["data"]["extensions"] for each in page["events"]]

    await hub.settled(1)
    assert await told("integrator") == await told("clerk") == [{"origin": "Ghent", "days": "12.5"}]


async def test_the_served_contract_and_schema_describe_them(hub):
    contract, schema = [(await hub.ask("GET", path)).json for path in (CONTRACT, SCHEMA)]
    held = contract["components"]["schemas"]["Product"]["properties"]["extensions"]["properties"]
    assert {name: (each["type"], each["x-data-class"]) for name, each in held.items()} == {
        "origin": ("string", "public"),
        "days": ("string", "confidential"),
        "buyer": ("string", "personal"),
    }
    assert checker(contract, "/components/schemas/Product")((await hub.get(PATH)).json) == ()
    assert sorted(schema["properties"]["extensions"]["properties"]) == ["days", "origin"]


async def test_what_is_taken_out_or_retyped_is_neither_answered_nor_promised_from_then_on(hub, landscape):
    retyped = {"product.origin": EXTENSIONS["product.origin"] | {"type": "boolean"}}
    hub.active.swap(build(given(**retyped)))
    try:
        assert (await hub.get(PATH)).json["extensions"] == {}
        contract = (await hub.ask("GET", CONTRACT)).json
        held = contract["components"]["schemas"]["Product"]["properties"]["extensions"]["properties"]
        assert {name: each["type"] for name, each in held.items()} == {"origin": "boolean"}
        hub.active.swap(build(texts()))
        assert (await hub.get(PATH)).json["extensions"] == {}
        assert "properties" not in (await hub.ask("GET", SCHEMA)).json["properties"]["extensions"]
    finally:
        hub.active.swap(build(landscape))


async def test_a_customers_own_fields_are_cut_by_class_like_any_other(hub, filled):
    entry = {"owner": "sales-it", "about": "One.", "type": "text"}
    club = entry | {"data_class": "internal", "odoo": {"field": "x_club"}}
    allergy = entry | {"data_class": "personal", "odoo": {"field": "x_allergy"}}
    made = (await hub.post("/customers/v1/customers", {"name": f"Ada {uuid4()}"})).json
    held = {"club": "Gold", "allergy": "peanuts", "gone": "x"}
    async with Database(filled, "customers") as db, db.transaction() as tx:
        await customers.update(tx, made["id"], lambda old: msgspec.structs.replace(old, extensions=held), cause=CAUSE)
    hub.active.swap(build(given(**{"customer.club": club, "customer.allergy": allergy})))

    async def seen(by):
        return (await hub.get(f"/customers/v1/customers/{made['id']}", by=by)).json["extensions"]

    assert await seen("integrator") == {"club": "Gold", "allergy": "peanuts"}
    assert await seen("clerk") == {"club": "Gold"}
