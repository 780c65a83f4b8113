"""The documents promise exactly the words that the code speaks, data classes included."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from tillway.contracts import checker, load
from tillway.journal import FollowerState, ParkedItem, Recorded, cloudevent
from tillway.observe.trace import Stage
from tillway.processes import TransitionItem
from tillway.retail import (
    AmendRequest,
    Card,
    CardRequest,
    ChangeRequest,
    CodeRequest,
    CouponCheck,
    CouponRequest,
    CreditRequest,
    GiftCardRequest,
    Moved,
    Movement,
    MoveRequest,
    Order,
    OrderChange,
    OrderLine,
    OrderRequest,
    OrderRequestLine,
    Payment,
    PaymentLedger,
    PaymentReport,
    Price,
    Product,
    Products,
    Promotion,
    PromotionRule,
    ReceivedLine,
    ReceiveRequest,
    RefundOf,
    Return,
    ReturnLine,
    ReturnRequest,
    ReturnRequestLine,
    ReversalRequest,
    Reward,
    Sale,
    SaleLine,
    Shipment,
    ShipmentLine,
    Tax,
    Tender,
)
from tillway.retail.quoting import QuotedLine, Totals

DOCUMENTS = load()

# What is sent in says what may be left out; what is answered always holds every field.
REQUESTS = [
    ("orders", OrderRequest),
    ("orders", OrderRequestLine),
    ("orders", AmendRequest),
    ("orders", ChangeRequest),
    ("payments", PaymentReport),
    ("pos", RefundOf),
    ("pos", SaleLine),
    ("pos", Tender),
    ("pos", Sale),
    ("returns", CreditRequest),
    ("returns", ReceiveRequest),
    ("returns", ReceivedLine),
    ("returns", ReturnRequest),
    ("returns", ReturnRequestLine),
    ("loyalty", CardRequest),
    ("loyalty", MoveRequest),
    ("loyalty", CodeRequest),
    ("loyalty", GiftCardRequest),
    ("loyalty", CouponRequest),
    ("loyalty", ReversalRequest),
]
ANSWERS = [
    ("orders", Order),
    ("orders", OrderLine),
    ("orders", OrderChange),
    ("payments", Payment),
    ("payments", PaymentLedger),
    ("returns", Return),
    ("returns", ReturnLine),
    ("prices", Price),
    ("prices", QuotedLine),
    ("shipments", Shipment),
    ("shipments", ShipmentLine),
    ("products", Product),
    ("products", Tax),
    ("loyalty", Card),
    ("loyalty", Movement),
    ("loyalty", Moved),
    ("loyalty", CouponCheck),
    ("promotions", Promotion),
    ("promotions", PromotionRule),
    ("promotions", Reward),
    ("promotions", Products),
]


def shape(schema: dict, components: dict) -> dict:
    """What a schema says of a value, the same for both spellings of what may be null."""
    schema = dict(schema)
    if "$ref" in schema:
        return {"is": schema["$ref"].rpartition("/")[2], "class": schema.get("x-data-class")}
    kinds = set()
    for part in schema.get("anyOf", [schema]):
        kinds |= {part["type"]} if isinstance(part.get("type"), str) else set(part.get("type", ()))
        schema = (
            {**part, **{key: value for key, value in schema.items() if key != "anyOf"}}
            if part.get("type") != "null"
            else schema
        )
    if "enum" in schema:
        kinds |= {"null" if value is None else "string" for value in schema["enum"]}
    kept = (
        "format",
        "pattern",
        "minLength",
        "maxLength",
        "minimum",
        "maximum",
        "minItems",
        "maxItems",
        "maxProperties",
    )
    found = {key: schema[key] for key in kept if key in schema}
    if "enum" in schema:
        found["enum"] = sorted(value for value in schema["enum"] if value is not None)
    for below in ("items", "additionalProperties"):
        if isinstance(schema.get(below), dict):
            found[below] = shape(schema[below], components)
    return found | {"type": sorted(kinds), "class": schema.get("x-data-class")}


def spoken(struct: type) -> tuple[dict, list[str]]:
    _, components = msgspec.json.schema_components([struct], ref_template="#/components/schemas/{name}")
    schema = components[struct.__name__]
    return {name: shape(field, components) for name, field in schema["properties"].items()}, schema.get("required", [])


def promised(api: str, name: str) -> tuple[dict, dict]:
    components = DOCUMENTS.document(api).content["components"]["schemas"]
    schema = components[name]
    return {field: shape(node, components) for field, node in schema["properties"].items()}, schema


@pytest.mark.parametrize(("api", "struct"), REQUESTS)
def test_what_is_sent_in_is_promised_as_it_is_read(api, struct):
    fields, schema = promised(api, struct.__name__)
    assert (fields, sorted(schema.get("required", []))) == (spoken(struct)[0], sorted(spoken(struct)[1]))
    assert schema["additionalProperties"] is False


@pytest.mark.parametrize(("api", "struct"), ANSWERS)
def test_what_is_answered_is_promised_whole(api, struct):
    fields, schema = promised(api, struct.__name__)
    assert fields == spoken(struct)[0]
    assert sorted(schema["required"]) == sorted(fields)


def test_a_sale_on_its_way_may_leave_its_id_to_the_hub():
    report = DOCUMENTS.document("pos").content["components"]["schemas"]["SaleReport"]
    sale = DOCUMENTS.document("pos").content["components"]["schemas"]["Sale"]
    assert set(sale["required"]) - set(report["required"]) == {"id"}
    assert promised("pos", "SaleReport")[0] == promised("pos", "Sale")[0]


def test_a_quote_is_the_totals_with_list_and_moment():
    fields, _ = promised("prices", "Quote")
    assert {
        name: field for name, field in fields.items() if name not in {"price_list", "price_list_of", "at"}
    } == spoken(Totals)[0]


@pytest.mark.parametrize(
    ("name", "struct"),
    [("Follower", FollowerState), ("ParkedEvent", ParkedItem), ("Stage", Stage), ("Transition", TransitionItem)],
)
def test_what_operations_shows_is_told_as_the_rooms_have_it(name, struct):
    fields, _ = promised("operations", name)
    assert {field: node["type"] for field, node in fields.items()} == {
        field: node["type"] for field, node in spoken(struct)[0].items()
    }


def test_an_event_goes_out_in_the_promised_envelope():
    recorded = Recorded(
        position=7,
        id="0198c1f2-3a4b-7c5d-8e6f-0123456789ab",
        type="order.placed",
        subject="o-1",
        partitionkey="o-1",
        sequence=1,
        time=datetime(2026, 11, 23, 10, 15, tzinfo=UTC),
        recorded_at=datetime(2026, 11, 23, 10, 15, tzinfo=UTC),
        correlation="c-1",
        causation="c-0",
        traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        dataclass="personal",
        data_json='{"gross":"1.00"}',
        personal_json='{"customer":"ann"}',
    )
    envelope = DOCUMENTS.events["cloudevent", 1]
    told = cloudevent(recorded, personal=True)
    assert checker(envelope, "")(told) == ()
    assert set(told) == set(envelope["properties"])
