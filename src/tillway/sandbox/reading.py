"""Looking records up: search and read, as every model has them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tillway.sandbox import domains
from tillway.sandbox.environment import Env
from tillway.sandbox.fields import Model
from tillway.sandbox.refusals import value_error
from tillway.sandbox.values import shown

Values = dict[str, Any]


def search(
    env: Env, model: str, domain: Any = (), *, offset: int = 0, limit: int | None = None, order: str | None = None
) -> list[int]:
    """Ids of the records in the domain. Archived ones only when asked for by context or by a condition."""
    described = env.models[model]
    expression = domains.parse(domain)
    if _hides_archived(env, described, expression):
        expression = domains.Combined(domains.BOTH, (expression, domains.Condition("active", "=", value=True)))
    fulfils = domains.predicate(env, described, expression)
    among = domains.candidates(env, described, expression)
    rows = env.store.tables[model].rows
    found = [record for record in (rows if among is None else dict.fromkeys(among)) if fulfils(record)]
    ordered = env.sort(model, found, order or "")
    return ordered[offset : offset + limit if limit else None]


def _hides_archived(env: Env, model: Model, expression: domains.Expression) -> bool:
    return (
        "active" in model.fields
        and env.context.get("active_test") is not False
        and not domains.mentions(expression, "active")
    )


def read(
    env: Env, model: str, records: Iterable[int], fields: Sequence[str] | None = None, *, classic: bool = True
) -> list[Values]:
    """The records as JSON objects, in the order asked for; those that are gone are left out without a word."""
    described = env.models[model]
    names = list(fields) if fields else list(described.fields)
    for name in names:
        if name not in described.fields:
            raise value_error(f"Invalid field {name!r} on {model!r}")
    columns = [described.fields[name] for name in names if name != "id"]
    rows = env.store.tables[model].rows
    found = []
    for record in records:
        if record in rows:
            values: Values = {"id": record}
            for each in columns:
                values[each.name] = shown(env, each, env.get(model, record, each.name), classic=classic)
            found.append(values)
    return found
