"""Search domains: prefix lists of conditions, compiled to a predicate over record ids.

`[["a", "=", 1], "|", ["b", "like", "x"], ["c.d", ">", 2]]`: conditions stand side by side for *and*; `&`, `|` take the
two expressions that follow, `!` the one. A path with dots asks whether *any* record at its end fulfils the condition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tillway.sandbox.conditions import NEGATIONS, OPERATORS, comparison, name_matches
from tillway.sandbox.environment import Env, ids_of
from tillway.sandbox.fields import Field, Model
from tillway.sandbox.refusals import server_error, value_error

Predicate = Callable[[int], bool]

BOTH: Final = "&"
EITHER: Final = "|"
NONE_OF: Final = "!"


@dataclass(frozen=True, slots=True)
class Condition:
    """One leaf: a field or dotted path, an operator, a value."""

    path: str
    operator: str
    value: Any

    def __str__(self) -> str:
        return repr((self.path, self.operator, self.value))


@dataclass(frozen=True, slots=True)
class Combined:
    """Expressions under `&`, `|` or `!`; no parts under `&` is true."""

    operator: str
    parts: tuple[Expression, ...]


Expression = Condition | Combined


def parse(domain: Any) -> Expression:
    """A domain as an expression. What is no domain at all is a ValueError of the server."""
    if not isinstance(domain, (list, tuple)):
        raise server_error("builtins.TypeError", f"Domain() invalid argument type for domain: {domain!r}")
    items = list(domain)
    parts: list[Expression] = []
    try:
        while items:
            parts.append(_take(items))
    except IndexError:
        raise value_error(f"Domain() malformed domain {domain!r}") from None
    return parts[0] if len(parts) == 1 else Combined(BOTH, tuple(parts))


def _take(items: list[Any]) -> Expression:
    item = items.pop(0)
    if item in (BOTH, EITHER):
        return Combined(item, (_take(items), _take(items)))
    if item == NONE_OF:
        return Combined(NONE_OF, (_take(items),))
    if isinstance(item, (list, tuple)) and len(item) == 3:  # noqa: PLR2004 - field, operator, value
        path, operator, value = item
        if isinstance(path, str) and isinstance(operator, str):
            return Condition(path, operator.lower(), value)
        if path in (0, 1) and operator == "=" and value == 1:
            return Combined(BOTH, ()) if path else Combined(NONE_OF, (Combined(BOTH, ()),))
    raise value_error(f"Domain() invalid item in domain: {item!r}")


def mentions(expression: Expression, name: str) -> bool:
    """Whether any condition is on this very field."""
    if isinstance(expression, Condition):
        return expression.path == name
    return any(mentions(part, name) for part in expression.parts)


def predicate(env: Env, model: Model, expression: Expression) -> Predicate:
    """Whether a record fulfils the expression."""
    if isinstance(expression, Condition):
        return _condition(env, model, expression)
    parts = [predicate(env, model, part) for part in expression.parts]
    if expression.operator == NONE_OF:
        return lambda record: not parts[0](record)
    if expression.operator == EITHER:
        return lambda record: parts[0](record) or parts[1](record)
    return lambda record: all(part(record) for part in parts)


def candidates(env: Env, model: Model, expression: Expression) -> Iterable[int] | None:
    """Ids among which all matches are, where an index tells; None when every record must be looked at."""
    if isinstance(expression, Combined):
        if expression.operator != BOTH:
            return None
        known = [found for part in expression.parts if (found := candidates(env, model, part)) is not None]
        return min((list(found) for found in known), key=len) if known else None
    each = model.fields.get(expression.path)
    wanted = expression.value if expression.operator == "in" else [expression.value]
    if each is None or expression.operator not in {"=", "in"} or not isinstance(wanted, (list, tuple)):
        return None
    kind = int if each.kind == "many2one" or each.name == "id" else str
    if not all(isinstance(value, kind) and value for value in wanted):
        return None
    table = env.store.tables[model.name]
    if each.name == "id":
        return [record for record in wanted if record in table.rows]
    return [r for value in wanted for r in table.find(each.name, value)] if each.name in table.indexes else None


def _condition(env: Env, model: Model, condition: Condition) -> Predicate:
    first, _, rest = condition.path.partition(".")
    each = model.fields.get(first)
    if each is None:
        raise value_error(f"Invalid field {model.name}.{first} in condition {condition}")
    operator = {"==": "=", "<>": "!="}.get(condition.operator, condition.operator)
    if operator not in OPERATORS:
        raise value_error(f"Invalid operator in condition {condition}")
    if not each.searchable:
        raise value_error(f"Cannot convert {model.name}.{first} to SQL because it is not stored")
    if rest:
        if not each.relation:
            raise value_error(f"Invalid field {model.name}.{first} in condition {condition}")
        inner = predicate(env, env.models[each.relation], Condition(rest, operator, condition.value))
        return lambda record: any(inner(other) for other in ids_of(env.get(model.name, record, first)))
    if operator in NEGATIONS:
        positive = _leaf(env, model, each, NEGATIONS[operator], condition.value)
        return lambda record: not positive(record)
    return _leaf(env, model, each, operator, condition.value)


def _leaf(env: Env, model: Model, each: Field, operator: str, value: Any) -> Predicate:
    name = each.name
    if operator == "=?":
        if value is None or value is False:
            return lambda _: True
        operator = "="
    if operator == "any":
        inner = predicate(env, env.models[each.relation], parse(value))
        return lambda record: any(inner(other) for other in ids_of(env.get(model.name, record, name)))
    if operator in {"child_of", "parent_of"}:
        if each.relation == model.name and each.kind == "many2one":
            # On the field that makes the hierarchy the record itself is meant, not the one above it.
            name = "id"
        related = _family(env, env.models[each.relation] if each.relation else model, operator, value)
        return lambda record: not related.isdisjoint(ids_of(env.get(model.name, record, name)))
    if each.relation:
        return _relation(env, model, each, operator, value)
    test = comparison(model, each, operator, value)
    if each.stored:
        rows = env.store.tables[model.name].rows
        return lambda record: test(rows[record][name])
    return lambda record: test(env.get(model.name, record, name))


def _relation(env: Env, model: Model, each: Field, operator: str, value: Any) -> Predicate:
    wanted: set[int] = set()
    blank = False
    for part in value if isinstance(value, (list, tuple)) else [value]:
        if part is None or part is False:
            blank = True
        elif isinstance(part, str):
            exact_operator = "=" if operator in {"=", "in"} else operator
            wanted |= named(env, env.models[each.relation], exact_operator, part)
        else:
            wanted.add(part)
    if operator not in {"=", "in"} and not isinstance(value, str):
        ordered = comparison(model, each, operator, value)
        return lambda record: any(ordered(other) for other in ids_of(env.get(model.name, record, each.name)))

    def fulfils(record: int) -> bool:
        records = ids_of(env.get(model.name, record, each.name))
        return not wanted.isdisjoint(records) if records else blank

    return fulfils


def named(env: Env, model: Model, operator: str, text: str) -> set[int]:
    """Records whose name (or another field that names them) compares so with the text."""
    test = name_matches(operator, text)
    names: Sequence[str] = model.search_names or (model.rec_name if model.rec_name in model.fields else "display_name",)
    return {
        record
        for record in env.store.tables[model.name].rows
        if any(test(env.get(model.name, record, name)) for name in names)
    }


def _family(env: Env, model: Model, operator: str, value: Any) -> set[int]:
    found: set[int] = set()
    for part in value if isinstance(value, (list, tuple)) else [value]:
        found |= named(env, model, "ilike", part) if isinstance(part, str) else {part} if part else set()
    rows = env.store.tables[model.name].rows
    if model.parent not in model.fields:
        return found
    if operator == "parent_of":
        pending = list(found)
        while pending:
            above = rows[pending.pop()][model.parent]
            if above and above not in found:
                found.add(above)
                pending.append(above)
        return found
    children = list(found)
    while children:
        below = list(env.store.tables[model.name].find(model.parent, children.pop()))
        children += [record for record in below if record not in found]
        found.update(below)
    return found
