"""Versions in their life: what answers say of them, who is refused, and what becomes of facts."""

from __future__ import annotations

import copy
import dataclasses
from datetime import UTC, datetime, timedelta
from functools import cache

import msgspec
import pytest
from tests.pure.gateway.front_door import CONTENT, front, landscape, token
from tests.pure.gateway.test_facts import SALES, doubted

from tillway import clock
from tillway.gateway import Answer
from tillway.gateway.lives import deprecation, http_date
from tillway.landscape import InvalidLandscape, build

PATH = "/products/v1/products"
NEXT = {"v2": {"lifecycle": "published"}}


def land(api="products", **life):
    """A landscape in which version 1 of an interface has this life, and a second one is there."""
    content = copy.deepcopy(CONTENT)
    content["apis"][api] = {**content["apis"][api], "versions": {"v1": life, **NEXT}}
    return build({"landscape.yaml": msgspec.json.encode(msgspec.to_builtins(content)).decode()})


async def order(ask):
    """With a member on its way out, or without."""
    lines = [{"sku": "A"}, {}] if ask.path["id"] == "with" else []
    return Answer(200, {"id": "o-1", "lines": lines})


@cache
def built():
    return front(recordSales=doubted, getOrder=order)


def door(under):
    """The one door of these tests, under a landscape: building one takes a second."""
    built().active.swap(under)
    return built()


async def ask(under, **more):
    return await door(under).ask("GET", PATH, **{"token": token(), **more})


def test_dates_are_written_as_the_standards_write_them():
    """RFC 9745 section 4 and RFC 9110 section 5.6.7: their examples."""
    assert deprecation(datetime(2023, 6, 30, 23, 59, 59, tzinfo=UTC)) == b"@1688169599"
    assert http_date(datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)) == b"Sun, 06 Nov 1994 08:49:37 GMT"


async def test_a_published_version_says_nothing():
    reply = await ask(land(lifecycle="published"))
    assert reply.status == 200
    assert not {"deprecation", "sunset", "link"} & reply.headers.keys()


async def test_a_version_on_its_way_out_answers_and_says_since_when_until_when_and_what_follows():
    came = []
    life = {"deprecated": "2026-07-01", "sunset": "2027-01-01", "successor": "products/v2"}
    front_door = door(land(**life))
    sent = front_door.door

    async def whole(scope, receive, send):
        async def keep(message):
            came.append(message)
            await send(message)

        await sent(scope, receive, keep)

    reply = await dataclasses.replace(front_door, door=whole).ask("GET", PATH, token=token())
    fields = [(name.decode(), value.decode()) for name, value in came[0]["headers"]]
    assert reply.status == 200
    # Days begin in the organisation's timezone: Berlin.
    assert ("deprecation", f"@{int(datetime(2026, 6, 30, 22, tzinfo=UTC).timestamp())}") in fields
    assert ("sunset", "Thu, 31 Dec 2026 23:00:00 GMT") in fields
    assert [value for name, value in fields if name == "link"] == [
        '</catalog/apis/products/v1/openapi.json>; rel="deprecation"; type="application/json"',
        '</catalog/apis/products/v1/openapi.json>; rel="sunset"; type="application/json"',
        '</products/v2>; rel="successor-version"',
    ]


@pytest.mark.parametrize("bearer", [None, "nonsense", token()])
async def test_a_retired_version_is_gone_for_everybody_and_names_what_follows(bearer):
    reply = await ask(land(lifecycle="retired", successor="products/v2"), token=bearer)
    assert (reply.status, reply.json["type"]) == (410, "/problems/version-retired")
    assert "products/v2" in reply.json["remedy"]
    assert reply.headers["link"] == '</products/v2>; rel="successor-version"'


async def test_a_blocked_version_is_forbidden():
    reply = await ask(land(lifecycle="blocked"))
    assert (reply.status, reply.json["type"]) == (403, "/problems/version-blocked")


@pytest.mark.parametrize(("testers", "status"), [([], 404), (["till"], 404), (["webshop"], 200)])
async def test_a_draft_is_there_for_its_testers_alone(testers, status):
    assert (await ask(land(lifecycle="draft", testers=testers))).status == status


async def test_strangers_do_not_learn_of_a_draft():
    reply = await ask(land(lifecycle="draft", testers=["webshop"]), token=None)
    assert (reply.status, reply.json["type"]) == (404, "/problems/not-found")


async def test_a_version_that_is_not_declared_is_not_offered():
    content = copy.deepcopy(CONTENT)
    content["apis"]["products"] = {**content["apis"]["products"], "versions": NEXT}
    landscape = build({"landscape.yaml": msgspec.json.encode(msgspec.to_builtins(content)).decode()})
    assert (await ask(landscape)).status == 404


async def test_a_brown_out_rehearses_the_retirement_and_says_when_it_ends():
    now = clock.now()
    window = {"begins": now - timedelta(minutes=1), "ends": now + timedelta(minutes=9)}
    life = {"deprecated": "2020-01-01", "successor": "products/v2"}
    reply = await ask(land(**life, brownouts=[window]))
    assert (reply.status, reply.json["type"]) == (410, "/problems/brown-out")
    assert 500 < int(reply.headers["retry-after"]) <= 540
    over = {"begins": now - timedelta(minutes=9), "ends": now - timedelta(seconds=1)}
    assert (await ask(land(**life, brownouts=[over]))).status == 200


@pytest.mark.parametrize("lifecycle", ["retired", "blocked", "draft"])
async def test_a_fact_sent_to_a_closed_version_is_kept_in_doubt(lifecycle):
    bearer = token("till", kind="device", scopes=["pos:write"])
    reply = await door(land("pos", lifecycle=lifecycle)).ask("POST", "/pos/v1/sales", token=bearer, json=SALES)
    assert (reply.status, reply.told["shops"]) == (202, [])
    assert reply.told["doubt"].startswith("it was sent to pos/v1: ")


async def test_an_unknown_sender_of_a_fact_is_told_so_that_its_outbox_keeps_it():
    retired = door(land("pos", lifecycle="retired"))
    assert (await retired.ask("POST", "/pos/v1/sales", json=SALES)).status == 401


async def test_facts_are_taken_as_ever_during_a_brown_out():
    now = clock.now()
    window = {"begins": now - timedelta(minutes=1), "ends": now + timedelta(minutes=9)}
    bearer = token("till", kind="device", scopes=["pos:write"])
    reply = await door(land("pos", brownouts=[window])).ask("POST", "/pos/v1/sales", token=bearer, json=SALES)
    assert (reply.status, reply.told["doubt"]) == (202, None)


FIELDS = {"getOrder:lines.sku": {"deprecated": "2026-07-01", "sunset": "2027-01-01", "successor": "lines.article"}}


async def test_a_member_on_its_way_out_is_told_of_when_it_is_there():
    orders = door(land("orders", fields=FIELDS))
    reply = await orders.ask("GET", "/orders/v1/orders/with", token=token())
    assert reply.headers["link"] == (
        '</catalog/apis/orders/v1/openapi.json>; rel="deprecation"; title="lines.sku is deprecated since 2026-07-01; '
        'it may be gone from 2027-01-01 on; use lines.article"'
    )
    assert "link" not in (await orders.ask("GET", "/orders/v1/orders/without", token=token())).headers


async def test_the_served_document_marks_what_ends_where_it_ends_and_nowhere_else():
    life = {"lifecycle": "deprecated", "deprecated": "2026-07-01", "successor": "orders/v2"}
    path = "/catalog/apis/orders/v1/openapi.json"
    before = (await door(landscape()).ask("GET", path)).json
    after = (await door(land("orders", **life, fields=FIELDS)).ask("GET", path)).json
    assert after["info"]["x-tillway-lifecycle"] == {
        "state": "deprecated",
        "deprecated": "2026-07-01",
        "successor": "orders/v2",
    }
    operations = {node["operationId"]: node for item in after["paths"].values() for node in item.values()}
    assert all(node["deprecated"] for node in operations.values())
    schema = operations["getOrder"]["responses"]["200"]["content"]["application/json"]["schema"]
    sku = schema["properties"]["lines"]["items"]["properties"]["sku"]
    assert (sku["deprecated"], sku["x-sunset"], sku["x-successor"]) == (True, "2027-01-01", "lines.article")
    assert after["components"] == before["components"]


@pytest.mark.parametrize(
    ("life", "found"),
    [
        ({"lifecycle": "deprecated"}, "deprecated: is missing"),
        ({"deprecated": "2027-01-01", "sunset": "2026-01-01"}, "sunset: lies before `deprecated`"),
        ({"successor": "products/v3"}, "there is no version 'products/v3'"),
        ({"successor": "products/v1"}, "it cannot follow itself"),
        ({"lifecycle": "draft", "testers": ["nobody"]}, "there is no consumer 'nobody'"),
        ({"brownouts": [{"begins": "2026-02-02", "ends": "2026-02-01"}]}, "ends: lies before `begins`"),
        ({"fields": {"getProduct:nothing": {"deprecated": "2026-01-01"}}}, "the contract knows no such member"),
        ({"fields": {"getNothing:sku": {"deprecated": "2026-01-01"}}}, "the contract knows no such member"),
    ],
)
def test_a_life_that_does_not_hold_together_is_found(life, found):
    with pytest.raises(InvalidLandscape) as error:
        land(**life)
    assert found in str(error.value)
