"""Recording sales: each judged alone, none refused."""

from __future__ import annotations

from itertools import count

import pytest
from tests.contract.small_hub import SCOPES, landscape
from tests.pure.gateway.front_door import token

from tillway.contracts import load, resolve
from tillway.retail import sale_id

SALES = "/pos/v1/sales"
PRINTED = resolve(
    load().document("pos").content, "/paths/~1sales/post/requestBody/content/application~1json/example/sales/0"
)
NUMBERS = count(100)


def sale(**changes):
    return {**PRINTED, "sequence": next(NUMBERS), **changes}


def identity(sent):
    return sale_id(sent["till"], sent["epoch"], sent["sequence"])


async def record(hub, *sales, **more):
    return await hub.post(SALES, {"sales": list(sales)}, **more)


def rules(result):
    return {(each["pointer"], each["rule"]) for each in result["violations"]}


async def test_a_sound_sale_is_recorded_once(hub):
    sent = sale()
    first, second = await record(hub, sent), await record(hub, sent)
    assert (first.status, first.json) == (201, {"sales": [{"id": identity(sent), "status": "recorded"}]})
    assert (second.status, second.json) == (201, {"sales": [{"id": identity(sent), "status": "duplicate"}]})
    assert first.headers["location"] == f"{SALES}/{identity(sent)}"


async def test_what_the_hub_holds_of_a_sale_can_be_read(hub):
    sent = sale()
    reply = await record(hub, sent)
    held = (await hub.get(reply.headers["location"])).json
    assert (held["status"], held["shop"], held["violations"], held["owner"]) == ("recorded", "harbour", [], None)
    assert held["sale"] == {"id": identity(sent), **sent}
    assert (await hub.get(reply.headers["location"], by="station-till")).status == 404


async def test_each_sale_of_a_batch_is_judged_alone(hub):
    good, bad = sale(), sale(gross="99.99")
    reply = await record(hub, good, bad, good)
    assert reply.status == 202
    assert [result["status"] for result in reply.json["sales"]] == ["recorded", "quarantined", "duplicate"]
    assert "location" not in reply.headers


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"gross": "99.99"}, ("/gross", None)),
        ({"gross": 23.94}, ("/gross", "type")),
        ({"lines": "none"}, ("/lines", "type")),
        ({"surprise": 1}, ("/surprise", "additionalProperties")),
        ({"tenders": [{"kind": "gold", "amount": "23.94"}]}, ("/tenders/0/kind", "enum")),
        ({"shop": "moon"}, ("/shop", "shop")),
        ({"till": "station-till"}, ("/till", "till")),
        ({"id": "0198c1f2-3a4b-7c5d-8e6f-0123456789ab"}, ("/id", "id-derived")),
        ({"epoch": "a\u0000b"}, ("/epoch", "nul")),
    ],
)
async def test_a_sale_with_something_wrong_is_kept_in_quarantine(hub, change, rule):
    reply = await record(hub, sale(**change))
    (result,) = reply.json["sales"]
    assert (reply.status, result["status"]) == (202, "quarantined")
    pointer, name = rule
    assert pointer in {each["pointer"] for each in result["violations"]}
    assert name is None or rule in rules(result)
    held = (await hub.get(f"{SALES}/{result['id']}")).json
    assert (held["status"], held["owner"]) == ("quarantined", "integration")
    assert held["violations"] == result["violations"]


@pytest.mark.parametrize("missing", ["till", "epoch", "sequence"])
async def test_a_sale_that_cannot_be_identified_is_kept_under_an_id_of_its_content(hub, missing):
    sent = sale()
    del sent[missing]
    first, second = await record(hub, sent), await record(hub, sent)
    assert (first.status, first.json["sales"][0]["status"]) == (202, "quarantined")
    # A sender that lost the first answer learns the same from the second.
    assert (second.status, second.json) == (202, first.json)


async def test_whatever_is_an_object_is_kept(hub):
    reply = await record(hub, {}, {"nested": {"deep": [None, 1e300, -0.0, 10**40]}}, {"a\u0000": "\u0000"})
    assert (reply.status, [result["status"] for result in reply.json["sales"]]) == (202, ["quarantined"] * 3)


async def test_what_is_nested_without_end_is_kept_as_far_as_it_can_be(hub):
    deep = b'{"a":' * 900 + b"1" + b"}" * 900
    reply = await hub.ask("POST", SALES, body=b'{"sales":[%b]}' % deep, token=token("integrator", scopes=SCOPES))
    (result,) = reply.json["sales"]
    assert (reply.status, ("", "depth") in rules(result)) == (202, True)
    assert (await hub.get(f"{SALES}/{result['id']}")).status == 200


async def test_the_same_identity_with_other_content_is_kept_beside_the_first(hub):
    sent = sale()
    await record(hub, sent)
    reply = await record(hub, sent | {"sold_at": "2026-11-23T11:00:00Z"})
    (result,) = reply.json["sales"]
    assert (reply.status, result["status"], result["id"] != identity(sent)) == (202, "quarantined", True)
    assert rules(result) == {("/sequence", "conflict")}


async def test_a_card_number_is_cut_before_anything_is_kept(hub):
    paid = [{"kind": "card", "amount": "23.94", "reference": "4111 1111 1111 1111"}]
    for sent in (sale(tenders=paid), sale(tenders=paid, note=4111111111111111)):
        (result,) = (await record(hub, sent)).json["sales"]
        row = await hub.db.fetchval("SELECT document::text FROM records.sales WHERE id = $1", result["id"])
        assert ("1111 1111" in row, "4111111111111111" in row) == (False, False)


async def test_numbers_that_are_no_cards_stay_whole(hub):
    sent = sale(lines=[PRINTED["lines"][0] | {"gtin": "4111111111111111"[:13]}])
    (result,) = (await record(hub, sent)).json["sales"]
    held = (await hub.get(f"{SALES}/{result['id']}")).json
    assert held["sale"]["lines"][0]["gtin"] == "4111111111111"


async def test_a_sale_for_another_shop_than_the_senders_is_kept_in_quarantine(hub):
    reply = await record(hub, sale(), by="station-till")
    assert (reply.status, rules(reply.json["sales"][0])) == (202, {("/shop", "grant")})


async def test_a_sale_of_a_revoked_sender_is_kept_in_quarantine(hub):
    hub.active.swap(landscape(**{"station-till": {"shop": "station", "scopes": ["pos:read"]}}))
    sent = sale(shop="station", till="station-till")
    reply = await hub.ask("POST", SALES, json={"sales": [sent]}, token=token("station-till", scopes=SCOPES))
    assert (reply.status, ("", "sender") in rules(reply.json["sales"][0])) == (202, True)
    assert (await hub.get(f"{SALES}/{identity(sent)}")).json["status"] == "quarantined"


async def test_other_content_of_a_sale_is_not_lost_in_one_batch_either(hub):
    first = sale()
    reply = await record(hub, first, first | {"sold_at": "2026-11-23T11:00:00Z"})
    assert [result["status"] for result in reply.json["sales"]] == ["recorded", "quarantined"]


async def test_a_large_batch_is_taken_whole_and_in_order(hub):
    sent = [sale() for _ in range(120)]
    reply = await record(hub, *sent)
    assert reply.status == 201
    assert [result["id"] for result in reply.json["sales"]] == [identity(each) for each in sent]


async def test_recorded_and_quarantined_sales_are_told(hub):
    good, bad = sale(), sale(gross="1")
    await record(hub, good, bad)
    told = [(await hub.get(f"/events/v1/feed?subject={identity(each)}&wait=5")).json["events"] for each in (good, bad)]
    assert [[event["type"] for event in events] for events in told] == [
        ["tillway.sale.recorded.v1"],
        ["tillway.sale.quarantined.v1"],
    ]
