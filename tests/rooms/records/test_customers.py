"""Customers are one each, found by what only this hub can compute, and follow what people do over there."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import msgspec
import pytest
from tests.rooms.journal.world import sequenced
from tests.rooms.plans import plans, scanned_whole
from tests.rooms.records.customers_there import CONNECTION, CustomersThere, source

from tillway import ids, sealing
from tillway.errors import Conflict, NotFound
from tillway.journal import read
from tillway.postgres import Database
from tillway.records import Cause, customers, links
from tillway.records.customers import SQL
from tillway.records.refreshing.customers import CustomersReading
from tillway.records.refreshing.progress import CUSTOMERS, progress
from tillway.retail import Customer, CustomerKey, CustomerReference, CustomerRequest

ADA = CustomerRequest(name="Ada Lovelace", emails=("Ada@Example.com",), phones=("+32470123456",), vat="BE 1")
CAUSE = Cause(correlation="c-1")


async def created(db: Database, request: CustomerRequest = ADA) -> tuple[Customer, bool]:
    async with db.transaction() as tx:
        return await customers.create(tx, request, connection=CONNECTION, cause=CAUSE)


async def told(db: Database) -> list[tuple[str, str]]:
    await sequenced(db)
    return [(event.type, event.subject) for event in (await read(db, 0)).events]


def reading(db: Database, far: CustomersThere) -> CustomersReading:
    return CustomersReading(db, source(far), far, sweep=timedelta(0))


async def test_however_many_ask_at_once_there_is_one(dsn: str) -> None:
    async with Database(dsn, "one") as one, Database(dsn, "other") as other:
        made = await asyncio.gather(*(created(db) for db in (one, other) * 4))
        assert len({customer.id for customer, _ in made}) == 1
        assert sum(new for _, new in made) == 1
        assert await told(one) == [("customer.changed", made[0][0].id)]


async def test_who_it_is_lies_sealed_and_is_found_by_every_key(db: Database) -> None:
    ada, _ = await created(db)
    kept = str(await db.fetch("SELECT document FROM records.customers")) + str(
        await db.fetch("SELECT * FROM records.customer_keys")
    )
    assert [each for each in ("Ada", "xample.com", "470123456") if each in kept] == []
    for key in (
        CustomerKey("email", "ada@example.com"),
        CustomerKey("phone", "+32470123456"),
        CustomerKey("vat", "BE1"),
    ):
        assert await customers.find(db, [key], [CONNECTION]) == (ada,)
        assert await customers.find(db, [key], ["other"]) == ()
        assert await customers.find(db, [key, CustomerKey("email", "eve@example.com")], [CONNECTION]) == ()


async def test_a_customer_is_found_after_the_keys_that_seal_are_renewed(db: Database) -> None:
    ada, _ = await created(db)
    before = sealing.ring()
    fresh = {"old": sealing.new_secret(), "new": sealing.new_secret()}
    renewed = sealing.Ring(fresh, "new", before._digesting)
    sealing.use(renewed)
    try:
        digest = customers.digest(CustomerKey("email", "ada@example.com"))
    finally:
        sealing.use(before)
    rows = await db.fetch(SQL["customers_with_keys"], [digest])
    assert [str(row[0]) for row in rows] == [ada.id]


async def test_a_change_that_makes_somebody_else_of_them_is_refused(db: Database) -> None:
    await created(db)
    bob, _ = await created(db, CustomerRequest(name="Bob", emails=("bob@example.com",)))
    with pytest.raises(Conflict):
        await _update(db, bob.id, emails=("ada@example.com",))
    with pytest.raises(Conflict, match="version 1"):
        await _update(db, bob.id, version=7, name="Robert")
    assert (await _update(db, bob.id, name="Robert")).version == 2
    assert (await _update(db, bob.id, name="Robert")).version == 2  # nothing changed


async def _update(db: Database, customer_id: str, version: int | None = None, **more: object) -> Customer:
    async with db.transaction() as tx:
        return await customers.update(
            tx, customer_id, lambda old: msgspec.structs.replace(old, **more), cause=CAUSE, version=version
        )


async def test_all_ids_of_a_merge_go_on_to_answer(db: Database) -> None:
    ada, bob, eve = [
        (await created(db, CustomerRequest(name=name, emails=(f"{name}@example.com",))))[0] for name in "abe"
    ]
    async with db.transaction() as tx:
        await customers.merge(tx, bob.id, [eve.id], cause=CAUSE)
    async with db.transaction() as tx:
        one = await customers.merge(tx, ada.id, [bob.id, bob.id], cause=CAUSE)
    assert [await customers.get(db, each.id) for each in (ada, bob, eve)] == [one] * 3
    assert (set(one.also), one.emails) == ({bob.id, eve.id}, ("a@example.com", "b@example.com", "e@example.com"))
    async with db.transaction() as tx:
        assert await customers.merge(tx, eve.id, [ada.id], cause=CAUSE) == one
    with pytest.raises(NotFound):
        await customers.get(db, str(ids.new()))


async def test_a_first_reading_tells_nothing_and_the_next_only_what_differs(db: Database) -> None:
    far = CustomersThere()
    far.put("Ada", email="ada@example.com")
    await reading(db, far).once()
    assert await told(db) == []
    far.put("Ada Lovelace", foreign_id="1", email="ada@example.com")
    far.put("Bob", email="bob@example.com")
    await reading(db, far).once()
    await reading(db, far).once()
    (ada,) = await customers.find(db, [CustomerKey("email", "ada@example.com")], [CONNECTION])
    assert (ada.name, ada.version) == ("Ada Lovelace", 2)
    assert [type_ for type_, _ in await told(db)] == ["customer.changed"] * 2


async def test_own_fields_lie_sealed_are_told_and_read_anew_when_they_are_declared(db: Database) -> None:
    far = CustomersThere()
    far.put("Ada", email="ada@example.com")
    await reading(db, far).once()
    assert (await progress(db, CONNECTION, CUSTOMERS)).fingerprint is None
    far.own = "declared"
    far.put("Ada", foreign_id="1", email="ada@example.com", extensions={"allergy": "peanuts", "vip": True})
    await reading(db, far).once()
    assert (far.cursors, (await progress(db, CONNECTION, CUSTOMERS)).fingerprint) == ([None, None], "declared")
    await reading(db, far).once()
    assert far.cursors[-1] == "end"

    (ada,) = await customers.find(db, [CustomerKey("email", "ada@example.com")], [CONNECTION])
    assert ada.extensions == {"allergy": "peanuts", "vip": True}
    kept = str([tuple(row) for row in await db.fetch("SELECT document FROM records.customers")])
    assert "peanuts" not in kept
    assert "vip" not in kept
    await sequenced(db)
    (event,) = (await read(db, 0)).events
    assert ("extensions" in event.data, event.data["fields"]) == (False, ["extensions"])
    assert event.whole["extensions"] == {"allergy": "peanuts", "vip": True}

    await customers.forget(db, [ada.id])
    assert (await customers.get(db, ada.id)).extensions == {}


async def test_who_waits_to_be_brought_there_is_not_overwritten_and_not_doubled(db: Database) -> None:
    far = CustomersThere()
    ada, _ = await created(db)
    far.put("Somebody", email="ADA@example.com")
    await reading(db, far).once()
    assert await customers.find(db, [CustomerKey("email", "ada@example.com")], [CONNECTION]) == (ada,)
    assert await links.find(db, "customer", ada.id, CONNECTION) == links.Link("1", "")


async def test_a_merge_over_there_merges_ours(db: Database) -> None:
    far = CustomersThere()
    far.put("Ada", email="ada@example.com")
    far.put("Ada L", email="al@example.com")
    await reading(db, far).once()
    both = [
        (await customers.find(db, [CustomerKey("email", each)], [CONNECTION]))[0]
        for each in ("ada@example.com", "al@example.com")
    ]
    far.marks = {both[1].id: "2"}
    far.merge_there("2", "1")
    await reading(db, far).once()
    one = await customers.get(db, both[1].id)
    assert (one.id, one.also) == (both[0].id, (both[1].id,))
    assert ("customer.merged", both[0].id) in await told(db)


async def test_who_is_deleted_there_is_archived_and_an_only_likeness_followed(db: Database) -> None:
    far = CustomersThere()
    far.put("Ada", email="ada@example.com")
    far.put("Bob", email="bob@example.com")
    await reading(db, far).once()
    ada, bob = [
        (await customers.find(db, [CustomerKey("email", each)], [CONNECTION]))[0]
        for each in ("ada@example.com", "bob@example.com")
    ]
    del far.held["1"], far.held["2"]
    far.changes = []
    far.put("Bob again", email="Bob@example.com")
    await reading(db, far).once()
    assert (await customers.get(db, ada.id)).status == "archived"
    assert (await links.find(db, "customer", bob.id, CONNECTION)) == links.Link("3", "")


async def test_who_is_erased_does_not_come_back(db: Database) -> None:
    far = CustomersThere()
    far.put("Ada", email="ada@example.com", vat="BE1")
    await reading(db, far).once()
    assert (await customers.known_by(db, "ADA@example.com")) == (await customers.known_by(db, "be1"))
    (known,) = await customers.known_by(db, "ADA@example.com")
    await customers.forget(db, [known])
    far.put("Ada", foreign_id="1", email="ada@example.com", phone="+32470123456")
    await reading(db, far).once()
    gone = await customers.get(db, known)
    assert (gone.status, gone.name, gone.emails) == ("erased", None, ())
    assert await customers.known_by(db, "ada@example.com") == ()
    again, new = await created(db)
    assert (new, again.id != known) == (True, True)


async def test_duplicates_made_there_are_told(db: Database) -> None:
    far = CustomersThere()
    for name in ("Ada", "A. Lovelace"):
        far.put(name, email="ada@example.com")
    await reading(db, far).once()
    ((kind, both),) = await customers.duplicates(db)
    assert (kind, len(both)) == ("email", 2)
    with pytest.raises(Conflict):
        await created(db)


async def test_references_of_other_systems_find_a_customer(db: Database) -> None:
    own = CustomerReference(system="loyalty", value="4711")
    made, _ = await created(db, CustomerRequest(name="Ada", references=(own,)))
    assert await created(db, CustomerRequest(name="A", references=(own,))) == (made, False)


async def test_the_statements_use_their_indexes(db: Database) -> None:
    await db.fetch(
        "WITH made AS (SELECT gen_random_uuid() AS id, n FROM generate_series(1, 20000) n), "
        "one AS (INSERT INTO records.customers SELECT id, 'main', 'active', NULL, 1, 1, '{}' FROM made), "
        "two AS (INSERT INTO records.links SELECT 'customer', id::text, 'main', n::text, '' FROM made) "
        "INSERT INTO records.customer_keys SELECT md5(n::text), id, 'email' FROM made"
    )
    for table in ("customers", "customer_keys", "links"):
        await db.fetch(f"ANALYZE records.{table}")
    known = await db.fetchval("SELECT id FROM records.customers LIMIT 1")
    for name, args in (
        ("customers_by_keys", (["x"], [CONNECTION], 20)),
        ("customer", (known,)),
        ("customers_there", (CONNECTION, ["1", "2"])),
        ("customers_named", ([known],)),
        ("customers_unlinked", (["x"], CONNECTION)),
        ("customers_of", (CONNECTION, "7", "x")),
        ("customers_to_compare", (CONNECTION, [known])),
        ("customers_behind", (CONNECTION, ["1", "2"])),
        ("customers_marked", ([known], CONNECTION)),
        ("customers_sharing", (CONNECTION, ["x"])),
        ("merge_customers", (known, [known])),
        ("drop_customer_keys", ([known],)),
    ):
        for plan in await plans(db.dsn, SQL[name], *args):
            assert scanned_whole(plan) == [], name
