"""A value on its way in and out: what JSON says becomes what the store keeps, and back.

Lenient and strict in the same places as Odoo: junk in a many2one empties it silently, a bad date is a ValueError.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from tillway.sandbox.environment import Env, empty
from tillway.sandbox.fields import Field
from tillway.sandbox.refusals import value_error

_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?)?$")
_ZONE: Final = re.compile(r"\d[+-]\d\d:?\d\d$")
_DATE_LENGTH: Final = len("2026-11-23")
_MOMENT_LENGTH: Final = len("2026-11-23 09:00:00")
_MIDNIGHT: Final = " 00:00:00"
CURRENCY_DIGITS: Final = 2
"""Decimals of an amount of money: the retailer's currency has cents."""


def rounded(value: float | Decimal, digits: int = CURRENCY_DIGITS) -> float:
    """Half away from zero, on the shortest decimal text of the number."""
    exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    result = float(exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP))
    return result or 0.0


def exact(value: float) -> Decimal:
    """A stored number as Decimal."""
    return Decimal(repr(float(value)))


def stored(model: str, each: Field, value: Any) -> Any:
    """A JSON value of a scalar or many2one field in the form the store keeps. x2many commands are not for here."""
    if value is None or value is False:
        return empty(each)
    match each.kind:
        case "integer":
            return _number(int, value)
        case "float":
            return _number(float, value)
        case "monetary":
            return rounded(_number(float, value))
        case "boolean":
            return bool(value)
        case "datetime":
            return moment_text(value)
        case "date":
            return moment_text(value)[:_DATE_LENGTH]
        case "many2one":
            return _reference(value)
        case "selection":
            if value not in dict(each.choices):
                raise value_error(f"Wrong value for {model}.{each.name}: {value!r}")
    return value if isinstance(value, str) else str(value)


def shown(env: Env, each: Field, value: Any, *, classic: bool = True) -> Any:
    """A stored value as JSON: a many2one as [id, name] (or its id when not classic), x2many as a list of ids."""
    if each.kind == "many2one":
        if not value:
            return False
        return [value, env.display_name(each.relation, value)] if classic else value
    return list(value) if each.x2many else value


def moment_text(value: Any) -> str:
    """A naive UTC date and time as stored text; microseconds go. A zone is refused, as Odoo does."""
    text = str(value)
    if not _MOMENT.match(text) or not _on_calendar(text):
        raise value_error(f"time data {text!r} does not match format '%Y-%m-%d %H:%M:%S'")
    text = text.replace("T", " ")[:_MOMENT_LENGTH]
    return text + _MIDNIGHT[len(text) - _DATE_LENGTH :]


def _on_calendar(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def wanted_moment(value: Any) -> str:
    """The same for a value in a domain, where the refusals read differently."""
    text = str(value)
    if _MOMENT.match(text):
        return moment_text(text)
    if text.endswith("Z") or _ZONE.search(text):
        raise value_error(f"expecting only datetimes with no timezone: {text!r}")
    raise value_error(f"Invalid term {text!r} in expression date: {text!r}")


def _number(kind: type[int | float], value: Any) -> Any:
    try:
        return kind(value)
    except (TypeError, ValueError) as error:
        raise value_error(str(error)) from error


def _reference(value: Any) -> int | bool:
    if isinstance(value, (list, tuple)):
        value = value[0] if value else False
    # Anything but a number empties the field without a word: observed, and worth testing against.
    return value if isinstance(value, int) and value else False
