"""Customers against the back office's: what differs is a break by our id, and nobody's name or address is in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec
import pytest
from tests.rooms.journal.world import sequenced
from tests.rooms.reconcile.people import People

from tillway import clock
from tillway.journal import read
from tillway.postgres import Database
from tillway.reconcile import breaks
from tillway.records import customers, findings
from tillway.records.findings import Look


@pytest.fixture
async def people(dsn: str) -> AsyncIterator[People]:
    async with Database(dsn, "test") as db:
        yield People(db)


async def found(people: People) -> dict[tuple[str, str], str]:
    return {(each.key, each.type): each.detail for each in await people.breaks()}


async def test_what_was_read_agrees(people: People) -> None:
    people.far.put("Ada ", email="ADA@example.com", phone="+32470123456", vat="BE 1", reference="C-1")
    people.far.put("Bob", company=True, address={"street": "1 Main ", "city": "Brussels", "country": "BE"})
    people.far.put("Eve", active=False)
    await people.read()
    run = await people.compare()
    assert (run.status, run.tally.left, run.tally.right, run.tally.matched, run.total) == ("done", 3, 3, 3, 3)


async def test_each_difference_is_a_break_of_its_type_by_our_id(people: People) -> None:
    changed, gone, put_away = (people.far.put(name, email=f"{name}@example.com") for name in ("cara", "gus", "pia"))
    people.far.put("same")
    await people.read()
    await people.age()
    ids = [await people.id_of(each) for each in (changed, gone, put_away)]
    people.far.put("Carla", foreign_id=changed.foreign_id, email="carla@example.com")
    people.delete_there(gone)
    people.far.put("pia", foreign_id=put_away.foreign_id, email="pia@example.com", active=False)
    unknown = people.far.put("Nell", email="nell@example.com")
    stuck = await people.ours("Stu")
    await people.age()
    young = await people.ours("Yan")

    run = await people.compare()

    assert await found(people) == {
        (ids[0], "content"): "not the same: email, name",
        (ids[1], "missing-right"): "known here only",
        (ids[2], "mapping"): "active here, archived there",
        (unknown.foreign_id, "missing-left"): "known there only",
        (stuck.id, "late"): "not finished in time",
    }
    assert (run.status, run.tally.matched, run.tally.breaks, run.tally.in_process, run.total) == ("done", 1, 5, 1, 6)
    assert young.id not in str(await found(people))
    assert {each.owner for each in await people.breaks()} == {"crm-desk"}
    # Reading again settles all but what our own process is at.
    await people.read()
    assert (await people.compare()).ended == 4
    assert set(await found(people)) == {(stuck.id, "late")}


async def test_nothing_personal_is_put_aside_stored_or_told(people: People) -> None:
    ada = people.far.put("Ada Lovelace", email="ada@example.com", phone="+32470123456", vat="BE99")
    people.far.put("Ada L.", email="ada@example.com")
    await people.read()
    await people.age()
    people.far.put("Augusta King", foreign_id=ada.foreign_id, email="augusta@example.com", phone="+32470999999")
    staged = []
    domain_of = people.domain

    def watched(run):
        domain = domain_of(run)
        sides = domain.sides

        async def looked(run, staging):
            made = await sides(run, staging)
            staged.extend(await people.db.fetch("SELECT * FROM reconcile.staged"))
            return made

        domain.sides = looked
        return domain

    people.domain = watched
    await people.compare()
    await sequenced(people.db)
    told = "\n".join(
        [
            str(staged),
            str(await people.db.fetch("SELECT * FROM reconcile.breaks")),
            str(await people.db.fetch("SELECT * FROM records.data_findings")),
            *(str(event) for event in (await read(people.db, 0)).events if event.type.startswith("break.")),
        ]
    )
    assert "content" in told
    assert [
        each for each in ("Ada", "Augusta", "King", "example.com", "470123456", "470999999", "BE99") if each in told
    ] == []


async def test_two_of_ours_behind_one_of_theirs_are_a_duplicate(people: People) -> None:
    one, other = people.far.put("one"), people.far.put("other")
    await people.read()
    keys = sorted([await people.id_of(one), await people.id_of(other)])
    await people.db.fetch("UPDATE records.links SET theirs = $1", one.foreign_id)
    people.delete_there(other)
    await people.age()
    run = await people.compare()
    types = {each.type for each in await people.breaks()}
    assert ("duplicate" in types, {each.key for each in await people.breaks()}) == (True, {keys[0]})
    assert (run.status, run.tally.matched + run.tally.breaks) == ("done", run.total)


async def test_what_changed_just_now_is_on_its_way(people: People) -> None:
    ada = people.far.put("Ada")
    await people.read()
    await people.age()
    people.far.put("Augusta", foreign_id=ada.foreign_id)
    people.listed.changed[ada.foreign_id] = clock.now() - timedelta(seconds=5)
    run = await people.compare()
    assert (run.tally.in_process, run.total, await people.breaks()) == (1, 0, ())


async def test_whoever_is_erased_here_and_still_there_is_a_mapping_break_that_tells_no_field(people: People) -> None:
    ada = people.far.put("Ada", email="ada@example.com")
    await people.read()
    key = await people.id_of(ada)
    await customers.forget(people.db, [key])
    await people.age()
    await people.compare()
    assert await found(people) == {(key, "mapping"): "erased here, active there"}
    people.delete_there(ada)
    run = await people.compare()
    assert (run.ended, run.tally.matched, await people.breaks()) == (1, 1, ())


async def test_a_difference_that_was_accepted_is_open_again_when_it_is_of_other_fields(people: People) -> None:
    ada = people.far.put("Ada")
    await people.read()
    await people.age()
    people.far.put("Augusta", foreign_id=ada.foreign_id)
    await people.compare()
    (opened,) = await people.breaks()
    async with people.db.transaction() as tx:
        await breaks.accept(tx, str(opened.id), "known by both names")
    await people.compare()
    assert [each.status for each in await people.breaks()] == ["accepted"]
    people.far.put("Augusta", foreign_id=ada.foreign_id, email="a@example.com")
    await people.compare()
    assert [(each.status, each.detail) for each in await people.breaks()] == [("open", "not the same: email, name")]


async def test_customers_are_read_again_once_a_run_where_that_is_declared(people: People) -> None:
    people.given = {"fix": "take-theirs"}
    people.far.put("Ada")
    people.far.put("Bob")
    await people.compare(fix=True)
    assert people.read_again == [("main", "customers")]


async def test_records_that_share_what_is_ones_alone_are_findings_until_they_are_one(people: People) -> None:
    ada = people.far.put("Ada", email="ada@example.com", phone="+32470123456", vat="BE1")
    twin = people.far.put("A. Lovelace", email="ADA@example.com", phone="+32470123456", vat="BE1")
    firm, branch = (people.far.put(name, company=True, vat="BE 7") for name in ("firm", "branch"))
    await people.read()
    # A finding of a product with the same number is no business of customers, nor the other way round.
    await people.db.fetch(
        "INSERT INTO records.data_findings (connection, foreign_id, kind, left_out, detail) "
        "VALUES ('main', $1, 'no-price', false, '')",
        ada.foreign_id,
    )
    await people.compare()
    told = await findings.page(people.db, Look(), 100)
    assert {(each.foreign_id, each.kind, each.detail) for each in told if each.domain == "customers"} == {
        (ada.foreign_id, "duplicate-email", f"shares its e-mail address with {twin.foreign_id}"),
        (twin.foreign_id, "duplicate-email", f"shares its e-mail address with {ada.foreign_id}"),
        (ada.foreign_id, "duplicate-phone", f"shares its phone number with {twin.foreign_id}"),
        (twin.foreign_id, "duplicate-phone", f"shares its phone number with {ada.foreign_id}"),
        (firm.foreign_id, "duplicate-vat", f"shares its tax number with {branch.foreign_id}"),
        (branch.foreign_id, "duplicate-vat", f"shares its tax number with {firm.foreign_id}"),
    }
    people.far.put(foreign_id=twin.foreign_id, email="twin@example.com", phone="+32470123457")
    await people.read()
    await people.compare()
    left = await findings.page(people.db, Look(), 100)
    assert {(each.foreign_id, each.kind) for each in left} == {
        (ada.foreign_id, "no-price"),
        (firm.foreign_id, "duplicate-vat"),
        (branch.foreign_id, "duplicate-vat"),
    }
    assert msgspec.to_builtins(left[0])["domain"] == "products"
