"""Changing records: create, write, unlink, with Odoo's checks and errors.

Every call ends in the transaction of its environment, so an error anywhere takes all of it back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tillway.sandbox import commands
from tillway.sandbox.environment import Env, empty
from tillway.sandbox.fields import NUMBERS, Field, Model
from tillway.sandbox.refusals import (
    bad_id_text,
    constraint,
    foreign_key,
    key_error,
    missing_record,
    missing_value,
    server_error,
    value_error,
)
from tillway.sandbox.values import stored

Values = dict[str, Any]


def create(env: Env, model: str, values: Mapping[str, Any]) -> int:
    """One new record, complete with defaults, followed up by its model's hooks. Returns its id."""
    described = env.models[model]
    hooks = env.hooks.get(model)
    given = dict(values)
    for name in given:
        if name not in described.fields:
            raise value_error(f"Invalid field {name!r} in {model!r}")
    _default(env, described, given)
    if hooks and hooks.completing:
        hooks.completing(env, given)
    if described.delegates and not given.get(described.delegates):
        _create_delegate(env, described, given)
    row = {each.name: _unset(each) for each in described.fields.values() if each.stored}
    row.update(create_date=env.now, write_date=env.now, create_uid=env.user, write_uid=env.user)
    _refuse_text_ids(described, given)
    later = _split(env, described, given, row)
    _check_required(described, row)
    _check_unique(env, described, row, 0)
    record = env.transaction.insert(model, row)
    _apply(env, described, record, [(each, value) for each, value in later if not each.inverse_write])
    if hooks and hooks.created:
        hooks.created(env, [record])
    # What is written through a variant or another record needs the hooks' records to be there.
    _apply(env, described, record, [(each, value) for each, value in later if each.inverse_write])
    return record


def write(env: Env, model: str, records: Sequence[int], values: Mapping[str, Any]) -> None:
    """Change records; every one gets the transaction's time as write_date, also when nothing differs."""
    described = env.models[model]
    for name in values:
        if name not in described.fields:
            raise key_error(name)
    hooks = env.hooks.get(model)
    for record in records:
        if not env.exists(model, record):
            raise missing_record(model, [record], env.user)
    if hooks and hooks.writing:
        hooks.writing(env, list(records), values)
    for record in records:
        row: Values = {}
        later = _split(env, described, values, row)
        _check_required(described, row)
        _check_unique(env, described, {**env.row(model, record), **row}, record)
        env.transaction.update(model, record, {**row, "write_date": env.now, "write_uid": env.user})
        _apply(env, described, record, later)
    if hooks and hooks.written and records:
        hooks.written(env, list(records), frozenset(values))


def touch(env: Env, model: str, records: Iterable[int]) -> None:
    """Give records a new write_date and nothing else."""
    for record in records:
        env.transaction.update(model, record, {"write_date": env.now, "write_uid": env.user})


def put(env: Env, model: str, record: int, **values: Any) -> None:
    """Set stored values of one record as the server itself does: no checks, no hooks."""
    env.transaction.update(model, record, {**values, "write_date": env.now, "write_uid": env.user})


def unlink(env: Env, model: str, records: Sequence[int]) -> None:
    """Delete records with what cascades from them; what still refers to them forbids it or is emptied."""
    hooks = env.hooks.get(model)
    for record in records:
        if not env.exists(model, record):
            raise missing_record(model, [record], env.user)
    if hooks and hooks.unlinking:
        hooks.unlinking(env, list(records))
    for record in records:
        _release(env, model, record)
        if env.exists(model, record):
            env.transaction.delete(model, record)
    if model != "ir.model.data":
        for record in records:
            stale = [
                d
                for d in env.search_by("ir.model.data", "res_id", record)
                if env.row("ir.model.data", d)["model"] == model
            ]
            for data in stale:
                env.transaction.delete("ir.model.data", data)


def _release(env: Env, model: str, record: int) -> None:
    for other in env.models.values():
        for each in other.fields.values():
            if each.kind != "many2one" or each.relation != model or not each.stored or not each.indexed:
                continue
            for referring in env.search_by(other.name, each.name, record):
                if each.on_delete == "restrict":
                    raise foreign_key(other.label, other.name, each.label, each.name)
                if each.on_delete == "cascade":
                    unlink(env, other.name, [referring])
                else:
                    env.transaction.update(other.name, referring, {each.name: False})


def _unset(each: Field) -> Any:
    # A required number that nobody gives is no zero but missing.
    return None if each.required and each.kind in NUMBERS else empty(each)


def _refuse_text_ids(model: Model, given: Mapping[str, Any]) -> None:
    for name, value in given.items():
        if isinstance(value, str) and value and model.fields[name].kind == "many2one" and model.fields[name].stored:
            raise server_error(
                "psycopg2.errors.InvalidTextRepresentation", bad_id_text(value, f"VALUES (..., '{value}'")
            )


def _default(env: Env, model: Model, given: Values) -> None:
    for each in model.fields.values():
        if each.default is not None and each.name not in given:
            given[each.name] = each.default(env) if callable(each.default) else each.default


def _create_delegate(env: Env, model: Model, given: Values) -> None:
    through = model.delegates + "."
    passed = {
        name: given.pop(name)
        for name in list(given)
        if model.fields[name].through and model.fields[name].path.startswith(through)
    }
    given[model.delegates] = create(
        env.having(create_product_product=False), model.fields[model.delegates].relation, passed
    )


def _split(env: Env, model: Model, given: Mapping[str, Any], row: Values) -> list[tuple[Field, Any]]:
    """Put what the row itself keeps into `row`; return what is to be applied once the record is there."""
    later: list[tuple[Field, Any]] = []
    for name, value in given.items():
        each = model.fields[name]
        if each.kind == "many2many" and each.stored:
            later.append((each, value))
        elif each.stored:
            row[name] = stored(model.name, each, value)
            if each.kind == "many2one" and row[name] and not env.exists(each.relation, row[name]):
                raise foreign_key(model.label, model.name, each.label, each.name)
        elif each.x2many or each.through or each.inverse_write:
            later.append((each, value))
    return later


def _apply(env: Env, model: Model, record: int, later: Iterable[tuple[Field, Any]]) -> None:
    passed: dict[str, Values] = {}
    for each, value in later:
        if each.through:
            step, _, name = each.path.rpartition(".")
            passed.setdefault(step, {})[name] = value
        elif each.inverse_write:
            each.inverse_write(env, record, value)
        elif each.kind == "many2many":
            linked = _linked(env, model, each, record, value)
            env.transaction.update(model.name, record, {each.name: linked})
        else:
            _lines(env, model, each, record, value)
    for step, values in passed.items():
        target = env.get(model.name, record, step)
        if target:
            write(env, model.fields[step].relation, [target], values)


def _check_required(model: Model, row: Values) -> None:
    for each in model.fields.values():
        held = row.get(each.name, True)
        if each.required and each.stored and (held is None or (held is False and each.kind != "boolean")):
            raise missing_value(each.label, each.name, model.label, model.name)


def _check_unique(env: Env, model: Model, row: Values, record: int) -> None:
    for unique in model.unique:
        values = [row[name] for name in unique.fields]
        if not all(values):
            continue
        for other in env.store.tables[model.name].find(unique.fields[-1], values[-1]):
            held = env.row(model.name, other)
            if other != record and all(held[name] == value for name, value in zip(unique.fields, values, strict=True)):
                raise constraint(unique.message.format(**row))


def _linked(env: Env, model: Model, each: Field, owner: int, value: Any) -> tuple[int, ...]:
    """The ids that a many2many holds after the commands."""
    linked = list(env.row(model.name, owner)[each.name])
    for command in commands.parse(model.name, each, value):
        if command.code == commands.CREATE:
            linked.append(create(env, each.relation, command.values))
        elif command.code == commands.UPDATE:
            write(env, each.relation, [command.record], command.values)
        elif command.code == commands.LINK:
            linked.append(command.record)
        elif command.code in {commands.CLEAR, commands.SET}:
            linked = list(command.records)
        else:
            linked = [other for other in linked if other != command.record]
            if command.code == commands.DELETE:
                unlink(env, each.relation, [command.record])
    target = env.models[each.relation]
    if not all(env.exists(each.relation, record) for record in linked):
        raise foreign_key(target.label, target.name, each.label, each.name)
    return tuple(dict.fromkeys(linked))


def _lines(env: Env, model: Model, each: Field, owner: int, value: Any) -> None:
    """Make, change and delete the records of a one2many."""
    for command in commands.parse(model.name, each, value):
        if command.code == commands.CREATE:
            create(env, each.relation, {**command.values, each.inverse: owner})
        elif command.code == commands.UPDATE:
            write(env, each.relation, [command.record], command.values)
        elif command.code in {commands.DELETE, commands.UNLINK}:
            unlink(env, each.relation, [command.record])
        elif command.code == commands.LINK:
            write(env, each.relation, [command.record], {each.inverse: owner})
        else:
            present = env.search_by(each.relation, each.inverse, owner)
            unlink(env, each.relation, [line for line in present if line not in command.records])
            write(env, each.relation, [line for line in command.records if line not in present], {each.inverse: owner})
