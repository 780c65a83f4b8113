"""A person is erased from every room, which is proved by looking everywhere again, and business figures stay."""

from __future__ import annotations

import asyncio
import json
from uuid import UUID, uuid4

import pytest
from tests.contract.small_hub import NODE
from tests.pure.gateway.front_door import REALM, RING

from tillway import ids, sealing
from tillway.apis.erasure import ROOMS, pseudonym
from tillway.app.evidence import signing
from tillway.app.rooms import ROOMS as WITH_SCHEMA
from tillway.audit import Sealer
from tillway.cli.erasing import ROOMS as BY_COMMAND
from tillway.identity import SigningKeys
from tillway.journal import Event, appending, bar, by_subject
from tillway.postgres import Wanted

ERASURES = "/operations/v1/erasures"
ADA = "ada.lovelace@example.com"
WHY = {"reason": "asked for by letter, case 4711"}


@pytest.fixture
async def sealer(hub):
    """What moves entries of the audit to their place."""
    task = asyncio.create_task(Sealer(hub.db, NODE, signing(SigningKeys(hub.db, RING, REALM))).run())
    yield
    task.cancel()
    await asyncio.wait({task})


async def erase(hub, subject, **more):
    return await hub.post(ERASURES, {"subject": subject, **WHY, **more}, headers={"X-Deadline-Ms": "30000"})


async def placed(hub, **more):
    key = {"Idempotency-Key": str(uuid4())}
    order = {"lines": [{"sku": "TEE-CREW-S", "quantity": "1"}], **more}
    answer = await hub.post("/orders/v1/orders", order, headers=key)
    assert answer.status == 201
    await hub.get(f"/events/v1/feed?subject={answer.json['id']}&wait=5")
    return order, key, answer.json


async def anywhere(hub, value):
    """Tables that hold a value, looked for once more."""
    rooms = [await room.holds(hub.db, Wanted((value,))) for room in ROOMS.values()]
    return {each.table: each.columns for room in rooms for each in room if each.held}


def test_every_room_with_a_schema_is_looked_through():
    assert set(ROOMS) == {room.name for room in WITH_SCHEMA}


async def test_a_value_goes_from_every_room_and_the_figures_stay(hub, sealer):
    order, key, made = await placed(hub, reference=f"for {ADA.title()}")
    sale = {"till": "harbour-till", "epoch": "e", "sequence": 1, "customer": {"mail": ADA, "born": 1815}}
    recorded = (await hub.post("/pos/v1/sales", {"sales": [sale]})).json["sales"][0]
    assert recorded["status"] == "quarantined"
    await hub.post(f"/operations/v1/consumers/{ADA.replace('@', '-')}/suspension", {"reason": f"{ADA} called"})
    found = await anywhere(hub, ADA)
    assert {"records.orders", "records.sales", "journal.events", "gateway.idempotency"} <= set(found)

    looked = (await erase(hub, ADA, dry_run=True)).json
    assert (looked["kind"], looked["proved"]) == ("value", False)
    assert {each["table"] for each in looked["tables"] if each["held"]} >= set(found) - {"audit.staged"}
    assert set(await anywhere(hub, ADA)) >= {"records.orders", "journal.events"}

    done = (await erase(hub, ADA)).json
    assert done["proved"], [each for each in done["tables"] if each["left"]]
    assert not await anywhere(hub, ADA)
    kept = (await hub.get(f"/orders/v1/orders/{made['id']}")).json
    assert kept["reference"] == "for [erased]"
    assert {name: kept[name] for name in ("gross", "lines", "customer")} == {
        name: made[name] for name in ("gross", "lines", "customer")
    }
    repeated = await hub.post("/orders/v1/orders", order, headers=key)
    assert (repeated.status, repeated.json["id"]) == (201, made["id"])
    again = (await erase(hub, ADA)).json
    assert again["proved"]
    assert not any(each["erased"] for each in again["tables"])


async def test_the_evidence_names_a_digest_and_nobody(hub, sealer):
    done = (await erase(hub, "grace.hopper@example.com")).json
    assert done["subject"] == pseudonym(" Grace.Hopper@example.com ")
    sealed = None
    async with asyncio.timeout(20):
        while sealed is None:
            query = "SELECT personal FROM audit.entries WHERE operation = 'eraseSubject' AND subject = $1"
            sealed = await hub.db.fetchval(query, done["subject"])
            await asyncio.sleep(0.05)
    assert json.loads(sealed) == WHY
    assert not await anywhere(hub, "grace.hopper")


async def test_room_by_room_is_as_good_as_all_at_once(hub, sealer):
    _, key, made = await placed(hub)
    done = [(await erase(hub, made["id"], room=room)).json for room in ROOMS]
    assert all(each["proved"] for each in done)
    assert tuple(ROOMS) == BY_COMMAND
    (kept,) = await hub.db.fetch("SELECT * FROM gateway.idempotency WHERE key = $1", key["Idempotency-Key"])
    row = f"{kept['consumer']} {kept['key']}"
    answer = json.loads(sealing.opened("gateway.idempotency.body", row, kept["body"].decode()))
    assert (answer["id"], answer["customer"]) == (made["id"], "[erased]")


async def test_one_order_loses_its_customer_and_others_of_the_customer_do_not(hub, sealer):
    (_, _, one), (_, _, other) = await placed(hub), await placed(hub)
    done = (await erase(hub, one["id"])).json
    assert (done["kind"], done["proved"]) == ("entity", True)
    assert (await hub.get(f"/orders/v1/orders/{one['id']}")).json["customer"] is None
    assert (await hub.get(f"/orders/v1/orders/{other['id']}")).json["customer"] == "walk-in"
    (event,) = await by_subject(hub.db, one["id"])
    assert event.personal_json is None
    assert event.data["gross"] == one["gross"]


async def test_a_customer_is_found_by_the_exact_id_and_erased_everywhere(hub, sealer):
    _, key, made = await placed(hub, reference="walk-in-centre")
    done = (await erase(hub, "walk-in")).json
    assert (done["kind"], done["proved"]) == ("customer", True)
    kept = (await hub.get(f"/orders/v1/orders/{made['id']}")).json
    assert (kept["customer"], kept["reference"]) == (None, "walk-in-centre")
    body = await hub.db.fetchval("SELECT body FROM gateway.idempotency WHERE key = $1", key["Idempotency-Key"])
    assert body.startswith(sealing.PREFIX.encode())


async def test_what_comes_late_about_somebody_erased_loses_its_personal_members(hub):
    subject = str(ids.new())
    async with hub.db.transaction() as tx:
        await bar(tx, [subject])
    for count in (1, 2):
        late = [
            Event(type="order.accepted", subject=subject, data={}, personal={"customer": "ada"}, correlation="c")
            for _ in range(count)
        ]
        async with hub.db.transaction() as tx:
            tx.stage(appending(late))
    async with asyncio.timeout(20):
        while len(found := await by_subject(hub.db, subject)) < 3:
            await asyncio.sleep(0.02)
    assert {event.personal_json for event in found} == {None}


async def test_an_erasure_waits_for_what_is_being_appended_and_finds_it(hub):
    subject, held = str(ids.new()), asyncio.Event()
    event = Event(type="order.accepted", subject=subject, data={}, personal={"customer": "eve-adams"}, correlation="c")

    async def append():
        async with hub.db.transaction() as tx:
            tx.stage(appending([event]))
            await tx.fetchval("SELECT 1")
            held.set()
            await asyncio.sleep(0.2)

    async def barring():
        await held.wait()
        async with hub.db.transaction() as tx:
            await bar(tx, [subject])
        return await hub.db.fetchval(
            "SELECT (SELECT count(*) FROM journal.staged WHERE subject = $1) + "
            "(SELECT count(*) FROM journal.events WHERE subject = $1)",
            subject,
        )

    _, seen = await asyncio.gather(append(), barring())
    assert seen == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"subject": "eve", "reason": "asked"}, "/subject"),
        ({"subject": ADA, "reason": f"asked by {ADA}"}, "/reason"),
    ],
)
async def test_what_would_go_too_far_or_keep_the_person_is_refused(hub, body, pointer):
    answer = await hub.post(ERASURES, body)
    assert (answer.status, answer.json["violations"][0]["pointer"]) == (422, pointer)


async def test_an_entity_that_is_not_ours_is_not_found(hub):
    assert (await erase(hub, str(UUID(int=7)), kind="entity")).status == 404


async def test_an_address_that_names_somebody_is_told_and_left_to_its_owner(hub, sealer):
    url = f"https://192.0.2.1/hook?who={ADA}"
    wanted = {"types": ["order.placed"], "delivery": {"kind": "webhook", "url": url}}
    made = await hub.post("/subscriptions/v1/subscriptions", wanted)
    assert made.status in (201, 422)
    if made.status == 201:
        done = (await erase(hub, ADA, room="subscriptions")).json
        (left,) = [each for each in done["tables"] if each["left"]]
        assert (left["table"], left["columns"]) == ("subscriptions.subscriptions", ["url"])
        assert not done["proved"]
        await hub.ask("DELETE", f"/subscriptions/v1/subscriptions/{made.json['id']}")


async def test_the_reason_of_an_off_boarding_loses_its_person_and_the_off_boarding_stays(hub, sealer):
    reason = "left by Mary.Somerville@example.com"
    kept = "INSERT INTO identity.offboardings VALUES ('long-gone', $1, 'board', now(), 0, '{}')"
    await hub.db.fetch(kept, reason)
    assert await anywhere(hub, "mary.somerville@example.com") == {"identity.offboardings": ("reason",)}
    done = (await erase(hub, "mary.somerville@example.com")).json
    assert done["proved"]
    (told,) = [each for each in done["tables"] if each["table"] == "identity.offboardings"]
    assert (told["held"], told["erased"], told["left"]) == (1, 1, 0)
    rows = await hub.db.fetch("SELECT reason, by_whom FROM identity.offboardings WHERE consumer = 'long-gone'")
    assert [tuple(row) for row in rows] == [("left by [erased]", "board")]
