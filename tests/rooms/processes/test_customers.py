"""A customer is brought to the back office once, whatever is lost on the way; merged ones are merged there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest
from tests.rooms.journal.actors import until
from tests.rooms.journal.world import running
from tests.rooms.processes.hub import FIRST, LEASE_SECONDS, quick
from tests.rooms.records.customers_there import CONNECTION, CustomersThere, OfficesThere, source

from tillway.errors import Invalid, OutcomeUnknown, Unavailable
from tillway.postgres import Database
from tillway.processes import Engine, exceptions, keep_customer, merge_customers
from tillway.processes.customers import partner
from tillway.records import Cause, customers
from tillway.records.refreshing.customers import CustomersReading
from tillway.retail import Customer, CustomerRequest

CAUSE = Cause(correlation="c-1")


class Hub:
    def __init__(self, db: Database) -> None:
        self.db = db
        self.far = CustomersThere()

    async def create(self, name: str = "ada", **more: object) -> Customer:
        request = CustomerRequest(name=name, **({"emails": (f"{name}@example.com",)} | more))  # type: ignore[arg-type]
        async with self.db.transaction() as tx:
            return (await customers.create(tx, request, connection=CONNECTION, cause=CAUSE))[0]

    async def there(self, customer: Customer) -> str:
        """Wait until it is over there as it is here; its id there."""

        async def delivered() -> str | None:
            held = await customers.kept(self.db, customer.id)
            return None if held.pending else await partner(self.db, customer.id, CONNECTION)

        return str(await until(delivered, 20))

    async def read(self) -> None:
        await CustomersReading(self.db, source(self.far), self.far).once()


@pytest.fixture
async def hub(db: Database) -> AsyncIterator[Hub]:
    made = Hub(db)
    async with _engine(made):
        yield made


@asynccontextmanager
async def _engine(made: Hub) -> AsyncIterator[None]:
    offices = OfficesThere(made.far)
    flows = (quick(keep_customer(made.db, offices)), quick(merge_customers(made.db, offices)))
    engine = Engine(made.db, FIRST, flows, lease_seconds=LEASE_SECONDS)
    async with running(made.db, *engine.followers()):
        task = asyncio.create_task(engine.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_a_customer_is_made_there_and_every_change_follows(hub: Hub) -> None:
    ada = await hub.create()
    theirs = await hub.there(ada)
    for name in ("Ada L", "Ada Lovelace"):
        async with hub.db.transaction() as tx:
            ada = await customers.update(
                tx,
                ada.id,
                lambda old, to=name: msgspec.structs.replace(old, name=to),
                cause=CAUSE,  # type: ignore[misc]
            )
    assert await hub.there(ada) == theirs
    assert [each.name for each in hub.far.held.values()] == ["Ada Lovelace"]


async def test_an_answer_that_is_lost_makes_no_second(hub: Hub) -> None:
    hub.far.late = [OutcomeUnknown("lost"), OutcomeUnknown("lost")]
    ada = await hub.create()
    theirs = await hub.there(ada)
    assert (list(hub.far.held), hub.far.marks) == ([theirs], {ada.id: theirs})


async def test_who_is_away_is_waited_for(hub: Hub) -> None:
    hub.far.fails = [Unavailable("away")] * 3
    await hub.there(await hub.create())
    assert len(hub.far.held) == 1


async def test_somebody_known_there_is_taken_over_with_what_they_know(hub: Hub) -> None:
    hub.far.put("Ada Lovelace", email="ADA@example.com")
    ada = await hub.create(vat="BE1")
    assert await hub.there(ada) == "1"
    held = hub.far.held["1"]
    assert (len(hub.far.held), held.name, held.vat) == (1, "Ada Lovelace", "BE1")
    await hub.read()
    assert (await customers.get(hub.db, ada.id)).name == "Ada Lovelace"


async def test_one_who_turns_out_to_be_another_of_ours_becomes_them(hub: Hub) -> None:
    hub.far.put("Ada", email="old@example.com")
    await hub.read()
    hub.far.put("Ada", foreign_id="1", email="ada@example.com")  # not read yet
    ada = await hub.create()

    async def one() -> bool:
        return (await customers.get(hub.db, ada.id)).id != ada.id

    await until(one, 20)
    assert len(hub.far.held) == 1


async def test_a_merge_here_is_one_there_also_when_its_answer_is_lost(hub: Hub) -> None:
    ada, bob = await hub.create("ada"), await hub.create("bob")
    theirs, other = await hub.there(ada), await hub.there(bob)
    hub.far.late = [OutcomeUnknown("lost")]
    async with hub.db.transaction() as tx:
        await customers.merge(tx, ada.id, [bob.id], cause=CAUSE)

    async def gone() -> bool:
        return other not in hub.far.held and await partner(hub.db, bob.id, CONNECTION) == theirs

    await until(gone, 20)
    await hub.there(await customers.get(hub.db, ada.id))
    await hub.read()
    assert (await customers.get(hub.db, bob.id)).emails == ("ada@example.com", "bob@example.com")


async def test_what_people_do_there_is_not_brought_back_to_them(hub: Hub) -> None:
    await hub.read()
    hub.far.put("Ada", email="ada@example.com")
    await hub.read()
    await hub.there(await hub.create("bob"))  # whatever comes after what was read
    assert hub.far.calls.count("write") == 1


async def test_what_they_refuse_waits_for_a_person(hub: Hub) -> None:
    hub.far.fails = [Invalid("no")]
    await hub.create(emails=())

    async def stuck() -> bool:
        return bool(await exceptions(hub.db))

    await until(stuck, 20)
    (found,) = await exceptions(hub.db)
    assert (found.definition, found.exception_code) == ("keep-customer", "refused")
