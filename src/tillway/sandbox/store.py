"""The rows, in memory for the run: tables with indexes, and transactions that undo themselves.

A transaction works on the rows at once and keeps how to take each step back. It remembers which commit it began after:
changing a row that a later commit changed is a SerializationFailure, as under Postgres' REPEATABLE READ. Calls overlap
only while one of them waits (work time is switched on), so this costs nothing otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tillway.sandbox.fields import Model
from tillway.sandbox.refusals import SerializationFailure

Row = dict[str, Any]


class Table:
    """The rows of one model by id, with an index of each indexed field: value -> ids in the order of arrival."""

    def __init__(self, model: Model) -> None:
        self.rows: dict[int, Row] = {}
        self.last_id = 0
        self.changed_by: dict[int, int] = {}
        """Record id -> number of the commit that last changed it."""
        names = {each.name for each in model.fields.values() if each.indexed and each.stored}
        names |= {name for unique in model.unique for name in unique.fields}
        self.indexes: dict[str, dict[Any, dict[int, None]]] = {name: {} for name in names}

    def find(self, field: str, value: Any) -> Iterable[int]:
        """Ids of the records whose indexed field holds the value."""
        return self.indexes[field].get(value, ())

    def put(self, record: int, values: Mapping[str, Any]) -> Row:
        """Set values of a row (made if missing) and return what they were before."""
        row = self.rows.get(record)
        before: Row = {}
        if row is None:
            row = self.rows[record] = {}
        for name, value in values.items():
            if name in row:
                before[name] = row[name]
            row[name] = value
            index = self.indexes.get(name)
            if index is not None:
                if name in before:
                    index[before[name]].pop(record, None)
                index.setdefault(value, {})[record] = None
        return before

    def drop(self, record: int) -> Row:
        """Remove a row and return it."""
        row = self.rows.pop(record)
        for name, index in self.indexes.items():
            index[row[name]].pop(record, None)
        return row


class Store:
    """All tables and the sequences of numbers. Sequences do not roll back, as Postgres' do not."""

    def __init__(self, models: Mapping[str, Model]) -> None:
        self.models = dict(models)
        """What can be called now: the retailer may add fields and models."""
        self.tables = {name: Table(each) for name, each in models.items()}
        self.sequences: dict[str, int] = {}
        self.commits = 0
        self.keep: Callable[[Store, set[tuple[str, int]]], None] | None = None
        """Where each commit is written, when the rows are to outlive the process."""

    def number(self, sequence: str) -> int:
        """The next number of a named sequence, from 1."""
        self.sequences[sequence] = self.sequences.get(sequence, 0) + 1
        return self.sequences[sequence]


class Transaction:
    """One call's changes. Leave it with `commit` or `rollback`; `mark` and `rollback_to` are savepoints."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.began_after = store.commits
        self._undo: list[Callable[[], object]] = []
        self._touched: set[tuple[str, int]] = set()
        self.before: dict[tuple[str, int], Row] = {}
        """What changed and deleted records held before, as far as it was changed; new ones are not here."""

    @property
    def changed(self) -> set[tuple[str, int]]:
        """(model, id) of every record made, changed or deleted so far."""
        return self._touched

    def insert(self, model: str, row: Row) -> int:
        """Add a row under the next id, which is also set in it."""
        table = self.store.tables[model]
        table.last_id += 1
        record = table.last_id
        table.put(record, {**row, "id": record})
        self._undo.append(lambda: table.drop(record))
        self._touched.add((model, record))
        return record

    def update(self, model: str, record: int, values: Mapping[str, Any]) -> None:
        """Change a row."""
        known = (model, record) in self._touched
        self._guard(model, record)
        table = self.store.tables[model]
        before = table.put(record, values)
        self._undo.append(lambda: table.put(record, before))
        self._note(model, record, before, known=known)

    def delete(self, model: str, record: int) -> None:
        """Remove a row."""
        known = (model, record) in self._touched
        self._guard(model, record)
        table = self.store.tables[model]
        row = table.drop(record)
        self._undo.append(lambda: table.put(record, row))
        self._note(model, record, row, known=known)

    def undo_by(self, step: Callable[[], object]) -> None:
        """Keep how to take back what was done beside the rows."""
        self._undo.append(step)

    def mark(self) -> int:
        """A savepoint."""
        return len(self._undo)

    def rollback_to(self, mark: int) -> None:
        """Take back everything after the savepoint."""
        while len(self._undo) > mark:
            self._undo.pop()()

    def rollback(self) -> None:
        """Take everything back."""
        self.rollback_to(0)
        self._touched.clear()
        self.before.clear()

    def commit(self) -> None:
        """Keep it: later transactions that began before now may not change the same rows."""
        if not self._undo:
            return
        self.store.commits += 1
        for model, record in self._touched:
            self.store.tables[model].changed_by[record] = self.store.commits
        if self.store.keep is not None:
            self.store.keep(self.store, self._touched)
        self._undo.clear()

    def _note(self, model: str, record: int, before: Row, *, known: bool) -> None:
        """The first value of each field counts; a record made in this very transaction has none."""
        key = (model, record)
        if not known or key in self.before:
            self.before[key] = {**before, **self.before.get(key, {})}

    def _guard(self, model: str, record: int) -> None:
        if self.store.tables[model].changed_by.get(record, 0) > self.began_after:
            raise SerializationFailure
        self._touched.add((model, record))
