"""Receipts and sessions of the back office's own tills, kept and told in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tillway.postgres import Part, Tx
from tillway.records import there as decide
from tillway.records.seen import SALES, SESSIONS, SQL, Given, Kept, changed, columns, finish
from tillway.records.statements import digest, document
from tillway.records.there import BACK_OFFICE
from tillway.retail import SaleThere, SessionThere


async def take_sales(tx: Tx, given: Given, items: Sequence[SaleThere]) -> None:
    """Receipts. One that is known by its id came from us, or was told before."""
    page = await changed(tx, given, SALES, items, lambda item: item.foreign_id)
    found = {UUID(item.sale.id): (key, item) for key, (item, _) in page.changed.items()}
    if not found:
        return
    known = {row[0] for row in await tx.fetch(SQL["sales_known"], sorted(found))}
    rows = [_sale_row(item) for sale_id, (_, item) in sorted(found.items()) if sale_id not in known]
    fresh = {row[0] for row in await tx.fetch(SQL["save_sales_there"], *columns(rows))} if rows else set()
    events, links = [], []
    for sale_id, (key, item) in found.items():
        if sale_id in fresh:
            links.append((str(sale_id), key, item.name))
            if not given.first and not decide.made_before(given.began, item.made_at):
                events.append(decide.sale_recorded(item, connection=given.connection, cause=given.cause))
    if links:
        tx.stage(Part("records_links", SQL["save_links"], ("sale", given.connection, *columns(links))))
    kept = [Kept(theirs=key, hash=content, mark="recorded") for key, (_, content) in page.changed.items()]
    finish(tx, given, SALES, kept, events)


async def take_sessions(tx: Tx, given: Given, items: Sequence[SessionThere]) -> None:
    """Sessions: each is closed once."""
    page = await changed(tx, given, SESSIONS, items, lambda item: item.foreign_id)
    events = [
        decide.session_closed(item, connection=given.connection, cause=given.cause)
        for key, (item, _) in page.changed.items()
        if page.marks[key] is None and not given.first
    ]
    kept = [Kept(theirs=key, hash=content, mark="closed") for key, (_, content) in page.changed.items()]
    finish(tx, given, SESSIONS, kept, events)


def _sale_row(item: SaleThere) -> tuple[Any, ...]:
    sale, text = item.sale, document(item.sale)
    place = (sale.till, sale.epoch, sale.sequence, sale.shop, sale.business_day)
    return UUID(sale.id), BACK_OFFICE, *place, "booked", digest(text), text
