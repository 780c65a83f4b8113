"""A change from its proposal to its release and back, as people, machines and operators meet it."""

from __future__ import annotations

import asyncio
import copy
import json
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from tests.contract.small_hub import SCOPES, opened, signed, texts
from tests.postgres_cluster import run
from tests.pure.gateway.front_door import REALM, RING, token

from tillway import clock, ids
from tillway.governance import Enforcing, landscape_of
from tillway.postgres import Database
from tillway.tokens import Claims, sign

# Within this all nodes run what was published.
SECONDS = 2.0

PEOPLE = {
    "ann": ("architect",),
    "bob": ("architect", "security"),
    "cid": ("retail",),
    "dee": ("security",),
}
GOVERNING = {
    "sign_in": {
        "issuer": "https://people.example.com",
        "client_id": "hub",
        "roles": {"a": "architect", "s": "security", "r": "retail"},
    },
    "roles": {name: ["operations:read", "operations:write"] for name in ("architect", "security", "retail")},
    "teams": {"integration": {"name": "Integration", "contact": "it@example.com"}},
    "governance": {
        "boards": {
            "architecture": {"name": "Enterprise architecture", "roles": ["architect"]},
            "security": {"name": "Security", "roles": ["security"]},
            "retail": {"name": "Retail operations", "roles": ["retail"]},
        },
        "approvals": [
            {"boards": ["architecture"]},
            {"boards": ["security"], "kinds": ["rights", "policy"], "verdicts": ["breaking"]},
        ],
    },
}
LOYALTY = {
    "openapi": "3.1.0",
    "info": {"title": "Miles", "version": "1.0.0", "summary": "Cards of members.", "description": "Theirs."},
    "servers": [{"url": "/miles/v1"}],
    "paths": {
        "/cards/{id}": {
            "get": {
                "operationId": "getCard",
                "summary": "One card",
                "x-tillway-criticality": "normal",
                "x-tillway-scope": "miles:read",
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
                "responses": {
                    "200": {
                        "description": "The card.",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "required": ["benefit"],
                                    "properties": {
                                        "benefit": {
                                            "oneOf": [
                                                {
                                                    "type": "object",
                                                    "required": ["kind", "points"],
                                                    "properties": {
                                                        "kind": {"const": "points"},
                                                        "points": {"oneOf": [{"type": "integer"}, {"type": "null"}]},
                                                    },
                                                },
                                                {
                                                    "type": "object",
                                                    "required": ["kind", "tier"],
                                                    "properties": {
                                                        "kind": {"const": "tier"},
                                                        "tier": {"enum": ["silver", "gold"]},
                                                    },
                                                },
                                            ]
                                        }
                                    },
                                }
                            }
                        },
                    }
                },
            }
        }
    },
}


def files(name: str = "Larkfield", miles: dict | None = None, **governance) -> dict[str, str]:
    """The landscape's files; the organisation may be called otherwise, miles may promise something else."""
    more = copy.deepcopy(GOVERNING)
    more["governance"] |= governance
    content = json.loads(
        texts(more=more, **{"web-shop": {"scopes": ["miles:read"], "shops": ["harbour"], "owner": "e-commerce"}})[
            "landscape.yaml"
        ]
    )
    content["organisation"]["name"] = name
    content["apis"]["miles"] = {
        "layer": "process",
        "owner": "integration",
        "criticality": "normal",
        "data_class": "internal",
        "upstream": "miles",
    }
    content["upstreams"] = {"miles": {"url": "https://miles.example.com", "owner": "integration"}}
    content["service_levels"] = {
        "miles-answers": {"name": "Miles answers", "api": "miles", "indicator": "availability", "target": 0.999}
    }
    return {"landscape.yaml": json.dumps(content), "contracts/miles.v1.yaml": yaml.safe_dump(miles or LOYALTY)}


def person(name: str, *, signed_in: timedelta = timedelta()) -> str:
    """Their token."""
    at = clock.now().replace(microsecond=0)
    claims = Claims(
        issuer=REALM.issuer,
        audience=REALM.audience,
        subject=f"person:{name}",
        client_id=f"person:{name}",
        kind="person",
        scopes=("operations:read", "operations:write"),
        issued_at=at,
        expires_at=at + timedelta(minutes=10),
        token_id=str(ids.new()),
        roles=PEOPLE[name],
        auth_time=at - signed_in,
        session=str(ids.new()),
    )
    return sign(claims, RING.signing)


class Boardroom:
    """A hub with a node of its own that enforces what is released."""

    def __init__(self, hub) -> None:
        self.hub = hub

    async def ask(self, method, path, body=None, *, by="ann", **more):
        bearer = token("integrator", scopes=SCOPES) if by == "machine" else person(by, **more)
        return await self.hub.ask(method, f"/operations/v1{path}", json=body, token=bearer)

    async def propose(self, given, *, by="ann", status=201, **more):
        reply = await self.ask("POST", "/changes", {"files": given, "reason": "tests", **more}, by=by)
        assert reply.status == status, reply.json
        return reply.json

    async def approve(self, change, *, by, **more):
        body = {"hash": change["hash"], "reason": "looked at it"}
        return await self.ask("POST", f"/changes/{change['id']}/approval", body, by=by, **more)

    async def publish(self, change, *, by="ann", **more):
        return await self.ask("POST", f"/changes/{change['id']}/publication", {"reason": "agreed"}, by=by, **more)

    async def published(self, given, *, by="ann", approved_by=("bob",), **more):
        change = await self.propose(given, by=by, **more)
        for each in approved_by:
            assert (await self.approve(change, by=each)).status == 200
        reply = await self.publish(change, by=by)
        assert reply.status == 200, reply.json
        return reply.json

    async def runs(self, name):
        async with asyncio.timeout(SECONDS):
            while self.hub.active.current.organisation.name != name:
                await asyncio.sleep(0.002)


@asynccontextmanager
async def boardroom(dsn, given):
    async with opened(dsn, releases=signed(lambda: given)) as hub:
        enforcing = Enforcing(
            hub.db,
            kind="door",
            directory=Path("/etc/tillway"),
            compile=landscape_of,
            take=lambda landscape, _: hub.active.swap(landscape),
        )
        enforcing.enforces(hub.active.current)
        running = asyncio.create_task(enforcing.run())
        try:
            yield Boardroom(hub)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
def own(dsn: str) -> Iterator[str]:
    """This module's database with nothing released: what is released in one is in force in it."""
    yield dsn
    run(forgotten(dsn))


async def forgotten(dsn: str) -> None:
    async with Database(dsn, "test") as db:
        await db.fetch("TRUNCATE governance.changes, governance.bundles, governance.releases, governance.nodes CASCADE")
        await db.fetch("INSERT INTO governance.head DEFAULT VALUES")


@pytest.fixture
async def room(own):
    async with boardroom(own, files()) as made:
        yield made


def hidden_break():
    """A tier more, two `oneOf` deep in an answer."""
    changed = copy.deepcopy(LOYALTY)
    answer = changed["paths"]["/cards/{id}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    answer["properties"]["benefit"]["oneOf"][0]["properties"]["points"]["oneOf"][0] = {"type": "number"}
    return changed


def addition():
    """One more thing that may be asked."""
    changed = copy.deepcopy(LOYALTY)
    more = {"name": "tiers", "in": "query", "description": "Tell tiers too.", "schema": {"type": "boolean"}}
    changed["paths"]["/cards/{id}"]["get"]["parameters"].append(more)
    return changed


async def test_a_breaking_change_hidden_in_a_nested_one_of_is_stopped_and_names_the_web_shop(room):
    change = await room.propose(files(miles=hidden_break()))
    evidence = change["evidence"]
    assert (evidence["verdict"], [each["consumer"] for each in evidence["consumers"]]) == (
        "breaking",
        ["web-shop"],
    )
    (hit,) = evidence["consumers"]
    assert (hit["owner"], hit["shops"], hit["declared"], hit["calls"]) == ("e-commerce", ["harbour"], True, 0)
    assert evidence["shops"] == ["harbour"]
    assert evidence["promises"] == [
        {"service_level": "miles-answers", "api": "miles", "target": 0.999, "budget_left": None}
    ]
    assert (evidence["rollback"]["builds"], evidence["rollback"]["restores"]) == (True, True)
    assert any("web-shop" in each for each in change["standing"]["obstacles"])
    for stopped in (await room.approve(change, by="bob"), await room.publish(change)):
        assert (stopped.status, "it breaks web-shop of e-commerce" in stopped.json["detail"]) == (409, True)


async def test_it_passes_when_it_is_accepted_by_name(room):
    given = files(miles=hidden_break())
    accepted = [{"consumer": "web-shop", "reason": "it has gone over already"}]
    change = await room.propose(given, accepted=accepted)
    assert change["evidence"]["consumers"][0]["accepted"] == "it has gone over already"
    assert (await room.approve(change, by="bob")).status == 200
    assert (await room.publish(change)).status == 200


async def test_a_failed_contract_test_that_came_along_stops_it_and_is_kept(room):
    result = {
        "kind": "contract",
        "provider": "https://miles.example",
        "document": "miles.v1",
        "sha256": "a" * 64,
        "at": "2026-11-23T12:00:00Z",
        "passed": False,
        "failures": ["getCard: answered 500 to ada@example.com"],
    }
    change = await room.propose(files(miles=addition()), conformance=[result])
    (kept,) = change["evidence"]["conformance"]
    assert (kept["document"], kept["passed"]) == ("miles.v1", False)
    assert "ada@example.com" not in json.dumps(change)
    assert change["evidence"]["blockers"][0].startswith("contract tests of miles.v1 failed at")
    assert (await room.approve(change, by="bob")).status == 409
    unknown = await room.propose(files(miles=addition()), status=422, conformance=[{**result, "kind": "hearsay"}])
    assert unknown["violations"][0]["pointer"] == "/conformance/0/kind"


async def test_an_additive_change_passes_with_one_approval(room):
    change = await room.propose(files(miles=addition()))
    assert (change["evidence"]["verdict"], change["evidence"]["kinds"]) == ("additive", ["contract"])
    early = await room.publish(change)
    assert (early.status, "Enterprise architecture has 0 of 1" in early.json["detail"]) == (409, True)
    approved = (await room.approve(change, by="bob")).json
    assert (approved["standing"]["publishable"], approved["standing"]["approved_by"]) == (True, ["person:bob"])
    began = time.monotonic()
    done = (await room.publish(change)).json
    async with asyncio.timeout(SECONDS):
        while room.hub.active.current.hash != done["hash"]:
            await asyncio.sleep(0.002)
    assert time.monotonic() - began < SECONDS
    assert (done["release"], done["nodes"]) == (2, 1)
    release = (await room.ask("GET", "/releases/2")).json
    assert (release["signed"], release["in_force"], release["parent"]) == ("valid", True, 1)
    assert [(each["person"], each["boards"]) for each in release["approvals"]] == [
        ("person:bob", ["architecture", "security"])
    ]
    assert release["files"] == files(miles=addition())
    assert [each["number"] for each in (await room.ask("GET", "/releases")).json["releases"]] == [2, 1]
    (node,) = (await room.ask("GET", "/nodes")).json["nodes"]
    assert (node["release"], node["hash"], node["alive"]) == (2, done["hash"], True)


async def test_nobody_approves_what_they_proposed_and_nobody_twice(room):
    change = await room.propose(files("Fresh"))
    assert (await room.approve(change, by="ann")).status == 403
    assert (await room.approve(change, by="machine")).status == 403
    for _ in range(2):
        assert (await room.approve(change, by="cid")).json["standing"]["approved_by"] == ["person:cid"]


async def test_rules_of_governing_need_every_board(room):
    """The rules that count are those in force, not those that are proposed."""
    change = await room.propose(files(emergency={"review_within_hours": 24}))
    assert change["evidence"]["kinds"] == ["governance"]
    assert {each["board"] for each in change["standing"]["boards"]} == {"architecture", "security", "retail"}
    await room.approve(change, by="bob")
    assert (await room.publish(change)).status == 409
    await room.approve(change, by="cid")
    assert (await room.publish(change)).status == 200


async def test_machines_propose_and_two_people_agree(room):
    change = await room.propose(files("Fresh"), by="machine")
    await room.approve(change, by="bob")
    assert "1 more of other people must approve it" in (await room.publish(change)).json["detail"]
    await room.approve(change, by="cid")
    assert (await room.publish(change, by="machine")).status == 403
    assert (await room.publish(change)).status == 200


async def test_a_vote_is_for_exactly_what_was_seen(room):
    change = await room.propose(files("Fresh"))
    other = await room.propose(files("Fresher"))
    assert (await room.approve({**change, "hash": other["hash"]}, by="bob")).status == 409


async def test_what_was_compared_with_something_else_is_proposed_anew(room):
    stale = await room.propose(files("Stale"))
    await room.approve(stale, by="bob")
    await room.published(files("Fresh"))
    refused = await room.publish(stale)
    assert (refused.status, "propose it anew" in refused.json["detail"]) == (409, True)
    assert (await room.propose(files("Late"), base=stale["base"], status=409))["type"] == "/problems/conflict"
    assert (await room.propose(files("Fresh"), status=409))["detail"].endswith("nothing would change")


async def test_approving_needs_a_fresh_sign_in(room):
    change = await room.propose(files("Fresh"))
    for reply in (
        await room.approve(change, by="bob", signed_in=timedelta(hours=1)),
        await room.publish(change, signed_in=timedelta(hours=1)),
    ):
        assert reply.status == 401


async def test_in_a_freeze_only_emergencies_and_rollbacks_pass_and_an_emergency_owes_a_review(own):
    today = clock.now().date()
    freeze = {"begins": today.isoformat(), "ends": (today + timedelta(days=1)).isoformat(), "reason": "peak season"}
    governing = {"freezes": [freeze], "emergency": {"review_within_hours": 2}}
    async with boardroom(own, files(**governing)) as room:
        usual = await room.propose(files("Usual", **governing))
        await room.approve(usual, by="bob")
        refused = await room.publish(usual)
        assert (refused.status, "peak season" in refused.json["detail"]) == (409, True)
        done = await room.published(files("Urgent", addition(), **governing), approved_by=("cid",), emergency=True)
        due = clock.now() + timedelta(hours=2)
        assert done["review_due"][:13] in {due.isoformat()[:13], (due - timedelta(minutes=1)).isoformat()[:13]}
        change = (await room.ask("GET", f"/changes/{done['change']}")).json
        assert (change["review"]["at"], change["review"]["outcome"]) == (None, None)
        review = f"/changes/{done['change']}/review"
        verdict = {"outcome": "confirmed", "reason": "there was no other way"}
        assert (await room.ask("POST", review, verdict, by="ann")).status == 403
        assert (await room.ask("POST", review, verdict, by="cid")).status == 403
        reviewed = (await room.ask("POST", review, verdict, by="bob")).json["review"]
        assert (reviewed["by"], reviewed["outcome"]) == ("person:bob", "confirmed")
        assert (await room.ask("POST", review, verdict, by="bob")).status == 409
        back = await room.ask("POST", "/releases/1/rollback", {"reason": "it got worse"})
        assert (back.status, (await room.approve(back.json, by="cid")).status) == (201, 200)
        assert (await room.publish(back.json)).status == 200


async def test_an_overdue_review_holds_the_next_change_and_shows_as_drift(room):
    done = await room.published(files("Urgent"), approved_by=("cid",), emergency=True)
    async with room.hub.db.transaction() as tx:
        await tx.execute(
            "UPDATE governance.changes SET review_due = now() - interval '1 hour' WHERE review_due IS NOT NULL"
        )
    await room.runs("Urgent")
    change = await room.propose(files("Next"))
    await room.approve(change, by="bob")
    assert (
        f"the after-review of the emergency {done['change']} is overdue" in (await room.publish(change)).json["detail"]
    )
    (finding,) = (await room.ask("GET", "/drift")).json["findings"]
    assert (finding["kind"], finding["place"], 3600 <= finding["age_seconds"] < 3700) == (
        "review",
        done["change"],
        True,
    )


async def test_a_rollback_restores_exactly_what_was(room):
    was = room.hub.active.current
    await room.published(files("Fresh"))
    await room.runs("Fresh")
    back = (await room.ask("POST", "/releases/1/rollback", {"reason": "prices are wrong"})).json
    assert (back["kind"], back["rolls_back_to"], back["standing"]["people_missing"]) == ("rollback", 1, 1)
    await room.approve(back, by="cid")
    assert (await room.publish(back)).json["release"] == 3
    await room.runs("Larkfield")
    assert (room.hub.active.current == was, room.hub.active.current.hash) == (True, was.hash)


async def test_it_is_told_in_the_journal_and_who_rejects_ends_it(room):
    before = room.hub.tail.head
    change = await room.propose(files("Fresh"))
    rejected = await room.ask("POST", f"/changes/{change['id']}/rejection", {"reason": "not now"}, by="cid")
    assert (rejected.status, rejected.json["state"]) == (200, "rejected")
    assert (await room.approve(change, by="bob")).status == 409
    done = await room.published(files("Fresher"))
    await room.hub.settled(before + 5)
    listed = (await room.ask("GET", "/journal?types=change.decided,release.activated&limit=500")).json["entries"]
    page = [each for each in listed if each["position"] > before]
    told = [(each["event"]["type"], each["event"]["data"].get("decision")) for each in page]
    assert told == [
        *(("tillway.change.decided.v1", each) for each in ("proposed", "rejected", "proposed", "approved")),
        ("tillway.release.activated.v1", None),
    ]
    assert page[-1]["event"]["data"]["change"] == done["change"]
    listed = (await room.ask("GET", "/changes?state=rejected")).json["changes"]
    assert [each["id"] for each in listed] == [change["id"]]


async def test_what_is_no_landscape_is_told_place_by_place(room):
    broken = {**files(), "shops.yaml": "shops: {x: {}}\n"}
    reply = await room.ask("POST", "/changes", {"files": broken, "reason": "tests"})
    assert reply.status == 422
    assert "/files/shops.yaml" in {each["pointer"] for each in reply.json["violations"]}
