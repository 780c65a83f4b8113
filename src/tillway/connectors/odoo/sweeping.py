"""One page of a sweep over the changed records of one model."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from tillway.retail import Call

from .client import READ, Json2
from .cursor import Cursor, advanced, begun, domain, moment, parse, render
from .mapping.values import text


class Swept(msgspec.Struct, frozen=True):
    """A page as Odoo has it, and where the next one begins."""

    rows: list[dict[str, Any]]
    cursor: str
    more: bool


class Sweeps:
    """Pages over one Odoo, for several companies at once."""

    def __init__(self, odoo: Json2, companies: frozenset[int], now: Callable[[], datetime]) -> None:
        self._odoo = odoo
        self._context = {"active_test": False, **({"allowed_company_ids": sorted(companies)} if companies else {})}
        self._now = now

    async def page(
        self,
        call: Call,
        model: str,
        wanted: list[Any],
        fields: list[str],
        *,
        cursor: str | None,
        limit: int,
        history: timedelta,
    ) -> Swept:
        """The next records that are wanted and were changed since the cursor, in the order of their ids.

        The first sweep goes back as far as `history`.
        """
        now = self._now()
        position = Cursor(since=now - history) if cursor is None else parse(cursor)
        if not position.after:
            newest = await self.rows(call, model, wanted, ["write_date"], order="write_date desc", limit=1)
            mark = moment(newest[0]["write_date"]) if newest and text(newest[0]["write_date"]) else None
            position = begun(position, mark, now)
        rows = await self.rows(call, model, [*wanted, *domain(position)], fields, order="id", limit=limit)
        more = len(rows) == limit
        return Swept(rows, render(advanced(position, [row["id"] for row in rows], more=more)), more)

    async def rows(
        self, call: Call, model: str, wanted: list[Any], fields: list[str], **arguments: Any
    ) -> list[dict[str, Any]]:
        """Fields of the records that are wanted, of all these companies, archived ones included."""
        found: list[dict[str, Any]] = await self._odoo.call(
            call, READ, model, "search_read", context=self._context, domain=wanted, fields=fields, **arguments
        )
        return found

    async def of(self, call: Call, model: str, ids: set[int], fields: list[str]) -> dict[int, dict[str, Any]]:
        """Records by id; asked for nothing, nobody is asked."""
        if not ids:
            return {}
        return {row["id"]: row for row in await self.rows(call, model, [["id", "in", sorted(ids)]], fields)}

    async def under(
        self, call: Call, model: str, parent: str, ids: list[int], fields: list[str], *, order: str
    ) -> dict[int, list[dict[str, Any]]]:
        """The lines of documents, by document: one call for all of them."""
        found: dict[int, list[dict[str, Any]]] = {each: [] for each in ids}
        if ids:
            for row in await self.rows(call, model, [[parent, "in", ids]], fields, order=order):
                found[row[parent][0]].append(row)
        return found

    async def known(self, call: Call, model: str, names: list[str]) -> frozenset[str]:
        """Which of these fields the model has there: some come with a module."""
        found = await self._odoo.call(call, READ, model, "fields_get", allfields=names, attributes=["type"])
        return frozenset(found)
