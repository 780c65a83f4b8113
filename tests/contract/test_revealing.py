"""What is masked is a token, which those who may turn back into the value, for as long as the value stands there."""

from __future__ import annotations

import asyncio
import logging
from urllib.parse import quote

import pytest
from tests.contract.small_hub import landscape
from tests.contract.test_audit import told
from tests.contract.test_erasure import erase, sealer
from tests.contract.test_parked import at, parked
from tests.contract.test_sales import identity, record, sale

__all__ = ["parked", "sealer"]

WHY = {"reason": "the customer called about this order"}


def reveal_path(token):
    return f"/operations/v1/masked/{quote(token, safe='')}/reveal"


async def reveal(hub, token, **more):
    return await hub.post(reveal_path(token), WHY, **more)


async def shown(hub, parked):
    follower, position, _ = parked
    return (await hub.get(at(follower, position), raw=True)).json["event"]["data"]["customer"]


async def test_a_token_is_turned_back_by_those_who_may(hub, parked, caplog):
    _, position, order = parked
    token = await shown(hub, parked)
    assert token.startswith("[token:personal:")
    assert token == await shown(hub, parked)
    with caplog.at_level(logging.WARNING, logger="tillway.reveal"):
        reply = await reveal(hub, token, headers={"X-Correlation-Id": order["id"]})
    assert (reply.status, reply.json["value"]) == (200, "walk-in")
    assert (reply.json["kind"], reply.json["id"], reply.json["pointer"]) == ("event", str(position), "/data/customer")
    assert (await reveal(hub, token.strip("[]"))).json["value"] == "walk-in"
    (line,) = caplog.messages[:1]
    assert ("integrator had a personal value revealed" in line, WHY["reason"] in line, "walk-in" in line) == (
        True,
        True,
        False,
    )
    entries = [each for each in await told(hub, order["id"]) if each.operation == "revealToken"]
    assert [(each.kind_of, each.subject, each.status) for each in entries] == [
        ("act", f"event/{position}/data/customer", 200)
    ]
    assert WHY["reason"] in (entries[0].personal or "")


async def test_who_may_not_read_the_class_is_refused_and_told_of(hub, parked):
    hub.active.swap(landscape(clerk={"shops": "*", "event_types": "*"}))
    _, position, _ = parked
    token = await shown(hub, parked)
    reply = await reveal(hub, token, by="clerk", headers={"X-Correlation-Id": f"refused-{position}"})
    assert (reply.status, "personal may not be read by clerk" in reply.json["detail"]) == (403, True)
    (entry,) = await told(hub, f"refused-{position}")
    assert (entry.operation, entry.status, entry.subject) == ("revealToken", 403, f"event/{position}/data/customer")


@pytest.mark.parametrize(
    "change",
    [
        lambda token: token.replace("personal", "payment"),
        lambda token: token[:-2] + ("0" if token[-2] != "0" else "1") + "]",
        lambda token: "[token:personal:" + "ZXZlbnQKMQovZGF0YS9ncm9zcw==" + token[-34:],
        lambda _: "[masked:personal]",
        lambda _: "s1.aaaa.bbbb",
    ],
    ids=["another class", "another digest", "another place", "a mark", "a sealed value"],
)
async def test_only_what_this_hub_masked_is_a_token(hub, parked, change):
    reply = await reveal(hub, change(await shown(hub, parked)))
    assert (reply.status, reply.json["violations"][0]["rule"]) == (422, "token")


async def test_of_an_erased_person_no_token_tells(hub, parked, sealer):
    _, _, order = parked
    token = await shown(hub, parked)
    assert (await reveal(hub, token)).status == 200
    assert (await erase(hub, order["id"])).json["proved"]
    assert (await reveal(hub, token)).status == 404


async def test_a_payments_reference_in_quarantine_is_a_token_and_what_no_contract_knows_is_not(hub):
    sent = sale(gross="99.99", surprise="x")
    sent["tenders"] = [{**each, "reference": "auth-17"} for each in sent["tenders"]]
    await record(hub, sent)
    path = f"/operations/v1/sales/quarantined/{identity(sent)}"
    held = (await hub.get(path)).json["sale"]
    assert held["surprise"] == "[masked:secret]"
    token = held["tenders"][0]["reference"]
    assert token.startswith("[token:payment:")
    assert (await reveal(hub, token)).json["value"] == "auth-17"
    closed = await hub.post(f"{path}/close", {"reason": "booked by hand"})
    assert (closed.status, (await reveal(hub, token)).status) == (200, 409)


async def test_a_personal_subject_of_the_audit_is_a_token(hub, sealer):
    await hub.get("/operations/v1/traces/Jane Doe", headers={"X-Correlation-Id": "by-her-name"})
    async with asyncio.timeout(20):
        while not (found := (await hub.get("/operations/v1/audit/entries?correlation=by-her-name")).json["entries"]):
            await asyncio.sleep(0.02)
    token = found[0]["personal"]["subject"]
    assert (await reveal(hub, token)).json["value"] == "Jane Doe"
