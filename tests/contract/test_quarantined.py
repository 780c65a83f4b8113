"""Sales in quarantine as a person looks at them, releases and closes them."""

from __future__ import annotations

import asyncio
from itertools import count
from uuid import uuid4

import pytest
from tests.contract.test_sales import identity, record, sale

QUARANTINED = "/operations/v1/sales/quarantined"
NUMBERS = count(50_000)
WHY = {"reason": "looked at it with the shop"}


async def kept_apart(hub, *, by="integrator", **changes):
    """The id under which a sale with something wrong is kept, and the sale."""
    sent = sale(**{"sequence": next(NUMBERS), **changes})
    reply = await record(hub, sent, by=by)
    assert reply.status == 202
    return reply.json["sales"][0]["id"], sent


def at(sale_id, act=""):
    return f"{QUARANTINED}/{sale_id}{act}"


async def told(hub, sale_id, count):
    """The events of a sale, as soon as there are so many."""
    async with asyncio.timeout(20):
        while len(found := (await hub.get(f"/events/v1/feed?subject={sale_id}&limit=500")).json["events"]) < count:
            await asyncio.sleep(0.005)
    return found


async def test_a_sale_in_quarantine_is_listed_and_shown_with_what_no_contract_names_masked(hub):
    sale_id, _ = await kept_apart(hub, surprise="a name", gross="99.99")
    listed = (await hub.get(QUARANTINED)).json["sales"]
    (item,) = [each for each in listed if each["id"] == sale_id]
    assert (item["gross"], item["owner"], item["consumer"]) == ("99.99", "integration", "integrator")
    shown = (await hub.get(at(sale_id))).json
    assert (shown["sale"]["surprise"], shown["sale"]["gross"]) == ("[masked:secret]", "99.99")
    assert (await hub.get(at(uuid4()))).status == 404


async def test_a_sale_that_adds_up_is_released_as_it_stands(hub):
    """Its sender might not send it: that is what the person decides."""
    sale_id, sent = await kept_apart(hub, by="station-till")
    assert (await hub.get(at(sale_id))).json["violations"][0]["rule"] == "grant"
    key = {"Idempotency-Key": str(uuid4())}
    first, second = [await hub.post(at(sale_id, "/release"), WHY, headers=key) for _ in range(2)]
    assert (first.status, first.json["status"], first.json["corrected"]) == (200, "recorded", [])
    assert second.json == first.json
    events = await told(hub, sale_id, 3)
    assert [event["type"] for event in events] == [
        "tillway.sale.quarantined.v1",
        "tillway.sale.released.v1",
        "tillway.sale.recorded.v1",
    ]
    assert len({event["correlationid"] for event in events}) == 1
    assert {event["causationid"] for event in events[1:]} == {events[0]["id"]}
    released = events[1]["data"]
    assert (released["by"], released["reason"], released["shop"]) == ("integrator", WHY["reason"], "harbour")
    again = await record(hub, sent)
    assert again.json["sales"] == [{"id": sale_id, "status": "duplicate"}]
    assert (await hub.get(at(sale_id))).status == 409


async def test_what_does_not_add_up_is_released_only_when_put_right(hub):
    sale_id, sent = await kept_apart(hub, gross="99.99", surprise=1)
    refused = await hub.post(at(sale_id, "/release"), WHY)
    assert (refused.status, refused.json["violations"][0]["pointer"]) == (422, "/surprise")
    half = {**WHY, "corrections": {"surprise": None}}
    assert (await hub.post(at(sale_id, "/release"), half)).status == 422
    whole = {**WHY, "corrections": {"surprise": None, "gross": "23.94"}}
    reply = await hub.post(at(sale_id, "/release"), whole)
    assert (reply.status, reply.json["corrected"]) == (200, ["gross", "surprise"])
    held = (await hub.get(f"/pos/v1/sales/{sale_id}")).json
    assert (held["status"], held["sale"]["gross"]) == ("recorded", "23.94")
    assert "99.99" in await hub.db.fetchval("SELECT document::text FROM records.sales WHERE id::text = $1", sale_id)
    recorded = (await told(hub, sale_id, 3))[-1]["data"]
    assert (recorded["gross"], recorded["sequence"]) == ("23.94", sent["sequence"])


@pytest.mark.parametrize("corrections", [{"sequence": 999_999}, {"till": "station-till"}])
async def test_its_identity_cannot_be_put_right(hub, corrections):
    sale_id, _ = await kept_apart(hub, gross="99.99")
    reply = await hub.post(at(sale_id, "/release"), {**WHY, "corrections": corrections})
    assert reply.status == 409


async def test_a_second_content_of_a_known_sale_is_only_closed(hub):
    sent = sale(sequence=next(NUMBERS))
    await record(hub, sent)
    reply = await record(hub, {**sent, "sold_at": "2026-11-23T11:15:00Z"})
    other = reply.json["sales"][0]["id"]
    assert other != identity(sent)
    assert (await hub.post(at(other, "/release"), WHY)).status == 409
    assert (await hub.post(at(other, "/close"), WHY)).json["status"] == "closed"
    assert [event["type"] for event in await told(hub, other, 2)][-1] == "tillway.sale.closed.v1"
    assert (await hub.post(at(other, "/close"), WHY)).status == 409


async def test_what_could_never_be_read_is_closed(hub):
    reply = await record(hub, {"garbage": True})
    sale_id = reply.json["sales"][0]["id"]
    assert (await hub.post(at(sale_id, "/release"), WHY)).status == 409
    assert (await hub.post(at(sale_id, "/close"), WHY)).status == 200
    assert (await hub.get(f"/pos/v1/sales/{sale_id}")).json["status"] == "closed"


async def test_a_card_number_in_a_correction_is_refused(hub):
    """A correction is a request, not a fact: whoever makes it can make it again without the number."""
    sale_id, _ = await kept_apart(hub, gross="99.99")
    card = [{"kind": "card", "amount": "23.94", "reference": "4111 1111 1111 1111"}]
    fixed = {**WHY, "corrections": {"gross": "23.94", "tenders": card}}
    reply = await hub.post(at(sale_id, "/release"), fixed)
    assert reply.status == 422
    assert [(each["pointer"], each["rule"]) for each in reply.json["violations"]] == [
        ("/corrections/tenders/0/reference", "pan")
    ]
    assert "4111" not in reply.content.decode()
