"""Customers on their way to the back office: changed ones are brought there once, and merged ones are merged there.

Either act may be repeated freely: a partner is made under our id, changed only where it differs, and one that was
merged is gone. What is brought is always the customer as it is now, so it does not matter which change comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from tillway.errors import NotFound
from tillway.journal import Event
from tillway.postgres import Database, Part
from tillway.processes.backoffice import call
from tillway.processes.definition import EXCEPTION, START, UNKNOWN, Beginning, Definition, On, Outcome, Step, Work
from tillway.records import customers, links
from tillway.records.customers import Kept
from tillway.retail import BackOfficeCustomer, Customer, CustomerKey, Office, Offices, keys_of
from tillway.retail.customer_changes import completed
from tillway.retail.customer_keys import STRONG

OWNER: Final = "retail-operations"

# Nobody waits for it at a counter, but an order on the customer's account does.
DEADLINE: Final = timedelta(hours=4)

Tell = Callable[[Work, str, str], tuple[Sequence[Event], Sequence[Part]]]

KIND: Final = "customer"

KEEPING: Final = (
    On(START, "customer.changed", "bringing"),
    On("bringing", "brought", "there"),
    On("bringing", "nothing", "there"),
    On("bringing", UNKNOWN, "bringing"),
    On(EXCEPTION, "retry", "bringing"),
    On(EXCEPTION, "skip", "there"),
)

MERGING: Final = (
    On(START, "customer.merged", "merging"),
    On("merging", "merged", "one"),
    On("merging", "nothing", "one"),
    On("merging", UNKNOWN, "merging"),
    On(EXCEPTION, "retry", "merging"),
    On(EXCEPTION, "skip", "one"),
)


def keep_customer(db: Database, offices: Offices) -> Definition:
    """The flow that brings a created or changed customer to the back office."""
    return Definition(
        name="keep-customer",
        version=1,
        starts_on="customer.changed",
        owner=OWNER,
        deadline=DEADLINE,
        steps=(Step(state="bringing", act=_Steps(db, offices).bring, tag="retriable"),),
        table=KEEPING,
        ends=frozenset({"there"}),
        begin=_begin,
        tell=_teller("keep-customer"),
        each=True,
    )


def merge_customers(db: Database, offices: Offices) -> Definition:
    """The flow that makes one of several customers in the back office, too."""
    return Definition(
        name="merge-customers",
        version=1,
        starts_on="customer.merged",
        owner=OWNER,
        deadline=DEADLINE,
        steps=(Step(state="merging", act=_Steps(db, offices).merge, tag="retriable"),),
        table=MERGING,
        ends=frozenset({"one"}),
        begin=_begin,
        tell=_teller("merge-customers"),
        each=True,
    )


async def partner(db: Any, customer_id: str, connection: str) -> str | None:
    """Foreign id of a customer of ours, also of one that was merged; None while the back office does not have it."""
    alive = await customers.get(db, customer_id)
    link = await links.find(db, KIND, alive.id, connection)
    return None if link is None else link.theirs


class _Steps:
    def __init__(self, db: Database, offices: Offices) -> None:
        self._db = db
        self._offices = offices

    async def bring(self, work: Work) -> Outcome:
        try:
            held = await customers.kept(self._db, work.subject)
        except NotFound:
            return Outcome(event="nothing")
        if not held.pending or held.customer.status == "erased":
            return Outcome(event="nothing")
        office = self._offices.of(held.customer.connection)
        link = await links.find(self._db, KIND, held.customer.id, office.connection)
        if link is not None:
            return await self._change(work, office, held.customer, link.theirs)
        known = await self._known(work, office, held.customer)
        if known is None:
            made = await office.customers.write(call(work, office.company), held.customer, None)
            return _brought(office, held.customer, made)
        return await self._adopt(work, office, held, known)

    async def merge(self, work: Work) -> Outcome:
        into = await customers.get(self._db, work.subject)
        office = self._offices.of(into.connection)
        gone = {each: await links.find(self._db, KIND, each, office.connection) for each in into.also}
        foreign = {ours: link.theirs for ours, link in gone.items() if link is not None}
        own = await links.find(self._db, KIND, into.id, office.connection)
        target = own.theirs if own is not None else next(iter(foreign.values()), None)
        if target is None:
            return Outcome(event="nothing")
        sources = tuple(dict.fromkeys(each for each in foreign.values() if each != target))
        if sources:
            await office.customers.merge(call(work, office.company), sources, target)
        parts = tuple(links.linking(KIND, ours, office.connection, target, "") for ours in (into.id, *foreign))
        return Outcome(event="merged", parts=parts)

    async def _change(self, work: Work, office: Office, customer: Customer, theirs: str) -> Outcome:
        terms = call(work, office.company)
        try:
            written = await office.customers.write(terms, customer, theirs)
        except NotFound:
            # Merged over there, or deleted: who carries our id now, or else a new record.
            heir = await office.customers.find(terms, customer.id)
            written = await office.customers.write(terms, customer, None if heir is None else heir.foreign_id)
        return _brought(office, customer, written)

    async def _known(self, work: Work, office: Office, customer: Customer) -> BackOfficeCustomer | None:
        """Who over there is this customer: the record that carries our id, or the only one alike."""
        terms = call(work, office.company)
        if work.attempts or work.data.get("unanswered_at"):
            found = await office.customers.find(terms, customer.id)
            if found is not None:
                return found
        keys = [key for key in keys_of(customer) if key.kind in STRONG and _there(key, office.connection)]
        if not keys:
            return None
        there = await office.customers.look_up(terms, keys)
        return there[0] if len(there) == 1 else None

    async def _adopt(self, work: Work, office: Office, held: Kept, known: BackOfficeCustomer) -> Outcome:
        """They know this customer already. What they hold counts, and what they lack is added."""
        other = await self._db.fetchrow(
            customers.SQL["customers_of"], office.connection, known.foreign_id, held.customer.id
        )
        if other is not None:
            async with self._db.transaction() as tx:
                await customers.merge(tx, other["ours"], (held.customer.id,), cause=work.cause)
            return Outcome(event="nothing", detail="it is a customer that we have already")
        whole = held.customer if known.ours == held.customer.id else completed(held.customer, known)
        written = await office.customers.write(call(work, office.company), whole, known.foreign_id)
        return _brought(office, held.customer, written)


def _there(key: CustomerKey, connection: str) -> bool:
    """Whether the back office can know a key: references are each system's own."""
    return key.kind != "reference" or key.text.startswith(f"{connection}\x1f")


def _brought(office: Office, customer: Customer, written: BackOfficeCustomer) -> Outcome:
    parts = (
        links.linking(KIND, customer.id, office.connection, written.foreign_id, ""),
        customers.delivered(customer),
    )
    return Outcome(event="brought", data={"foreign_id": written.foreign_id}, parts=parts)


def _begin(_: str, data: Mapping[str, Any]) -> Beginning | None:
    """What the back office said itself is not brought back to it."""
    return None if data["source"] == "back-office" else Beginning(data={})


def _teller(process: str) -> Tell:
    def tell(work: Work, code: str, detail: str) -> tuple[Sequence[Event], Sequence[Part]]:
        event = work.cause.event(
            "customer.exception",
            subject=work.subject,
            data={"process": process, "code": code, "detail": detail, "owner": OWNER, "actions": ["retry", "skip"]},
        )
        return (event,), ()

    return tell
