"""Comparisons are asked for, joined and told; breaks are listed, given to others and accepted."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from tillway import clock, ids, inbox
from tillway.reconcile import Entry, Run, Tally, breaks
from tillway.reconcile.entry import broken
from tillway.records import findings
from tillway.records.refreshing.progress import Progress, saving
from tillway.retail import CataloguePage, DataFinding

RUNS = "/operations/v1/reconciliations"
BREAKS = "/operations/v1/breaks"
SYNCS = "/operations/v1/syncs"
FINDINGS = "/operations/v1/data-findings"
WHY = {"reason": "before the month is closed"}


async def found(hub, *keys, shop="harbour"):
    """Breaks as a run finds them."""
    run = Run(
        id=ids.new(), domain="orders", connection="main", shop=None, since=None, fix=False, asked_by="t", reason="t",
        correlation="t", status="running", attempts=1, queued_at=clock.now(), as_of=clock.now(), finished_at=None,
        tally=Tally(), total=0, found=0, ended=0, fixed=0, detail=None,
    )  # fmt: skip
    seen = [
        broken("missing-right", Entry(key=key, amount=Decimal(12), currency="EUR", shop=shop), None, "known here only")
        for key in keys
    ]
    async with hub.db.transaction() as tx:
        await breaks.see(tx, run, "sales-it", seen)


async def test_a_comparison_is_queued_and_the_same_one_is_joined(hub):
    first = await hub.post(RUNS, {"domain": "sales", "shop": "harbour", **WHY})
    second = await hub.post(RUNS, {"domain": "sales", "shop": "harbour", **WHY})
    other = await hub.post(RUNS, {"domain": "sales", "shop": "station", **WHY})
    assert (first.status, second.json["id"], other.status) == (202, first.json["id"], 409)
    told = (await hub.get(f"{RUNS}/{first.json['id']}")).json
    assert (told["status"], told["connection"], told["asked_by"]) == ("queued", "main", "integrator")
    assert (await hub.get(f"{RUNS}/{uuid4()}")).status == 404


@pytest.mark.parametrize(
    ("wish", "pointer"),
    [
        ({"domain": "weather"}, "/domain"),
        ({"domain": "orders", "connection": "elsewhere"}, "/connection"),
        ({"domain": "orders", "shop": "nowhere"}, "/shop"),
    ],
)
async def test_a_wish_for_what_is_not_declared_is_refused(hub, wish, pointer):
    reply = await hub.post(RUNS, {**wish, **WHY})
    assert (reply.status, reply.json["violations"][0]["pointer"]) == (422, pointer)


async def test_breaks_are_listed_by_age_and_page_by_page(hub):
    keys = [str(uuid4()) for _ in range(3)]
    for key in keys:
        await found(hub, key, shop="station")
    page = (await hub.get(f"{BREAKS}?shop=station&limit=2")).json
    rest = (await hub.get(f"{BREAKS}?shop=station&limit=2&after={page['next']}")).json
    assert [each["key"] for each in (*page["breaks"], *rest["breaks"])] == keys
    assert rest["next"] is None
    assert {each["at_stake"] for each in page["breaks"]} == {"12"}
    assert (await hub.get(f"{BREAKS}?after=bm9uc2Vuc2U=")).status == 422


async def test_a_break_is_given_away_and_accepted_once(hub):
    key = str(uuid4())
    await found(hub, key)
    (item,) = [each for each in (await hub.get(f"{BREAKS}?limit=500")).json["breaks"] if each["key"] == key]
    assert UUID(item["id"])
    given = await hub.post(f"{BREAKS}/{item['id']}/assign", {"owner": "finance", **WHY})
    assert (given.json["owner"], given.json["note"]) == ("finance", f"integrator: {WHY['reason']}")
    first, second = [await hub.post(f"{BREAKS}/{item['id']}/accept", WHY) for _ in range(2)]
    assert (first.status, first.json["status"], second.status) == (200, "accepted", 409)
    assert (await hub.post(f"{BREAKS}/{uuid4()}/accept", WHY)).status == 404


async def test_what_is_wrong_with_master_data_is_listed_with_its_steward(hub):
    page = CataloguePage(
        items=(),
        more=False,
        read=("77", "78"),
        findings=(
            DataFinding(foreign_id="77", sku="MUG-STON", kind="duplicate-sku", left_out=True, detail="two of them"),
            DataFinding(foreign_id="78", kind="no-sku", left_out=True, detail="no internal reference"),
        ),
    )
    async with hub.db.transaction() as tx:
        findings.stage(tx, "main", page)
    first = (await hub.get(f"{FINDINGS}?limit=1")).json
    rest = (await hub.get(f"{FINDINGS}?limit=1&after={first['next']}")).json
    chosen = (await hub.get(f"{FINDINGS}?kind=no-sku")).json["findings"]
    assert [(each["foreign_id"], each["sku"]) for each in (*first["findings"], *rest["findings"])] == [
        ("77", "MUG-STON"),
        ("78", None),
    ]
    assert ([each["foreign_id"] for each in chosen], chosen[0]["owner"]) == (["78"], "integration")
    assert first["open"] == [{"kind": "duplicate-sku", "count": 1}, {"kind": "no-sku", "count": 1}]


async def test_a_full_reading_is_asked_for_joined_and_told_to_whoever_reads(hub):
    wish = {"domain": "products", "mode": "full", "reason": "a new season"}
    before = (await hub.post(SYNCS, {**wish, "mode": "delta"})).json
    first, second = [await hub.post(SYNCS, wish) for _ in range(2)]
    assert (before["under_way"], first.status, first.json["under_way"]) == (False, 202, True)
    assert second.json["begun_at"] == first.json["begun_at"]
    assert first.json in (await hub.get(SYNCS)).json["syncs"]
    nudges = [each for each in await inbox.told(hub.db) if each.domain == "products"]
    assert [each.heard for each in nudges] == [3]
    assert (await hub.post(SYNCS, {**wish, "connection": "elsewhere"})).status == 422
    unknown = await hub.post(SYNCS, {**wish, "domain": "weather"})
    assert (unknown.status, unknown.json["violations"][0]["pointer"]) == (422, "/domain")


async def test_what_was_never_read_of_a_back_office_is_not_waited_for(hub):
    wish = {"domain": "sessions", "mode": "delta", "reason": "a till was closed"}
    never = await hub.post(SYNCS, wish)
    assert (never.status, never.json["violations"][0]["pointer"]) == (422, "/domain")
    assert not [each for each in await inbox.told(hub.db) if each.domain == "sessions"]
    async with hub.db.transaction() as tx:
        tx.stage(saving("main", "sessions", Progress(loaded=True)))
    reply = await hub.post(SYNCS, wish)
    assert (reply.status, reply.json["domain"], reply.json["loaded"]) == (202, "sessions", True)


async def test_a_company_of_its_own_is_stock_as_well(hub):
    async with hub.db.transaction() as tx:
        tx.stage(saving("main", "stock/2", Progress(loaded=True)))
    reply = await hub.post(SYNCS, {"domain": "stock", "mode": "full", "reason": "a count"})
    assert (reply.status, reply.json["domain"], reply.json["under_way"]) == (202, "stock", True)
    begun = {each["domain"]: each["under_way"] for each in (await hub.get(SYNCS)).json["syncs"]}
    assert begun["stock/2"] is True
