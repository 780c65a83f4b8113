"""What tells of a person or a card is planted wherever it can be sent, and looked for wherever something comes out."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from uuid import uuid4

import pytest
from tests.contract.small_hub import NODE, SCOPES
from tests.pure.gateway.front_door import REALM, RING, token

from tillway import telemetry
from tillway.apis.erasure import ROOMS
from tillway.app.evidence import signing
from tillway.audit import Sealer
from tillway.identity import SigningKeys
from tillway.postgres import Wanted

CARD, SPACED = "4111111111111111", "4111 1111 1111 1111"
MAIL, NAME, STREET = "canary.bird@example.com", "Canaria Vogel", "Finkenschlag 7b"
CANARIES = (CARD, SPACED, MAIL, NAME, STREET)

PARK = """
INSERT INTO journal.parked (follower, position, lane, partitionkey, event_id, behind, reason, detail, owner)
SELECT 'webhook canary', position, 0, partitionkey, id, false, 'poison', 'the receiver answered 400', 'it'
FROM journal.events WHERE subject = $1 ORDER BY position LIMIT 1
"""


@pytest.fixture
def logged(capsys):
    """All that this process logs, written as processes of the hub write it."""
    stream = io.StringIO()
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    telemetry.configure("DEBUG", process="canary")
    (handler,) = [each for each in root.handlers if each not in before] or root.handlers[-1:]
    handler.stream = stream
    yield stream
    root.handlers[:] = before
    root.setLevel(level)


async def story(hub):
    """What a consumer may send, sound and not; every answer."""
    answers = []

    async def send(method, path, **more):
        answers.append(await hub.ask(method, path, token=token("integrator", scopes=SCOPES), **more))
        return answers[-1]

    line = {"sku": "TEE-CREW-S", "quantity": "1"}
    correlated = {"X-Correlation-Id": MAIL, "Idempotency-Key": f"{CARD}-{uuid4()}", "User-Agent": NAME}
    placed = await send("POST", "/orders/v1/orders", json={"lines": [line]}, headers=correlated)
    for wrong in (
        {"lines": [line], "reference": SPACED},
        {"lines": [line], "customer": NAME},
        {"lines": [line], "customer": CARD},
        {"lines": [{"sku": MAIL, "quantity": STREET}]},
        {"lines": [line], MAIL: {NAME: CARD}, SPACED: 1},
    ):
        await send("POST", "/orders/v1/orders", json=wrong, headers={"Idempotency-Key": MAIL})
    sale = {
        "till": "harbour-till",
        "epoch": "canary",
        "sequence": 1,
        "tenders": [{"kind": "card", "amount": "1", "reference": SPACED}],
        "note": f"{NAME}, {STREET}",
        MAIL: {"pan": int(CARD), "mail": MAIL},
    }
    sold = await send("POST", "/pos/v1/sales", json={"sales": [sale]})
    for path in (
        f"/products/v1/products/{MAIL}",
        f"/orders/v1/orders/{CARD}",
        f"/pos/v1/sales?name={MAIL}&card={CARD}",
    ):
        await send("GET", path)
    await send("GET", "/products/v1/products", headers={"X-Api-Key": CARD, "Cookie": MAIL, "traceparent": NAME})
    hook = {"kind": "webhook", "url": f"https://192.0.2.1/{CARD}"}
    await send("POST", "/subscriptions/v1/subscriptions", json={"types": ["order.placed"], "delivery": hook})
    await send("PUT", "/operations/v1/tokens/canary/revocation", json={"reason": f"{MAIL} lost {CARD}"})
    await send("POST", "/orders/v1/orders", body=f'{{"lines": [{{"sku": "{MAIL}'.encode())
    await hub.ask("GET", f"/nowhere/{MAIL}", token=f"{CARD}.{MAIL}.x")
    assert placed.status == 201, placed.json
    return placed.json["id"], sold.json["sales"][0]["id"], answers


async def looks(hub, order, sale):
    """What people who run the hub see, and what a consumer without personal data is told."""
    await hub.get(f"/events/v1/feed?subject={order}&wait=5")
    await hub.db.fetchval(PARK, order)
    position = await hub.db.fetchval("SELECT position FROM journal.parked WHERE follower = 'webhook canary'")
    paths = (
        f"/operations/v1/parked/webhook%20canary/{position}",
        "/operations/v1/parked",
        "/operations/v1/journal",
        f"/operations/v1/traces/{order}",
        f"/operations/v1/traces/{sale}",
        "/operations/v1/exceptions",
        "/operations/v1/audit/entries",
        "/operations/v1/consumers/integrator/usage",
        "/operations/v1/sales/quarantined",
        "/metrics",
    )
    by_operator = token("integrator", scopes=SCOPES)
    shown = [(path, await hub.ask("GET", path, token=by_operator, raw=True)) for path in paths]
    return [*shown, ("feed", await hub.ask("GET", "/events/v1/feed", token=token("station-till", scopes=SCOPES)))]


def told(text, *, within=CANARIES):
    return [canary for canary in within if canary.lower() in text.lower()]


@pytest.fixture
async def sealer(hub):
    """What moves entries of the audit to their place."""
    task = asyncio.create_task(Sealer(hub.db, NODE, signing(SigningKeys(hub.db, RING, REALM))).run())
    yield
    task.cancel()
    await asyncio.wait({task})


async def test_what_tells_of_a_person_or_a_card_comes_out_nowhere(hub, sealer, logged):
    order, sale, answers = await story(hub)
    async with asyncio.timeout(20):
        while await hub.db.fetchval("SELECT count(*) FROM audit.staged") or not await hub.db.fetchval(
            "SELECT count(*) FROM audit.entries WHERE operation = 'revokeToken'"
        ):
            await asyncio.sleep(0.05)
    problems = [answer for answer in answers if answer.status >= 400]
    assert len(problems) >= 8
    assert [
        (answer.json["type"], told(answer.content.decode())) for answer in problems if told(answer.content.decode())
    ] == []
    for path, answer in await looks(hub, order, sale):
        assert (path, answer.status, told(answer.content.decode())) == (path, 200, [])
    assert told(logged.getvalue()) == []
    in_clear = {}
    for room in ROOMS.values():
        for canary in CANARIES:
            for table, column in await clear_columns(hub.db, room.schema, canary):
                in_clear.setdefault(canary, []).append(f"{table}.{column}")
    assert in_clear == {}
    cards = [await room.holds(hub.db, Wanted((CARD, SPACED))) for room in ROOMS.values()]
    assert [(each.table, each.columns) for room in cards for each in room if each.held] == []


async def clear_columns(db, schema, value):
    """Columns that hold a value as it is."""
    columns = await db.fetch(
        "SELECT table_name, column_name FROM information_schema.columns JOIN information_schema.tables "
        "USING (table_schema, table_name) WHERE table_schema = $1 AND table_type = 'BASE TABLE' "
        "AND data_type IN ('text', 'jsonb', 'json', 'bytea', 'ARRAY', 'character varying')",
        schema,
    )
    found = []
    for table, column in columns:
        text = f"SELECT count(*) FROM {schema}.{table} WHERE {column}::text ILIKE $1 OR {column}::text ILIKE $2"
        if await db.fetchval(text, f"%{value}%", f"%{json.dumps(value)[1:-1].encode().hex()}%"):
            found.append((table, column))
    return found
