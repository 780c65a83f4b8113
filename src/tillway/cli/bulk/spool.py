"""Rows on their way, in a file of SQLite's that nobody else sees and that is gone with the process.

However long the file is, memory holds a few pages of it; and what is applied is what was judged, also when somebody
writes to the file meanwhile.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from typing import Final, Self

from tillway.cli.bulk.counts import COLUMNS, Count
from tillway.cli.bulk.people import Person
from tillway.cli.bulk.rows import Reject

AT_ONCE: Final = 500
"""Rows of one look-up, as many as an interface answers in one page."""

_REJECTS: Final = """
CREATE TABLE rejects (row INTEGER, field, reason);
CREATE INDEX rejects_by_row ON rejects (row);
"""


class Spool:
    """Rows and what is wrong with them. Whoever holds rows of a kind makes the table `rows`: `row`, `bad`, and more."""

    TABLES = ""

    def __init__(self) -> None:
        # An empty name: a temporary file, on disk as soon as it outgrows the cache.
        self._db = sqlite3.connect("", isolation_level=None)

    def __enter__(self) -> Self:
        self._db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + self.TABLES + _REJECTS)
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def reject(self, rejects: Iterable[Reject]) -> None:
        """Rows that are not applied, and why."""
        for each in rejects:
            self._db.execute("INSERT INTO rejects VALUES (?, ?, ?)", (each.row, each.field, each.reason))
            self._db.execute("UPDATE rows SET bad = 1 WHERE row = ?", (each.row,))

    def alike(self, first: int, row: int, field: str, what: str) -> None:
        """Two rows that cannot both be meant: both are rejected, for nobody knows which one is."""
        self.reject((Reject(row, field, f"row {first} {what}"),))
        if not self._db.execute("SELECT 1 FROM rejects WHERE row = ?", (first,)).fetchone():
            self.reject((Reject(first, field, f"row {row} {what}"),))

    def rejects(self) -> Iterator[Reject]:
        """What was rejected, in the order of the file."""
        for each in self._db.execute("SELECT row, field, reason FROM rejects ORDER BY row, rowid"):
            yield Reject(*each)

    def valid(self) -> int:
        """How many sound rows there are."""
        return int(self._db.execute("SELECT count(*) FROM rows WHERE NOT bad").fetchone()[0])

    def rejected(self) -> int:
        """How many rows were rejected."""
        return int(self._db.execute("SELECT count(DISTINCT row) FROM rejects").fetchone()[0])


class CountSpool(Spool):
    """Counts, by place."""

    TABLES = """
        CREATE TABLE rows (row INTEGER PRIMARY KEY, sku, location, counted, reason, reference, bad INTEGER DEFAULT 0);
        CREATE INDEX rows_by_place ON rows (location, sku);
    """

    def add(self, count: Count) -> None:
        """A sound row. Two of one product at one place are both rejected: nobody knows which of them was meant."""
        sql = "SELECT row FROM rows WHERE location = ? AND sku = ? ORDER BY row LIMIT 1"
        first = self._db.execute(sql, (count.location, count.sku)).fetchone()
        values = [count.row, *(getattr(count, name) for name in COLUMNS)]
        self._db.execute(
            "INSERT INTO rows (row, sku, location, counted, reason, reference) VALUES (?, ?, ?, ?, ?, ?)", values
        )
        if first is not None:
            self.alike(first[0], count.row, "sku", "counts the same product at the same location")

    def reject_place(self, location: str, reason: str) -> None:
        """All sound rows of a location."""
        sql = "INSERT INTO rejects SELECT row, 'location', ? FROM rows WHERE location = ? AND NOT bad"
        self._db.execute(sql, (reason, location))
        self._db.execute("UPDATE rows SET bad = 1 WHERE location = ?", (location,))

    def places(self) -> dict[str, int]:
        """How many sound rows each location has."""
        sql = "SELECT location, count(*) FROM rows WHERE NOT bad GROUP BY location ORDER BY location"
        return dict(self._db.execute(sql).fetchall())

    def at(self, location: str) -> Iterator[list[Count]]:
        """The sound rows of a location by SKU, in pages."""
        sql = (
            "SELECT row, sku, location, counted, reason, reference FROM rows "
            "WHERE location = ? AND sku > ? AND NOT bad ORDER BY sku LIMIT ?"
        )
        after = ""
        while page := [Count(*each) for each in self._db.execute(sql, (location, after, AT_ONCE))]:
            after = page[-1].sku
            yield page

    def sound(self, at_once: int) -> Iterator[list[Count]]:
        """All sound rows in the order of the file, so many at once."""
        sql = (
            "SELECT row, sku, location, counted, reason, reference FROM rows "
            "WHERE row > ? AND NOT bad ORDER BY row LIMIT ?"
        )
        after = 0
        while page := [Count(*each) for each in self._db.execute(sql, (after, at_once))]:
            after = page[-1].row
            yield page


class PeopleSpool(Spool):
    """Customers, as they are to be asked for; each key of theirs is one row's."""

    TABLES = """
        CREATE TABLE rows (row INTEGER PRIMARY KEY, body, bad INTEGER DEFAULT 0);
        CREATE TABLE keys (key PRIMARY KEY, row INTEGER) WITHOUT ROWID;
    """

    def add(self, person: Person) -> None:
        """A sound row. Two with the same key are both rejected: one of them would be dropped without a word."""
        self._db.execute("INSERT INTO rows (row, body) VALUES (?, ?)", (person.row, person.body))
        for field, key in person.keys:
            first = self._db.execute("SELECT row FROM keys WHERE key = ?", (f"{field} {key}",)).fetchone()
            if first is None:
                self._db.execute("INSERT INTO keys VALUES (?, ?)", (f"{field} {key}", person.row))
            elif first[0] != person.row:
                self.alike(first[0], person.row, field, f"has the same {field}")

    def sound(self, at_once: int) -> Iterator[list[tuple[int, bytes]]]:
        """Row and JSON body of all sound rows in the order of the file, so many at once."""
        after = 0
        sql = "SELECT row, body FROM rows WHERE row > ? AND NOT bad ORDER BY row LIMIT ?"
        while page := self._db.execute(sql, (after, at_once)).fetchall():
            after = page[-1][0]
            yield page
