"""What one operator means between a stored value and a wanted one. Pure; null matches as it does under Odoo's SQL."""

from __future__ import annotations

import operator as comparing
import re
from collections.abc import Callable
from typing import Any, Final

from tillway.sandbox.fields import NUMBERS, Field, Model
from tillway.sandbox.refusals import value_error
from tillway.sandbox.values import wanted_moment

Test = Callable[[Any], bool]

NEGATIONS: Final = {
    "!=": "=",
    "not in": "in",
    "not like": "like",
    "not ilike": "ilike",
    "not =like": "=like",
    "not =ilike": "=ilike",
    "not any": "any",
}
"""A negative operator holds exactly where its positive one does not, empty values included."""

ORDERINGS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    ">": comparing.gt,
    ">=": comparing.ge,
    "<": comparing.lt,
    "<=": comparing.le,
}
PATTERNS: Final = frozenset({"like", "ilike", "=like", "=ilike"})
OPERATORS: Final = frozenset({"=", "=?", "in", "any", "child_of", "parent_of", *NEGATIONS, *ORDERINGS, *PATTERNS})

_DAY: Final = len("2026-11-23")
_END_OF_DAY: Final = " 23:59:59"


def comparison(model: Model, each: Field, operator: str, value: Any) -> Test:
    """A test of stored values of this field against the wanted value."""
    if operator in PATTERNS:
        return name_matches(operator, value)
    if operator == "in":
        if isinstance(value, (list, tuple, set)):
            tests = [comparison(model, each, "=", part) for part in value]
            return lambda held: any(test(held) for test in tests)
        operator = "="
    wanted = _wanted(each, operator, value)
    if operator == "=":
        return lambda held: _blank_as_one(each, held) == wanted
    compare = ORDERINGS[operator]
    if wanted is False:
        return lambda _: False

    def ordered(held: Any) -> bool:
        if held is False and each.kind != "boolean":
            return False
        try:
            return compare(held, wanted)
        except TypeError as error:
            raise value_error(f"Invalid condition on {model.name}.{each.name}: {error}") from error

    return ordered


def name_matches(operator: str, value: Any) -> Test:
    """A test of text: `like` looks for it anywhere, `=like` takes it as the whole pattern; % and _ are wild."""
    text = "" if value is None or value is False else str(value)
    if operator in {"=", "in"}:
        return lambda held: held == text
    pattern = text if operator.startswith("=") else f"%{text}%"
    flags = re.DOTALL | (re.IGNORECASE if operator.endswith("ilike") else 0)
    matcher = re.compile(_regular(pattern), flags)
    if pattern == "%%":
        return lambda _: True
    return lambda held: held is not False and held is not None and matcher.fullmatch(_text(held)) is not None


def _text(held: Any) -> str:
    return held if isinstance(held, str) else str(held)


def _regular(pattern: str) -> str:
    parts = []
    escaped = False
    for letter in pattern:
        if escaped:
            parts.append(re.escape(letter))
            escaped = False
        elif letter == "\\":
            escaped = True
        else:
            parts.append({"%": ".*", "_": "."}.get(letter, re.escape(letter)))
    return "".join(parts)


def _wanted(each: Field, operator: str, value: Any) -> Any:
    if each.kind == "boolean":
        return bool(value)
    if each.kind in NUMBERS:
        return value or 0
    if value is None or value is False or value == "":
        return False
    if each.kind in {"datetime", "date"}:
        text = wanted_moment(value)
        if each.kind == "date":
            return text[:_DAY]
        # A day alone means its first second, but its last where the day itself is to be left out or taken in whole.
        return text[:_DAY] + _END_OF_DAY if len(str(value)) == _DAY and operator in {">", "<="} else text
    return value


def _blank_as_one(each: Field, held: Any) -> Any:
    return held if held or each.kind in NUMBERS or each.kind == "boolean" else False
