"""`tillway import`: every row judged first, then each told once, however often the file is imported."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tillway.cli.asking import state_directory
from tillway.cli.bulk.rows import Reject, Rows, Table, form_of
from tillway.cli.bulk.sheets import Form, sheet
from tillway.cli.bulk.spool import Spool
from tillway.cli.consuming import Answered, Consumer, told
from tillway.cli.tables import table
from tillway.cli.telling import tell
from tillway.errors import Rejected

AT_ONCE: Final = 8
"""Rows told at the same time: a few, so that a door has room for others."""

SHOWN: Final = 20
"""Rejects shown after an import; all of them in the reject file."""

EXIT_REJECTED: Final = 4
"""Some row was rejected."""

_THERE, _CREATED, _FORBIDDEN = 200, 201, 403


class Asked(msgspec.Struct, frozen=True):
    """What an import is to do."""

    file: Path
    consumer: str
    dry_run: bool = False
    apply_valid: bool = False
    rejects: Path | None = None


class Import(ABC):
    """Rows of one kind: how each is judged, where it is told, and under which key."""

    table: ClassVar[Table]
    scopes: ClassVar[tuple[str, ...]]
    path: ClassVar[str]
    called: ClassVar[str]
    """What a row is, in the plural."""

    def __init__(self, asked: Asked, spool: Spool, bar: Progress) -> None:
        self.asked, self.spool, self.bar = asked, spool, bar
        self._created = self._there = self._repeated = 0

    @abstractmethod
    def judge(self, row: int, cells: Mapping[str, Any]) -> list[Reject]:
        """What is wrong with a row by itself; a sound one is spooled."""

    @abstractmethod
    def key(self, digest: str, row: int) -> str:
        """The Idempotency-Key of a row of the file with this digest."""

    @abstractmethod
    async def look_up(self, hub: Consumer) -> None:
        """Reject what only the hub knows to be wrong."""

    @abstractmethod
    def bodies(self, at_once: int) -> Iterator[list[tuple[int, bytes]]]:
        """Row and JSON body of all sound rows in the order of the file, so many at once."""

    def also(self) -> dict[str, Any]:
        """What else this kind tells of an import."""
        return {}

    async def run(self, state: Path) -> dict[str, Any]:
        """What came of it. Rejected for a file that is no such table, and when the hub refuses the consumer."""
        rows, digest = self._read()
        async with Consumer(state, self.asked.consumer, list(self.scopes)) as hub:
            await self.look_up(hub)
            valid = self.spool.valid()
            if not self.asked.dry_run and (self.asked.apply_valid or not self.spool.rejected()):
                await self._apply(hub, digest, valid)
        return {
            "file": str(self.asked.file),
            "digest": digest,
            "dry_run": self.asked.dry_run,
            "rows": rows,
            "valid": valid,
            **self.also(),
            "rejected": self.spool.rejected(),
            "applied": self._created,
            "there": self._there,
            "repeated": self._repeated,
            "rejects": None if self.asked.rejects is None else str(self.asked.rejects),
        }

    def _read(self) -> tuple[int, str]:
        """Every row read and judged by itself; how many, and the digest of the file."""
        form, row = form_of(self.asked.file), 0
        task = self.bar.add_task("reading", total=None)
        try:
            with self.asked.file.open("rb") as file:
                rows = Rows(file, form, self.table)
                for row, cells in rows:
                    self.spool.reject([cells] if isinstance(cells, Reject) else self.judge(row, cells))
                    self.bar.update(task, completed=row)
                return row, rows.digest
        except OSError as error:
            raise Rejected(f"{self.asked.file} can't be read: {error.strerror}") from error

    async def _apply(self, hub: Consumer, digest: str, total: int) -> None:
        task = self.bar.add_task("telling", total=total)
        for page in self.bodies(AT_ONCE):
            answers = await asyncio.gather(*(self._tell(hub, digest, row, body) for row, body in page))
            for (row, _), answered in zip(page, answers, strict=True):
                self._count(row, answered)
            self.bar.advance(task, len(page))

    async def _tell(self, hub: Consumer, digest: str, row: int, body: bytes) -> Answered:
        headers = {"Idempotency-Key": self.key(digest, row), "Content-Type": "application/json"}
        return await hub.ask("POST", self.path, data=body, headers=headers)

    def _count(self, row: int, answered: Answered) -> None:
        if answered.status == _FORBIDDEN:
            raise Rejected(told(answered), remedy="what was told before counts; run it again, nothing is told twice")
        if answered.status not in {_THERE, _CREATED}:
            self.spool.reject((Reject(row, "row", told(answered)),))
        elif answered.replayed:
            self._repeated += 1
        elif answered.status == _CREATED:
            self._created += 1
        else:
            self._there += 1


def run_import(kind: type[Import], spool: Spool, state: Path | None, asked: Asked, *, as_json: bool) -> None:
    """Import, and tell what came of it. Exit code 4 when a row was rejected."""
    done, shown = asyncio.run(imported(kind, spool, state_directory(state), asked, quiet=as_json))
    tell(done | {"shown": shown}, as_json=as_json, otherwise=_outcome(done, kind.called))
    if shown and not as_json:
        Console().print(table(("row", "column", "what is wrong"), [(e.row, e.field, e.reason) for e in shown]))
    if done["rejected"]:
        raise SystemExit(EXIT_REJECTED)


async def imported(
    kind: type[Import], spool: Spool, state: Path, asked: Asked, *, quiet: bool = True
) -> tuple[dict[str, Any], list[Reject]]:
    """What came of it, and the first rejects. Rejected for a file that is no table of this kind."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    bar = Progress(*columns, console=Console(stderr=True), transient=True, disable=quiet)
    with spool, bar:
        try:
            done = await kind(asked, spool, bar).run(state)
        finally:
            if asked.rejects is not None:
                _write(asked.rejects, spool)
        return done, [each for each, _ in zip(spool.rejects(), range(SHOWN), strict=False)]


def _write(path: Path, spool: Spool) -> None:
    form: Form = "jsonl" if path.suffix.lower() in {".jsonl", ".ndjson"} else "csv"
    with sheet(path, form, {"row": "text", "field": "text", "reason": "text"}) as file:
        for each in spool.rejects():
            file.add(({"row": each.row, "field": each.field, "reason": each.reason},))


def _outcome(done: Mapping[str, Any], called: str) -> str:
    """In one line. Pure."""
    begin = f"{done['rows']} rows, {done['rejected']} rejected"
    if done["dry_run"]:
        where = ", ".join(f"{count} at {location}" for location, count in done.get("locations", {}).items())
        return f"{begin}; would be told: {where or done['valid']}; nothing was"
    if done["rejected"] and not done["applied"] + done["there"] + done["repeated"]:
        return f"{begin}; nothing was told: put them right, or tell the others with --apply-valid"
    there = f", {done['there']} were there already" if done["there"] else ""
    return f"{begin}; {done['applied']} {called} told{there}, {done['repeated']} had been told before"
