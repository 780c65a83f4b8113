"""Decisions explained over HTTP."""

from __future__ import annotations

import pytest
from tests.contract.small_hub import landscape

DECISIONS = "/operations/v1/decisions"


async def test_a_decision_tells_its_policies_and_what_may_be_touched(hub):
    found = (await hub.get(f"{DECISIONS}?consumer=station-till&operation=getSale&shop=station")).json
    assert (found["decision"], [policy["id"] for policy in found["policies"]]) == (
        "allow",
        ["tillway.scope", "tillway.listed-shops"],
    )
    assert (found["shops"], found["event_types"], found["release"]) == (
        {"all": False, "count": 1},
        ["price.changed", "sale.recorded"],
        hub.active.current.hash,
    )


async def test_a_refusal_tells_why(hub):
    hub.active.swap(landscape(ended={"shops": "*", "event_types": "*", "valid_until": "2026-01-31"}))
    other = (await hub.get(f"{DECISIONS}?consumer=station-till&operation=getSale&shop=harbour")).json
    assert (other["decision"], other["reason"]) == ("deny", "the shop harbour: no policy permits it")
    ended = (await hub.get(f"{DECISIONS}?consumer=ended&operation=getSale")).json
    assert (ended["decision"], ended["reason"]) == ("deny", "the access of ended ended 2026-01-31T23:00:00Z")
    refused = await hub.get("/prices/v1/prices/MUG-STON", by="ended")
    assert (refused.status, refused.json["detail"]) == (403, "the access of ended ended 2026-01-31T23:00:00Z")


@pytest.mark.parametrize(
    ("query", "status", "wrong"),
    [
        ("consumer=nobody&operation=getSale", 404, None),
        ("consumer=integrator&operation=getNothing", 422, "/query/operation"),
        ("consumer=integrator&operation=enrolDevice", 422, "/query/operation"),
        ("consumer=integrator&operation=getSale&shop=nowhere", 422, "/query/shop"),
        ("consumer=integrator", 422, "/query/operation"),
    ],
)
async def test_what_cannot_be_explained_is_said(hub, query, status, wrong):
    reply = await hub.get(f"{DECISIONS}?{query}")
    assert reply.status == status
    assert wrong is None or reply.json["violations"][0]["pointer"] == wrong
