"""Fields and models that the retailer adds: rows of `ir.model.fields` and `ir.model` become columns and tables.

Columns come and go for all records at once and change none of them, as under Odoo: no `write_date` moves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from tillway.sandbox.environment import Env, empty
from tillway.sandbox.fields import Field, Model, model, with_delegated
from tillway.sandbox.refusals import constraint, user_error
from tillway.sandbox.store import Store, Table, Transaction

MODELS: Final = "ir.model"
FIELDS: Final = "ir.model.fields"
CHOICES: Final = "ir.model.fields.selection"
PREFIX: Final = "x_"
MANUAL: Final = "manual"


def complete_field(env: Env, given: dict[str, Any]) -> None:
    """Its model's name, which Odoo shows beside the reference."""
    if given.get("model_id"):
        given["model"] = env.row(MODELS, given["model_id"])["model"]


def fields_added(env: Env, records: list[int]) -> None:
    """Their columns, empty in every record there is."""
    for record in records:
        row = env.row(FIELDS, record)
        if row["state"] != MANUAL:
            continue
        if not row["name"].startswith(PREFIX):
            raise constraint("Custom fields must have a name that starts with 'x_'!")
        _add(env, row["model"], _field(env, record))


def models_added(env: Env, records: list[int]) -> None:
    """Their tables; fields that came along were put down before."""
    for record in records:
        row = env.row(MODELS, record)
        if row["state"] == MANUAL:
            if not row["model"].startswith(PREFIX):
                raise constraint("Custom models must have a name that starts with 'x_'!")
            _known(env, row["model"], row["name"])


def fields_removed(env: Env, records: list[int]) -> None:
    """Their columns go with them; what came with a module stays."""
    for record in records:
        row = env.row(FIELDS, record)
        if row["state"] != MANUAL:
            raise user_error("This column contains module data and cannot be removed!")
        _forget(env, env.store.tables[row["model"]], row["name"])
        for each in list(env.store.models.values()):
            shown = each.fields.get(row["name"])
            if each.name == row["model"] or (shown is not None and shown.path == f"{each.delegates}.{row['name']}"):
                rest = {name: field for name, field in each.fields.items() if name != row["name"]}
                _put(env, replace(each, fields=rest))


def models_removed(env: Env, records: list[int]) -> None:
    """Their tables go with them."""
    for record in records:
        row = env.row(MODELS, record)
        if row["state"] != MANUAL:
            raise user_error(f"Model “{row['name']}” contains module data and cannot be removed.")
        gone = env.store.models.pop(row["model"], None)
        if gone is not None:
            env.transaction.undo_by(_putting(env, gone))


def replayed(store: Store, touched: list[tuple[str, int]]) -> None:
    """Columns and tables for rows that were brought back as they were committed."""
    env = Env(store=store, models=store.models, hooks={}, transaction=Transaction(store), now="")
    for adding, name in ((fields_added, FIELDS), (models_added, MODELS)):
        adding(env, [record for model, record in touched if model == name and env.exists(model, record)])


def dropped(store: Store, model: str, record: int) -> None:
    """No column or table any more for a row that is about to go."""
    env = Env(store=store, models=store.models, hooks={}, transaction=Transaction(store), now="")
    removing = {FIELDS: fields_removed, MODELS: models_removed}.get(model)
    if removing is not None:
        removing(env, [record])


def _field(env: Env, record: int) -> Field:
    row = env.row(FIELDS, record)
    choices = [env.row(CHOICES, each) for each in env.search_by(CHOICES, "field_id", record)]
    return Field(
        name=row["name"],
        kind=row["ttype"],
        label=row["field_description"] or row["name"],
        relation=row["relation"] or "",
        choices=tuple((each["value"], each["name"]) for each in choices),
        indexed=row["ttype"] == "many2one",
    )


def _add(env: Env, name: str, field: Field) -> None:
    known = _known(env, name, name)
    if field.name in known.fields:
        return
    table = env.store.tables[name]
    if field.indexed:
        table.indexes[field.name] = {}
    for record in table.rows:
        table.put(record, {field.name: empty(field)})
    _put(env, replace(known, fields={**known.fields, field.name: field}))
    for other in list(env.store.models.values()):
        if other.delegates and other.fields[other.delegates].relation == name:
            _put(env, with_delegated(other, env.store.models))


def _known(env: Env, name: str, label: str) -> Model:
    """The model of this name, made if it is new."""
    if name not in env.store.models:
        env.store.tables[name] = Table(model(name, label))
        _put(env, model(name, label))
    return env.store.models[name]


def _forget(env: Env, table: Table, name: str) -> None:
    """Look nothing up by this column any more: new rows do not have it."""
    index = table.indexes.pop(name, None)
    if index is not None:
        env.transaction.undo_by(lambda: table.indexes.__setitem__(name, index))


def _put(env: Env, new: Model) -> None:
    """Put a description in force, until the transaction is taken back."""
    models, old = env.store.models, env.store.models.get(new.name)
    models[new.name] = new
    env.transaction.undo_by((lambda: models.pop(new.name, None)) if old is None else _putting(env, old))


def _putting(env: Env, old: Model) -> Callable[[], object]:
    return lambda: env.store.models.__setitem__(old.name, old)
