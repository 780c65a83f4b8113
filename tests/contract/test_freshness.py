"""How fresh each domain is, as a person asks it."""

from __future__ import annotations

from tests.contract.small_hub import CONTENT, texts

from tillway.landscape import build
from tillway.records.refreshing.progress import Progress, saving

DOMAINS = {
    "domains": {
        "prices": {
            "owner": "pricing",
            "flows": {
                "urgent-changes": {"mode": "event", "staleness_seconds": 86_400, "reason": "shelf and till agree"},
                "checkout": {"mode": "synchronous", "reason": "a customer waits"},
            },
        }
    }
}


async def test_flows_are_held_against_what_was_measured(hub):
    hub.active.swap(build(texts(more=DOMAINS)))
    found = await hub.get("/operations/v1/freshness?days=7")
    assert found.status == 200
    (prices,) = (each for each in found.json["domains"] if each["domain"] == "prices")
    flows = {flow["flow"]: flow for flow in prices["flows"]}
    assert (found.json["days"], prices["domain"], set(flows) >= {"urgent-changes", "checkout"}) == (7, "prices", True)
    readings = {each["name"]: each for each in prices["measured"] if each["kind"] == "reading"}
    assert readings["prices"]["shops"] == ["harbour", "station"]
    assert 0 <= readings["prices"]["seconds"] < 86_400


async def test_what_nothing_carries_is_said_to_be_so(hub):
    found = (await hub.get("/operations/v1/freshness")).json["domains"]
    (reporting,) = (each for each in found if each["domain"] == "reporting")
    assert {flow["verdict"] for flow in reporting["flows"]} == {"not-measured"}


async def test_the_stock_of_each_company_is_measured_for_its_own_shops(hub):
    hub.active.swap(
        build(texts(more={"shops": {**CONTENT["shops"], "station": CONTENT["shops"]["station"] | {"company": 2}}}))
    )
    async with hub.db.transaction() as tx:
        for domain in ("stock", "stock/2"):
            tx.stage(saving("main", domain, Progress(loaded=True)))
    found = (await hub.get("/operations/v1/freshness")).json["domains"]
    (inventory,) = (each for each in found if each["domain"] == "inventory")
    readings = {each["name"]: each["shops"] for each in inventory["measured"] if each["kind"] == "reading"}
    assert readings == {"stock": ["harbour"], "stock/2": ["station"]}
