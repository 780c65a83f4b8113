"""Rows of a CSV or JSON Lines file, one at a time, with the digest of what was read."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import msgspec

from tillway.errors import Rejected


class Table(NamedTuple):
    """What the heading of a file may say."""

    columns: tuple[str, ...]
    needed: tuple[str, ...]


class Reject(msgspec.Struct, frozen=True):
    """What is wrong with a row; rows count from 1, a heading not among them. `field` is `row` for the whole of it."""

    row: int
    field: str
    reason: str


LINE_BYTES: Final = 64 * 1024
"""The longest line that is read into memory; a row takes a hundredth of it."""

READERS: Final = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
"""How a file is read, by how its name ends."""

_BOM: Final = b"\xef\xbb\xbf"

_decoder: Final = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


class Rows:
    """An open file of rows. `digest` is the SHA-256 of what was read so far: of the file, once its rows are."""

    def __init__(self, file: BinaryIO, form: str, table: Table) -> None:
        self._file, self._form, self._table = file, form, table
        self._digest = hashlib.sha256()

    @property
    def digest(self) -> str:
        """In hexadecimal digits."""
        return self._digest.hexdigest()

    def __iter__(self) -> Iterator[tuple[int, Mapping[str, Any] | Reject]]:
        """Each row from 1 on: its cells by column, or why it can't be read. Rejected when this is no such table."""
        return self._csv() if self._form == "csv" else self._json_lines()

    def _lines(self) -> Iterator[str]:
        first = True
        while line := self._file.readline(LINE_BYTES + 1):
            if len(line) > LINE_BYTES:
                raise Rejected(f"a line is longer than {LINE_BYTES} bytes", remedy="is this a file of rows?")
            self._digest.update(line)
            # What is no UTF-8 is kept apart, for the row that it stands in to be refused.
            yield (line.removeprefix(_BOM) if first else line).decode("utf-8", "surrogateescape")
            first = False

    def _csv(self) -> Iterator[tuple[int, Mapping[str, Any] | Reject]]:
        reader = csv.reader(self._lines(), strict=True)
        try:
            heading = next(reader, [])
        except csv.Error as error:
            raise Rejected(f"the heading can't be read: {error}") from error
        _known(heading, self._table)
        row = 0
        while True:
            try:
                cells = next(reader, None)
            except csv.Error as error:
                row += 1
                yield row, Reject(row, "row", f"is no CSV: {error}")
                continue
            if cells is None:
                return
            if not cells:
                continue
            row += 1
            if len(cells) != len(heading):
                yield row, Reject(row, "row", f"has {len(cells)} cells, and the heading {len(heading)}")
            else:
                yield row, dict(zip(heading, cells, strict=True))

    def _json_lines(self) -> Iterator[tuple[int, Mapping[str, Any] | Reject]]:
        row = 0
        for line in self._lines():
            if not line.strip():
                continue
            row += 1
            try:
                yield row, _decoder.decode(line.encode("utf-8", "surrogateescape"))
            except (msgspec.DecodeError, UnicodeDecodeError):
                yield row, Reject(row, "row", "is no JSON object")


def form_of(path: Path) -> str:
    """How a file is read. Rejected for a name that does not tell."""
    form = READERS.get(path.suffix.lower())
    if form is None:
        raise Rejected(f"{path.name} does not say what it is", remedy="name it .csv or .jsonl")
    return form


def _known(heading: list[str], table: Table) -> None:
    missing = [name for name in table.needed if name not in heading]
    unknown = [name for name in heading if name not in table.columns]
    doubled = sorted({name for name in heading if heading.count(name) > 1})
    told = [
        f"{what} {', '.join(names)}"
        for what, names in (("lacks", missing), ("has the unknown", unknown), ("has twice", doubled))
        if names
    ]
    if told:
        remedy = (
            f"the first line names the columns: {','.join(table.columns)}; only {', '.join(table.needed)} must be there"
        )
        raise Rejected(f"the heading {' and '.join(told)}", remedy=remedy)
