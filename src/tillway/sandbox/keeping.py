"""Rows that outlive the process: each commit is a line of a file, and a server that begins anew reads them all.

The file is written before whoever asked is answered, so what was answered is kept, also when the process is killed. A
line that was cut off in the middle is a commit that nobody was told of.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import msgspec

from tillway.sandbox import own_fields
from tillway.sandbox.store import Row, Store

_MODE: Final = 0o600


class _Commit(msgspec.Struct, array_like=True):
    """What one transaction left: rows by model and id (None: deleted), the last ids of their tables, all sequences."""

    rows: list[tuple[str, int, dict[str, Any] | None]]
    last: dict[str, int]
    sequences: dict[str, int]


class Kept:
    """The file of one store."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, _MODE)

    def restore(self, store: Store) -> bool:
        """Bring back what was kept; False when there was nothing."""
        content = self._path.read_bytes()
        whole = content.rfind(b"\n") + 1
        os.truncate(self._file, whole)
        for line in content[:whole].splitlines():
            commit = msgspec.json.decode(line, type=_Commit)
            for model, record, row in commit.rows:
                _set(store, model, record, row)
            own_fields.replayed(store, [(model, record) for model, record, _ in commit.rows])
            for model, last in commit.last.items():
                store.tables[model].last_id = last
            store.sequences.update(commit.sequences)
        return whole > 0

    def keep(self, store: Store, touched: set[tuple[str, int]]) -> None:
        """Write what a transaction left of the records that it touched."""
        commit = _Commit(
            rows=[(model, record, store.tables[model].rows.get(record)) for model, record in sorted(touched)],
            last={model: store.tables[model].last_id for model, _ in touched},
            sequences=store.sequences,
        )
        os.write(self._file, msgspec.json.encode(commit) + b"\n")


def _set(store: Store, model: str, record: int, row: Row | None) -> None:
    table = store.tables[model]
    if row is not None:
        table.put(record, {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()})
    elif record in table.rows:
        own_fields.dropped(store, model, record)
        table.drop(record)
