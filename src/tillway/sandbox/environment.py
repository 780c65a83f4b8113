"""What a call works with: the user, the context, the time its transaction began, and reading of any field."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from tillway.sandbox.fields import NUMBERS, Field, Model
from tillway.sandbox.refusals import missing_record, value_error
from tillway.sandbox.store import Row, Store, Transaction

ADMIN: Final = 2
"""The user behind the sandbox's key, as in a fresh Odoo."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What a model does beside storing: complete new values, follow up on new and changed records, guard deletion."""

    completing: Callable[[Env, dict[str, Any]], None] | None = None
    created: Callable[[Env, list[int]], None] | None = None
    writing: Callable[[Env, list[int], Mapping[str, Any]], None] | None = None
    written: Callable[[Env, list[int], frozenset[str]], None] | None = None
    unlinking: Callable[[Env, list[int]], None] | None = None


@dataclass(kw_only=True)
class Env:
    """One call's view. `now` is the transaction's start as naive UTC text: it becomes every write_date."""

    store: Store
    models: Mapping[str, Model]
    hooks: Mapping[str, Hooks]
    transaction: Transaction
    now: str
    user: int = ADMIN
    context: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def company(self) -> int:
        """The company in force: the first of those allowed by the context, else the user's own."""
        allowed = self.context.get("allowed_company_ids")
        if allowed:
            return int(allowed[0])
        row = self.store.tables["res.users"].rows.get(self.user)
        return int(row["company_id"]) if row else 1

    def having(self, **context: Any) -> Env:
        """The same call with more context."""
        return Env(
            store=self.store,
            models=self.models,
            hooks=self.hooks,
            transaction=self.transaction,
            now=self.now,
            user=self.user,
            context={**self.context, **context},
        )

    def exists(self, model: str, record: int) -> bool:
        """Whether there is such a record."""
        return record in self.store.tables[model].rows

    def row(self, model: str, record: int) -> Row:
        """The stored values of a record; MissingError when it is gone."""
        try:
            return self.store.tables[model].rows[record]
        except KeyError:
            raise missing_record(model, [record], self.user) from None

    def get(self, model: str, record: int, name: str) -> Any:
        """Any field of a record in stored form: ids for relations, False for empty."""
        each = self.models[model].fields[name]
        if each.compute is not None:
            return each.compute(self, record)
        if each.path:
            return self.along(model, record, each.path, each)
        if each.kind == "one2many":
            return self.referring(each, record)
        value = self.row(model, record)[name]
        return self._alive(each, value) if each.kind == "many2many" else value

    def along(self, model: str, record: int, path: str, shown_as: Field) -> Any:
        """The value at the end of a dotted path of many2one fields; empty when one of them is."""
        *steps, last = path.split(".")
        for step in steps:
            relation = self.models[model].fields[step].relation
            following = self.get(model, record, step)
            if not following:
                return empty(shown_as)
            model, record = relation, following
        return self.get(model, record, last)

    def referring(self, each: Field, record: int) -> list[int]:
        """The records of a one2many, in the order of their model, archived ones left out unless asked for."""
        found = self.store.tables[each.relation].find(each.inverse, record)
        return self._alive(each, self.sort(each.relation, list(found)))

    def _alive(self, each: Field, records: Sequence[int]) -> list[int]:
        if "active" not in self.models[each.relation].fields or self.context.get("active_test") is False:
            return list(records)
        return [other for other in records if self.get(each.relation, other, "active")]

    def display_name(self, model: str, record: int) -> str:
        """How the record is called wherever it is referred to."""
        described = self.models[model]
        if described.display is not None:
            return str(described.display(self, record))
        if described.rec_name not in described.fields:
            return f"{model},{record}"
        return str(self.get(model, record, described.rec_name) or "")

    def search_by(self, model: str, name: str, value: Any) -> list[int]:
        """Ids of the records whose indexed field has the value, oldest first."""
        return sorted(self.store.tables[model].find(name, value))

    def number(self, sequence: str) -> int:
        """The next number of a sequence."""
        return self.store.number(sequence)

    def sort(self, model: str, records: list[int], order: str = "") -> list[int]:
        """Records by an order clause (`field [asc|desc] [nulls first|last], ...`), else by their model's own."""
        if len(records) < 2:  # noqa: PLR2004 - nothing to sort
            return records
        for name, descending, nulls_first in reversed(parse_order(self.models[model], order)):
            records = self._sort_once(model, records, name, descending=descending, nulls_first=nulls_first)
        return records

    def _sort_once(
        self, model: str, records: list[int], name: str, *, descending: bool, nulls_first: bool
    ) -> list[int]:
        each = self.models[model].fields[name]
        values = {record: self.get(model, record, name) for record in records}
        if each.kind == "many2one":
            others = self.sort(each.relation, sorted({value for value in values.values() if value}))
            rank = {other: place for place, other in enumerate(others)}
            values = {record: rank[value] if value else None for record, value in values.items()}
        filled = [record for record in records if not _is_null(each, values[record])]
        nulls = [record for record in records if _is_null(each, values[record])]
        filled.sort(key=lambda record: values[record], reverse=descending)
        return nulls + filled if nulls_first else filled + nulls


def empty(each: Field) -> Any:
    """What an unset field holds."""
    if each.x2many:
        return ()
    if each.kind == "integer":
        return 0
    return 0.0 if each.kind in NUMBERS else False


def _is_null(each: Field, value: Any) -> bool:
    return value is None or (value is False and each.kind != "boolean")


def parse_order(model: Model, order: str) -> list[tuple[str, bool, bool]]:
    """(field, descending, nulls first) of each part of an order clause. Postgres puts nulls last when ascending."""
    parts = []
    for part in (order or model.order).split(","):
        words = part.split()
        name = words[0] if words else ""
        rest = [word.lower() for word in words[1:]]
        if name not in model.fields:
            raise value_error(f"Invalid field {name!r} on model {model.name!r}")
        if not model.fields[name].searchable:
            raise value_error(f"Cannot convert {model.name}.{name} to SQL because it is not stored")
        descending = "desc" in rest
        nulls_first = rest[-1] == "first" if "nulls" in rest else descending
        parts.append((name, descending, nulls_first))
    return parts


def ids_of(value: Any) -> list[int]:
    """A value of a relation as a list of ids."""
    if not value:
        return []
    return [value] if isinstance(value, int) else list(value)


def union(parts: Iterable[Iterable[int]]) -> list[int]:
    """Ids of all parts, each once, in order of arrival."""
    return list(dict.fromkeys(record for part in parts for record in part))
