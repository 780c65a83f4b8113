"""Files that rows are written to as they come: CSV, JSON Lines, Parquet. Memory holds one row group at most."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Literal, Protocol

import msgspec

from tillway.errors import Misconfigured

Form = Literal["csv", "jsonl", "parquet"]
Kind = Literal["text", "decimal", "moment", "truth", "json"]
Row = Mapping[str, Any]

GROUP_ROWS: Final = 10_000
"""Rows of one Parquet row group: a few megabytes of memory, and enough of them to compress well."""

DIGITS: Final = 20
DECIMALS: Final = 6
"""Of a decimal column in Parquet: the longest amount of the interfaces has 14 digits and 6 decimals."""


PRIVATE: Final = 0o600
"""Who may read a file: its owner alone, for rows may be about people."""


class Sheet(Protocol):
    """An open file of rows."""

    def add(self, rows: Sequence[Row]) -> None:
        """Write these rows."""

    def close(self) -> None:
        """Write what is left."""


@contextmanager
def sheet(path: Path, form: Form, columns: Mapping[str, Kind]) -> Iterator[Sheet]:
    """A file that is there whole, or not at all: it takes its name when the last row is written. Misconfigured."""
    part = path.with_name(f"{path.name}.part")
    try:
        part.unlink(missing_ok=True)
        part.touch(mode=PRIVATE, exist_ok=False)
        opened = _opened(part, form, columns)
        try:
            yield opened
        finally:
            opened.close()
        os.replace(part, path)  # noqa: PTH105 - replaces on every system
    except OSError as error:
        raise Misconfigured(f"{path} can't be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


def _opened(path: Path, form: Form, columns: Mapping[str, Kind]) -> Sheet:
    if form == "csv":
        return _Csv(path, columns)
    return _JsonLines(path, columns) if form == "jsonl" else _Parquet(path, columns)


class _Csv:
    """RFC 4180 but for plain line ends. Nothing is an empty cell; what has members is JSON."""

    def __init__(self, path: Path, columns: Mapping[str, Kind]) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._columns = columns
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow(columns)

    def add(self, rows: Sequence[Row]) -> None:
        self._writer.writerows([_cell(row[name]) for name in self._columns] for row in rows)

    def close(self) -> None:
        self._file.close()


class _JsonLines:
    """A JSON object a line, as the interfaces tell it."""

    def __init__(self, path: Path, columns: Mapping[str, Kind]) -> None:
        self._file = path.open("wb")
        self._columns = columns

    def add(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self._file.write(msgspec.json.encode({name: row[name] for name in self._columns}) + b"\n")

    def close(self) -> None:
        self._file.close()


class _Parquet:
    """Exact decimals, moments in UTC; what has members is JSON text. pyarrow is loaded only for this."""

    def __init__(self, path: Path, columns: Mapping[str, Kind]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        kinds = {
            "text": pa.string(),
            "decimal": pa.decimal128(DIGITS, DECIMALS),
            "moment": pa.timestamp("us", tz="UTC"),
            "truth": pa.bool_(),
            "json": pa.string(),
        }
        self._columns = columns
        self._schema = pa.schema([(name, kinds[kind]) for name, kind in columns.items()])
        self._table = pa.Table.from_pylist
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._waiting: list[dict[str, Any]] = []

    def add(self, rows: Sequence[Row]) -> None:
        for row in rows:
            self._waiting.append({name: _typed(row[name], kind) for name, kind in self._columns.items()})
            if len(self._waiting) == GROUP_ROWS:
                self._flush()

    def close(self) -> None:
        if self._waiting:
            self._flush()
        self._writer.close()

    def _flush(self) -> None:
        self._writer.write_table(self._table(self._waiting, schema=self._schema))
        self._waiting = []


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _typed(value: Any, kind: Kind) -> Any:
    if value is None:
        return None
    if kind == "decimal":
        return Decimal(value)
    if kind == "moment":
        return msgspec.convert(value, datetime)
    return msgspec.json.encode(value).decode() if kind == "json" else value
