"""Finding and erasing what tells of a person, in every text, JSON and bytea column of a room's schema.

The columns come from the catalogue, so that none is forgotten. A room says where sealed values lie and how each column
is mended; what it does not say cannot be erased here, and is told as held. Tables are read by their pages, a bite at a
time: no index is needed, nothing is locked, and what is changed meanwhile is found by the next pass.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final, Protocol

import msgspec

from tillway import sealing
from tillway.postgres.mending import Column, Mender, Wanted
from tillway.postgres.sql import load

PAGES: Final = 32
"""Pages of a table that one statement looks over, 256 KB: its rows come in a few milliseconds."""

TURN: Final = 64
"""Rows looked at before others have their turn: some 3 ms of this process's loop."""

_SQL: Final = load("tillway.postgres", "personal.sql")
_SEALED: Final = re.compile(r"s1\.[0-9a-z]+\.[A-Za-z0-9_-]+={0,2}")


class Db(Protocol):
    """What is needed of a database."""

    async def fetch(self, sql: str, *args: Any) -> list[Any]:
        """All rows."""

    async def fetchval(self, sql: str, *args: Any) -> Any:
        """The first column of the first row."""


class Found(msgspec.Struct, frozen=True):
    """What one table holds of who is looked for: rows and, where known, the entities that they are about."""

    table: str
    looked: int
    held: int
    erased: int
    columns: tuple[str, ...] = ()
    about: frozenset[str] = frozenset()


class _Leaf(msgspec.Struct, frozen=True):
    """A table that has rows of its own: of a partitioned one, a partition. `root` is how people call it."""

    name: str
    root: str
    pages: int
    columns: dict[str, str]


class Personal(msgspec.Struct, frozen=True, kw_only=True):
    """A room's schema, seen as a place that holds what tells of people.

    `columns` by table and column; `about` is the SQL that tells a table's entity.
    """

    schema: str
    columns: Mapping[tuple[str, str], Column] = {}
    about: Mapping[str, str] = {}

    async def holds(self, db: Db, wanted: Wanted) -> tuple[Found, ...]:
        """Every table of the schema, and how many of its rows tell of who is looked for. Changes nothing."""
        return await self._walk(db, wanted, erase=False)

    async def erase(self, db: Db, wanted: Wanted) -> tuple[Found, ...]:
        """The same, and what can be erased is. Safe to repeat, and to stop anywhere."""
        return await self._walk(db, wanted, erase=True)

    async def _walk(self, db: Db, wanted: Wanted, *, erase: bool) -> tuple[Found, ...]:
        found: dict[str, Found] = {}
        for leaf in await _leaves(db, self.schema):
            told = await self._table(db, leaf, wanted, erase=erase)
            found[told.table] = _added(found[told.table], told) if told.table in found else told
        return tuple(found.values())

    async def _table(self, db: Db, leaf: _Leaf, wanted: Wanted, *, erase: bool) -> Found:
        held = erased = 0
        columns: Counter[str] = Counter()
        about: set[str] = set()
        async for row in self._rows(db, leaf, wanted):
            telling = {name: new for name in leaf.columns if (new := self._mended(leaf, name, row, wanted)) is not None}
            if not telling:
                continue
            held += 1
            columns.update(telling)
            about |= {row["about"]} - {None}
            if erase:
                erased += await self._write(db, leaf, row, telling)
        looked = await db.fetchval(f"SELECT count(*) FROM {leaf.name}")  # noqa: S608 - a name of the catalogue, quoted
        return Found(f"{self.schema}.{leaf.root}", looked, held, erased, tuple(sorted(columns)), frozenset(about))

    async def _rows(self, db: Db, leaf: _Leaf, wanted: Wanted) -> AsyncIterator[Any]:
        if not leaf.columns:
            return
        statement = _statement(leaf, self._sealed(leaf), self.about.get(leaf.root, "NULL"))
        likes = [f"%{_like(each)}%" for each in (*wanted.spellings, *map(_escaped, wanted.values))]
        for page in range(0, leaf.pages + 1, PAGES):
            bounds = f"({page},0)", f"({page + PAGES},0)"
            for number, row in enumerate(await db.fetch(statement, *bounds, likes, wanted.about), start=1):
                if number % TURN == 0:
                    await asyncio.sleep(0)
                if wanted.about is None or row["about"] == wanted.about or self._mentions(leaf, row, wanted.about):
                    yield row

    def _sealed(self, leaf: _Leaf) -> dict[str, str]:
        return {name: self._how(leaf, name).row for name in leaf.columns if self._how(leaf, name).sealed}

    def _how(self, leaf: _Leaf, column: str) -> Column:
        return self.columns.get((leaf.root, column), Column(mend="none"))

    def _mentions(self, leaf: _Leaf, row: Any, entity: str) -> bool:
        return any(entity in self._opened(leaf, name, row) for name in leaf.columns)

    def _opened(self, leaf: _Leaf, column: str, row: Any) -> str:
        """The text of a column with everything sealed in it in clear."""
        how, text = self._how(leaf, column), _text(row[column])
        if not how.sealed:
            return text
        return _SEALED.sub(lambda match: sealing.opened(how.sealed, row[f"{column} row"], match[0]), text)

    def _mended(self, leaf: _Leaf, column: str, row: Any, wanted: Wanted) -> Any:
        """What the column should hold; None when it tells nothing."""
        kept = row[column]
        if kept is None or _text(kept) == "null":
            return None
        how = self._how(leaf, column)
        entity = wanted.about is not None and row["about"] == wanted.about
        if not (wanted.tells(self._opened(leaf, column, row)) or (entity and _SEALED.search(_text(kept)))):
            return None
        if how.mend != "words":
            return how.mend
        mender = Mender(wanted, how, str(row[f"{column} row"]) if how.sealed else "", entity=entity)
        mended = mender.mended(kept, is_json=leaf.columns[column] in ("json", "jsonb"))
        return None if mended == kept else mended

    async def _write(self, db: Db, leaf: _Leaf, row: Any, telling: Mapping[str, Any]) -> int:
        """Mend one row; 0 when there is nothing to mend or it was changed meanwhile, which the next pass finds."""
        sets: list[str] = []
        still: list[str] = []
        values: list[Any] = [row["ctid"]]
        for column, new in telling.items():
            how, name, kind = self._how(leaf, column), _quoted(column), leaf.columns[column]
            if how.mend == "none":
                continue
            values.append(row[column])
            still.append(f"{name} = ${len(values)}::{kind}")
            if how.mend == "null":
                sets += [f"{each} = NULL" for each in (name, *map(_quoted, how.also))]
            else:
                values.append(new)
                sets.append(f"{name} = ${len(values)}::{kind}")
        if not sets:
            return 0
        where = " AND ".join(("ctid = $1::text::tid", *still))
        text = f"UPDATE {leaf.name} SET {', '.join(sets)} WHERE {where} RETURNING 1"  # noqa: S608 - quoted names
        return 0 if await db.fetchval(text, *values) is None else 1


async def _leaves(db: Db, schema: str) -> list[_Leaf]:
    leaves: dict[str, _Leaf] = {}
    for row in await db.fetch(_SQL["columns"], schema):
        leaf = leaves.setdefault(row["leaf"], _Leaf(row["leaf"], row["root"], row["pages"], {}))
        if row["kind"] is not None:
            leaf.columns[row["name"]] = row["kind"]
    return list(leaves.values())


def _statement(leaf: _Leaf, sealed: Mapping[str, str], about: str) -> str:
    """Rows that may tell: one of the spellings is in a column, something sealed is, or it is about the entity."""
    shown = [_quoted(name) for name in leaf.columns]
    shown += [f"{row} AS {_quoted(f'{name} row')}" for name, row in sealed.items()]
    likely = [f"{_as_text(name, kind)} ILIKE ANY($3::text[])" for name, kind in leaf.columns.items()]
    likely += [f"{_as_text(name, leaf.columns[name])} LIKE '%s1.%'" for name in sealed]
    likely.append(f"{about} = $4::text")
    return (
        f"SELECT ctid::text AS ctid, ({about})::text AS about, {', '.join(shown)} FROM {leaf.name} "  # noqa: S608 - names of the catalogue, quoted, and the room's own SQL
        f"WHERE ctid >= $1::text::tid AND ctid < $2::text::tid AND ({' OR '.join(likely)})"
    )


def _as_text(name: str, kind: str) -> str:
    return f"encode({_quoted(name)}, 'escape')" if kind == "bytea" else f"{_quoted(name)}::text"


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _escaped(value: str) -> str:
    """As bytea shows it."""
    return "".join(chr(each) if each < 128 else f"\\{each:03o}" for each in value.encode())  # noqa: PLR2004 - ASCII


def _like(value: str) -> str:
    return value.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")


def _added(one: Found, other: Found) -> Found:
    return Found(
        one.table,
        one.looked + other.looked,
        one.held + other.held,
        one.erased + other.erased,
        tuple(sorted({*one.columns, *other.columns})),
        one.about | other.about,
    )


def total(found: Sequence[Found]) -> int:
    """Rows held, over all tables."""
    return sum(each.held for each in found)
