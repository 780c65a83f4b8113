"""Customers through the front door: found by a body, created once, merged, and shown as the Grant says."""

from __future__ import annotations

import asyncio
from uuid import uuid4

from tests.contract.small_hub import SCOPES, landscape
from tests.pure.gateway.front_door import token

CUSTOMERS = "/customers/v1/customers"
SEARCHES = "/customers/v1/searches"


def somebody(**more):
    tag = uuid4().hex[:8]
    return {"name": f"Ada {tag}", "emails": [f"ada.{tag}@example.com"]} | more


async def test_the_same_customer_is_created_once_however_many_ask(hub):
    body = somebody()
    replies = await asyncio.gather(*(hub.post(CUSTOMERS, body) for _ in range(4)))
    assert sorted(reply.status for reply in replies) == [200, 200, 200, 201]
    assert len({reply.json["id"] for reply in replies}) == 1
    found = await hub.post(SEARCHES, {"email": body["emails"][0].upper()})
    assert [each["id"] for each in found.json["customers"]] == [replies[0].json["id"]]
    assert found.json["back_office"] == "not-asked"


async def test_that_the_back_office_is_away_keeps_nobody_waiting_and_is_said(hub):
    found = await hub.post(SEARCHES, {"phone": "+32 470 99 99 99"})
    assert (found.status, found.json) == (200, {"customers": [], "back_office": "unavailable"})
    assert (await hub.post(SEARCHES, {"phone": "0470 99 99 99"})).status == 422
    assert (await hub.post(SEARCHES, {})).status == 422


async def test_what_is_told_of_several_is_a_conflict(hub):
    one, other = somebody(), somebody()
    for each in (one, other):
        await hub.post(CUSTOMERS, each)
    assert (await hub.post(CUSTOMERS, somebody(emails=one["emails"] + other["emails"]))).status == 409


async def test_a_change_is_made_to_the_version_that_was_read(hub):
    made = (await hub.post(CUSTOMERS, somebody())).json
    path = f"{CUSTOMERS}/{made['id']}"
    changed = await patch(hub, path, {"phones": ["+32470123456"], "version": 1, "vat": "BE1"})
    assert (changed.status, changed.json["version"], changed.json["phones"]) == (200, 2, ["+32470123456"])
    assert (await patch(hub, path, {"name": "Eve", "version": 1})).status == 409
    assert (await patch(hub, path, {"vat": None})).json["vat"] is None
    for wrong in ({"phones": ["0470"]}, {"name": None}, {}, {"price_list": "nowhere"}, {"colour": "red"}):
        assert (await patch(hub, path, wrong)).status == 422, wrong


async def patch(hub, path, body, by="integrator"):
    return await hub.ask("PATCH", path, json=body, token=token(by, scopes=SCOPES))


async def test_both_ids_of_a_merge_answer_and_an_order_names_either(hub):
    one, other = [(await hub.post(CUSTOMERS, somebody())).json for _ in range(2)]
    merged = await hub.post(f"{CUSTOMERS}/{one['id']}/merges", {"customers": [other["id"]]})
    assert (merged.status, merged.json["also"]) == (200, [other["id"]])
    assert (await hub.get(f"{CUSTOMERS}/{other['id']}")).json == merged.json
    order = {"lines": [{"sku": "TEE-CREW-S", "quantity": "1"}]}
    placed = await hub.post("/orders/v1/orders", order | {"customer": other["id"]})
    assert (placed.status, placed.json["customer"]) == (201, one["id"])
    refused = await hub.post("/orders/v1/orders", order | {"customer": str(uuid4())})
    assert (refused.status, refused.json["violations"][0]["pointer"]) == (422, "/customer")


async def test_consents_are_kept_with_moment_and_source(hub):
    path = f"{CUSTOMERS}/{(await hub.post(CUSTOMERS, somebody())).json['id']}"
    body = {"purpose": "marketing-email", "source": "web-shop checkout", "at": "2026-11-01T10:00:00Z"}
    given = await hub.post(f"{path}/consents", body)
    assert given.json["consents"] == [body | {"granted": True}]
    taken = await hub.post(f"{path}/withdrawals", {"purpose": "marketing-email", "source": "phone call"})
    assert [each["granted"] for each in taken.json["consents"]] == [False]
    assert (await hub.post(f"{path}/consents", body)).json == taken.json  # an older decision that comes late
    assert (await hub.post(f"{path}/consents", body | {"at": "2999-01-01T00:00:00Z"})).status == 422


async def test_who_may_not_read_what_is_personal_sees_whom_and_what_was_agreed(hub):
    hub.active.swap(landscape(campaigns={"data_classes": [], "event_types": "*", "shops": "*"}))
    body = somebody(vat="BE1", phones=["+32470123457"])
    made = (await hub.post(CUSTOMERS, body)).json
    shown = (await hub.get(f"{CUSTOMERS}/{made['id']}", by="campaigns")).json
    assert shown == {
        "id": made["id"],
        "connection": "main",
        "status": "active",
        "company": False,
        "price_list": None,
        "consents": [],
        "also": [],
        "version": 1,
        "name": None,
        "vat": None,
        "extensions": {},
    }


async def test_an_erased_customer_is_nobody(hub):
    body = somebody()
    made = (await hub.post(CUSTOMERS, body)).json
    erasure = {"subject": body["emails"][0].upper(), "reason": "asked for by letter, case 4712"}
    told = await hub.post("/operations/v1/erasures", erasure, headers={"X-Deadline-Ms": "30000"})
    assert (told.status, told.json["proved"]) == (200, True)
    gone = (await hub.get(f"{CUSTOMERS}/{made['id']}")).json
    assert (gone["status"], gone["name"], gone["emails"]) == ("erased", None, [])
    assert (await patch(hub, f"{CUSTOMERS}/{made['id']}", {"name": "Ada"})).status == 409
    other = (await hub.post(CUSTOMERS, somebody(vat="BE77"))).json
    by_id = {"subject": other["id"], "reason": "asked for by letter, case 4713"}
    told = await hub.post("/operations/v1/erasures", by_id, headers={"X-Deadline-Ms": "30000"})
    assert (told.status, told.json["kind"]) == (200, "entity")
    assert (await hub.get(f"{CUSTOMERS}/{other['id']}")).json["status"] == "erased"


async def test_who_has_a_price_list_of_their_own_buys_at_it(hub):
    lines = [{"sku": "MUG-STON", "quantity": "4"}]
    trade = (await hub.post(CUSTOMERS, somebody(price_list="list"))).json["id"]
    plain = (await hub.post(CUSTOMERS, somebody())).json["id"]

    async def quoted(**more):
        quote = (await hub.post("/prices/v1/quotes", {"lines": lines, **more})).json
        return quote["price_list"], quote["price_list_of"], quote["net"]

    assert await quoted(customer=trade) == ("list", "customer", "39.60")
    assert await quoted(customer=trade, price_list="store-prices") == ("store-prices", "request", "34.00")
    for other in (plain, "walk-in", None):
        assert await quoted(customer=other) == ("store-prices", "consumer", "34.00")
    price = (await hub.get(f"/prices/v1/prices/MUG-STON?quantity=4&customer={trade}")).json
    assert (price["price_list"], price["amount"]) == ("list", "9.90")
    for customer, bought in ((trade, "list"), (plain, "store-prices")):
        order = (await hub.post("/orders/v1/orders", {"lines": lines, "customer": customer})).json
        assert (order["customer"], order["price_list"]) == (customer, bought)


async def test_at_which_list_somebody_buys_is_told_of_nobody_unknown(hub):
    lines = [{"sku": "MUG-STON", "quantity": "1"}]
    for nobody in (str(uuid4()), "no id at all"):
        asked = await hub.post("/prices/v1/quotes", {"lines": lines, "customer": nobody, "price_list": "list"})
        assert (asked.status, [each["pointer"] for each in asked.json["violations"]]) == (422, ["/customer"])
        asked = await hub.get(f"/prices/v1/prices/MUG-STON?customer={nobody}")
        assert (asked.status, [each["pointer"] for each in asked.json["violations"]]) == (422, ["/query/customer"])
