"""`tillway import stock-counts`: every row judged first, then each told once, however often the file is imported."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tillway.cli.asking import state_directory
from tillway.cli.bulk.counts import Count, Reject, judged, key
from tillway.cli.bulk.rows import Rows, form_of
from tillway.cli.bulk.sheets import Form, sheet
from tillway.cli.bulk.spool import Spool
from tillway.cli.consuming import Answered, Consumer, told
from tillway.cli.tables import table
from tillway.cli.telling import tell
from tillway.errors import Rejected

AT_ONCE: Final = 8
"""Counts told at the same time: a few, so that a door has room for others."""

SHOWN: Final = 20
"""Rejects shown after an import; all of them in the reject file."""

EXIT_REJECTED: Final = 4
"""Some row was rejected."""

SCOPES: Final = ("stock:read", "stock:write", "stores:read")

_CREATED, _FORBIDDEN, _NOT_FOUND = 201, 403, 404


class Asked(msgspec.Struct, frozen=True):
    """What an import is to do."""

    file: Path
    consumer: str
    dry_run: bool = False
    apply_valid: bool = False
    rejects: Path | None = None


def stock_counts(state: Path | None, asked: Asked, *, as_json: bool) -> None:
    """Import, and tell what came of it. Exit code 4 when a row was rejected."""
    done, shown = asyncio.run(imported(state_directory(state), asked, quiet=as_json))
    tell(done | {"shown": shown}, as_json=as_json, otherwise=_outcome(done))
    if shown and not as_json:
        Console().print(table(("row", "column", "what is wrong"), [(e.row, e.field, e.reason) for e in shown]))
    if done["rejected"]:
        raise SystemExit(EXIT_REJECTED)


async def imported(state: Path, asked: Asked, *, quiet: bool = True) -> tuple[dict[str, Any], list[Reject]]:
    """What came of it, and the first rejects. Rejected for a file that is no table of counts."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    bar = Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet)
    with Spool() as spool, bar:
        work = _Import(asked, spool, bar)
        try:
            done = await work.run(state)
        finally:
            if asked.rejects is not None:
                _write(asked.rejects, spool)
        return done, [each for each, _ in zip(spool.rejects(), range(SHOWN), strict=False)]


class _Import:
    """One import: read and judged here, looked up at the hub, and only then applied."""

    def __init__(self, asked: Asked, spool: Spool, bar: Progress) -> None:
        self._asked, self._spool, self._bar = asked, spool, bar
        self._applied = self._repeated = 0

    async def run(self, state: Path) -> dict[str, Any]:
        rows, digest = self._read()
        async with Consumer(state, self._asked.consumer, list(SCOPES)) as hub:
            await self._look_up(hub)
            places = self._spool.places()
            rejected = self._spool.rejected()
            if not self._asked.dry_run and (self._asked.apply_valid or not rejected):
                await self._apply(hub, digest, sum(places.values()))
        return {
            "file": str(self._asked.file),
            "digest": digest,
            "dry_run": self._asked.dry_run,
            "rows": rows,
            "valid": sum(places.values()),
            "locations": places,
            "rejected": self._spool.rejected(),
            "applied": self._applied,
            "repeated": self._repeated,
            "rejects": None if self._asked.rejects is None else str(self._asked.rejects),
        }

    def _read(self) -> tuple[int, str]:
        """Every row read and judged by itself; how many, and the digest of the file."""
        form, row = form_of(self._asked.file), 0
        task = self._bar.add_task("reading", total=None)
        try:
            with self._asked.file.open("rb") as file:
                rows = Rows(file, form)
                for row, cells in rows:
                    count, wrong = (None, [cells]) if isinstance(cells, Reject) else judged(row, cells)
                    if count is not None:
                        self._spool.add(count)
                    self._spool.reject(wrong)
                    self._bar.update(task, completed=row)
                return row, rows.digest
        except OSError as error:
            raise Rejected(f"{self._asked.file} can't be read: {error.strerror}") from error

    async def _look_up(self, hub: Consumer) -> None:
        """What only the hub knows: shops, products, and whether their stock was read."""
        shops = set(await hub.shops())
        places = self._spool.places()
        task = self._bar.add_task("looking up", total=sum(places.values()))
        for location in places:
            if location not in shops:
                self._spool.reject_place(location, f"there is no such shop, or {self._asked.consumer} may not see it")
                continue
            for page in self._spool.at(location):
                await self._known(hub, location, page)
                self._bar.advance(task, len(page))

    async def _known(self, hub: Consumer, location: str, page: list[Count]) -> None:
        """Products of one shop. An answer that one of many is unknown is halved until it says which."""
        body = {"skus": [each.sku for each in page], "locations": [location]}
        answered = await hub.ask("POST", "/stock/v1/availabilities", json=body)
        if answered.status == _NOT_FOUND and len(page) > 1:
            half = len(page) // 2
            await self._known(hub, location, page[:half])
            await self._known(hub, location, page[half:])
        elif answered.status == _NOT_FOUND:
            self._spool.reject((Reject(page[0].row, "sku", "no product with this SKU is known"),))
        elif answered.status != 200:  # noqa: PLR2004 - HTTP
            raise Rejected(told(answered), remedy=answered.body.get("remedy", ""))
        else:
            read = {each["sku"] for each in answered.body["availability"]}
            why = f"its stock at {location} was not read yet"
            self._spool.reject(Reject(each.row, "sku", why) for each in page if each.sku not in read)

    async def _apply(self, hub: Consumer, digest: str, total: int) -> None:
        task = self._bar.add_task("telling", total=total)
        for page in self._spool.sound(AT_ONCE):
            answers = await asyncio.gather(*(_tell(hub, digest, count) for count in page))
            for count, answered in zip(page, answers, strict=True):
                self._count(count, answered)
            self._bar.advance(task, len(page))

    def _count(self, count: Count, answered: Answered) -> None:
        if answered.status == _FORBIDDEN:
            raise Rejected(told(answered), remedy="what was told before counts; run it again, nothing is told twice")
        if answered.status != _CREATED:
            self._spool.reject((Reject(count.row, "row", told(answered)),))
        elif answered.replayed:
            self._repeated += 1
        else:
            self._applied += 1


async def _tell(hub: Consumer, digest: str, count: Count) -> Answered:
    headers = {"Idempotency-Key": key(digest, count.row)}
    return await hub.ask("POST", "/stock/v1/adjustments", json=count.body(), headers=headers)


def _write(path: Path, spool: Spool) -> None:
    form: Form = "jsonl" if path.suffix.lower() in {".jsonl", ".ndjson"} else "csv"
    with sheet(path, form, {"row": "text", "field": "text", "reason": "text"}) as file:
        for each in spool.rejects():
            file.add(({"row": each.row, "field": each.field, "reason": each.reason},))


def _outcome(done: dict[str, Any]) -> str:
    """In one line. Pure."""
    begin = f"{done['rows']} rows, {done['rejected']} rejected"
    if done["dry_run"]:
        where = ", ".join(f"{count} at {location}" for location, count in done["locations"].items())
        return f"{begin}; would be told: {where or 'none'}; nothing was"
    if done["rejected"] and not done["applied"] + done["repeated"]:
        return f"{begin}; nothing was told: put them right, or tell the others with --apply-valid"
    return f"{begin}; {done['applied']} counts told, {done['repeated']} had been told before"
