"""Every request is told of: a write in the transaction that makes it true, everything else soon after."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest
from tests.contract.small_hub import NODE
from tests.contract.test_examples import WRITING, example
from tests.pure.gateway.front_door import REALM, token

from tillway import apis, clock
from tillway.app.evidence import signing
from tillway.audit import Entry, Sealer
from tillway.identity import SigningKeys

ORDER = {"lines": [{"sku": "TEE-CREW-S", "quantity": "1"}]}
AUDIT = "/operations/v1/audit"


async def told(hub, correlation: str, count: int = 1) -> list[Entry]:
    """The entries of a correlation that wait for the sealer, once there are so many."""
    async with asyncio.timeout(20):
        while True:
            rows = await hub.db.fetch(
                "SELECT line FROM audit.staged WHERE line LIKE $1 ORDER BY id", f"%{correlation}%"
            )
            if len(rows) >= count:
                return [msgspec.json.decode(row[0], type=Entry) for row in rows]
            await asyncio.sleep(0.01)


@pytest.fixture
async def sealed(hub):
    """Seals and anchors what is there, on demand."""
    keys = await SigningKeys.open(hub.db, REALM, now=clock.now())
    sealer = Sealer(hub.db, NODE, signing(keys), lease_seconds=60)
    await hub.db.fetch("UPDATE audit.head SET expires_at = '-infinity'")
    assert await sealer.lease()

    async def seal() -> None:
        while await sealer.step():
            pass
        await sealer.anchor(due=True)

    return seal


@pytest.mark.parametrize(("document", "operation"), [each for each in WRITING if each.values[1].writes])
async def test_a_write_without_its_entry_does_not_happen(hub, document, operation):
    """The entry cannot be kept: then nothing else of this request is kept either."""
    correlation = f"no-evidence-{uuid4()}"
    table = "audit.staged"
    await hub.db.fetch(f"ALTER TABLE {table} ADD CONSTRAINT none CHECK (line NOT LIKE '%{correlation}%')")
    try:
        body, _ = example(document, operation)
        if isinstance(body, dict):
            # What only looks writes nothing, and its entry comes later.
            body.pop("dry_run", None)
        reply = await hub.post(operation.path, body, headers={"X-Correlation-Id": correlation})
    finally:
        await hub.db.fetch(f"ALTER TABLE {table} DROP CONSTRAINT none")
    assert (reply.status, reply.json["detail"]) == (500, "unexpected CheckViolationError")
    assert await hub.db.fetchval("SELECT count(*) FROM journal.staged WHERE correlationid = $1", correlation) == 0
    assert await hub.db.fetchval("SELECT count(*) FROM journal.events WHERE correlationid = $1", correlation) == 0
    (entry,) = await told(hub, correlation)
    assert (entry.operation, entry.status, entry.kind_of) == (operation.id, 500, "refusal")


# What was learnt from a back office is kept also when the request comes to nothing, and an address before it is given out.
LEARNT = {"carded.py: self._db.transaction(", "customers.py: db.transaction(", "hooking.py: self._db.transaction("}


def test_no_handler_opens_a_transaction_but_that_of_its_request():
    """`ask.transaction` is what takes the entry along."""
    here = Path(apis.__file__).parent
    opened = [
        f"{path.name}: {found}"
        for path in here.glob("*.py")
        for found in re.findall(r"\S+\.transaction\(", path.read_text())
        if found != "ask.transaction("
    ]
    assert set(opened) == LEARNT


async def test_a_write_is_told_of_once_with_what_was_made(hub):
    correlation = f"c-{uuid4()}"
    reply = await hub.post("/orders/v1/orders", ORDER, headers={"X-Correlation-Id": correlation})
    (entry,) = await told(hub, correlation)
    assert (entry.principal, entry.kind, entry.actor) == ("integrator", "machine", None)
    assert (entry.operation, entry.api, entry.status, entry.kind_of) == ("placeOrder", "orders", 201, "write")
    assert (entry.subject, entry.code, entry.count, entry.personal) == (reply.json["id"], None, 1, None)
    assert entry.release == hub.active.current.hash
    await hub.get(f"/orders/v1/orders/{entry.subject}", headers={"X-Correlation-Id": correlation})
    first, second = await told(hub, correlation, 2)
    assert first == entry
    assert (second.operation, second.kind_of, second.subject) == ("getOrder", "read", entry.subject)


async def test_a_repetition_says_that_it_is_one(hub):
    headers = {"X-Correlation-Id": f"c-{uuid4()}", "Idempotency-Key": str(uuid4())}
    for _ in range(2):
        assert (await hub.post("/orders/v1/orders", ORDER, headers=headers)).status == 201
    first, second = await told(hub, headers["X-Correlation-Id"], 2)
    assert (first.code, second.code, second.status) == (None, "idempotency-replayed", 201)


async def test_who_is_refused_is_told_of_with_the_reason(hub):
    correlation = {"X-Correlation-Id": f"c-{uuid4()}"}
    asked = {"token": token("integrator", scopes=["prices:read"]), "headers": correlation}
    assert (await hub.ask("GET", "/products/v1/products", **asked)).status == 403
    (entry,) = await told(hub, correlation["X-Correlation-Id"])
    assert (entry.principal, entry.status, entry.kind_of) == ("integrator", 403, "refusal")
    assert entry.code is not None


async def test_strangers_are_counted_not_listed(hub):
    for _ in range(40):
        assert (await hub.ask("GET", "/products/v1/products")).status == 401
    async with asyncio.timeout(20):
        while True:
            lines = [row[0] for row in await hub.db.fetch("SELECT line FROM audit.staged WHERE line LIKE '%,401,%'")]
            found = [msgspec.json.decode(line, type=Entry) for line in lines]
            if sum(each.count for each in found) == 40:
                break
            await asyncio.sleep(0.01)
    assert len(found) <= 3
    assert {(each.principal, each.operation) for each in found} == {(None, "listProducts")}


async def test_a_subject_that_is_no_id_counts_as_personal(hub):
    correlation = {"X-Correlation-Id": f"c-{uuid4()}"}
    await hub.get("/operations/v1/traces/jane@example.com", headers=correlation)
    (entry,) = await told(hub, correlation["X-Correlation-Id"])
    assert entry.subject is None
    assert entry.personal == '{"subject":"[masked:personal]"}'


async def test_the_audit_is_searched_exported_and_verified(hub, sealed):
    correlation = f"c-{uuid4()}"
    order = (await hub.post("/orders/v1/orders", ORDER, headers={"X-Correlation-Id": correlation})).json
    await told(hub, correlation)
    await sealed()
    by_correlation = (await hub.get(f"{AUDIT}/entries?correlation={correlation}")).json["entries"]
    by_subject = (await hub.get(f"{AUDIT}/entries?subject={order['id']}&outcome=done")).json["entries"]
    assert by_correlation == by_subject
    assert [each["operation"] for each in by_subject] == ["placeOrder"]
    newest = (await hub.get(f"{AUDIT}/entries?limit=1")).json
    older = (await hub.get(f"{AUDIT}/entries?limit=1&after={newest['next']}")).json
    assert int(older["entries"][0]["number"]) == int(newest["entries"][0]["number"]) - 1
    exported, after = [], None
    while True:
        page = (await hub.get(f"{AUDIT}/export?limit=7" + (f"&after={after}" if after else ""))).json
        exported += page["entries"]
        after = page["next"]
        if after is None:
            break
    assert [each["number"] for each in exported] == list(range(1, len(exported) + 1))
    later = (clock.now() + timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    assert (await hub.get(f"{AUDIT}/export?from={later}")).json == {"entries": [], "next": None}
    found = (await hub.get(f"{AUDIT}/verification?limit=20000")).json
    assert (found["holds"], found["checked"], found["next"]) == (True, len(exported), None)
    await hub.db.fetch("UPDATE audit.entries SET principal = 'somebody' WHERE number = 2")
    found = (await hub.get(f"{AUDIT}/verification?limit=20000")).json
    assert (found["holds"], found["broken"]["what"], found["broken"]["number"]) == (False, "changed", 2)
    await hub.db.fetch("TRUNCATE audit.entries, audit.anchors")
    await hub.db.fetch("UPDATE audit.head SET number = 0, anchor = 0")
    await hub.db.fetch("UPDATE audit.chains SET seq = 0, hash = floor_hash, floor_seq = 0")


async def test_usage_tells_operations_fields_and_what_no_contract_knows(hub):
    order = {"lines": [{"sku": "TEE-CREW-S", "quantity": "1"}], "reference": str(uuid4())}
    assert (await hub.post("/orders/v1/orders", order, by="station-till")).status == 201
    assert (await hub.post("/orders/v1/orders", order | {"colour": "red"}, by="station-till")).status == 422
    await hub.get("/products/v1/products?limit=2", by="station-till")
    async with asyncio.timeout(20):
        while True:
            usage = (await hub.get("/operations/v1/consumers/station-till/usage")).json
            by = {each["operation"]: each for each in usage["operations"]}
            if {"placeOrder", "listProducts"} <= set(by) and by["placeOrder"]["calls"] == 2:
                break
            await asyncio.sleep(0.05)
    assert by["placeOrder"]["refused"] == 1
    fields = {(each["direction"], each["pointer"]) for each in by["placeOrder"]["fields"]}
    assert {("sent", "/lines/*/sku"), ("sent", "/reference"), ("read", "/id"), ("unknown", "/colour")} <= fields
    assert ("sent", "/colour") not in fields
    fields = {(each["direction"], each["pointer"]) for each in by["listProducts"]["fields"]}
    assert {("sent", "/query/limit"), ("read", "/products/*/sku")} <= fields
