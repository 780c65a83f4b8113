"""Own fields: what a retailer adds to a word of ours, declared in the landscape and checked value by value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec

from tillway.retail.data_class import DataClass, classed
from tillway.retail.limits import NAME_LENGTH, Name
from tillway.retail.word import Bounds, Word, settled

T = TypeVar("T")

OWN_NAME_PATTERN: Final = r"^[a-z][a-z0-9_]{0,62}$"
"""As fields of ours are called."""

OWN_NAME_LENGTH: Final = 63
"""Characters of its name: what a column may have."""

OWN_FIELDS_MAX: Final = 50
"""Own fields of one word: more are another word."""

OWN_TEXT_MAX: Final = 1_000
"""Characters of an own text: a paragraph. What is longer is a document."""

CHOICES_MAX: Final = 200
"""Choices of one field: what has more is a record of its own."""

OWN_NUMBER: Final = Bounds(whole=15, decimals=6)
"""An own number's digits; floating point holds no more."""

OwnKind = Literal["text", "number", "boolean", "date", "moment", "choice"]
"""What an own field may hold. A number is a decimal string, a day and a moment are as RFC 3339 has them."""

OwnName = Annotated[str, msgspec.Meta(pattern=OWN_NAME_PATTERN, max_length=OWN_NAME_LENGTH)]
OwnValue = Annotated[str, msgspec.Meta(max_length=OWN_TEXT_MAX)] | bool


OwnFieldsHeld = Annotated[
    dict[OwnName, Annotated[OwnValue, classed(DataClass.SECRET)]], msgspec.Meta(max_length=OWN_FIELDS_MAX)
]
"""Own fields of one record, as a word holds them. One that no landscape declares counts as most sensitive."""


class OwnField(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One own field as it was declared."""

    name: Annotated[OwnName, classed(DataClass.INTERNAL)]
    """What it is called under `extensions`."""
    kind: Annotated[OwnKind, classed(DataClass.INTERNAL)]
    """What it holds."""
    data_class: Annotated[DataClass, classed(DataClass.INTERNAL)]
    """How sensitive it is."""
    about: Annotated[Name, classed(DataClass.INTERNAL)]
    """What it means, in the words of the retailer."""
    choices: Annotated[
        Annotated[tuple[Name, ...], msgspec.Meta(max_length=CHOICES_MAX)], classed(DataClass.INTERNAL)
    ] = ()
    """For a choice: what it may be."""


def own_value(field: OwnField, value: Any) -> str | bool:
    """A value as the field holds it; ValueError says what is wrong, without the value."""
    if field.kind == "boolean":
        return _of(bool, value, "is no yes or no")
    if field.kind == "number":
        return str(settled(_of(Decimal, value, "is no number"), OWN_NUMBER))
    if field.kind == "moment":
        moment = _of(datetime, value, "is no moment")
        if moment.tzinfo is None:
            raise ValueError("is a moment without a time zone")
        return str(msgspec.to_builtins(moment))
    if field.kind == "date":
        return _of(date, value, "is no day").isoformat()
    text = _of(str, value, "is no text")
    if field.kind == "choice" and text not in field.choices:
        raise ValueError("is none of the declared choices")
    if len(text) > OWN_TEXT_MAX:
        raise ValueError(f"has more than {OWN_TEXT_MAX} characters")
    return text


def told(fields: Mapping[str, OwnField], extensions: Mapping[str, str | bool]) -> dict[str, str | bool]:
    """Those that hold by what is declared now: a field may have been taken out or retyped since it was read."""
    return {name: value for name, value in extensions.items() if name in fields and _holds(fields[name], value)}


def _holds(field: OwnField, value: Any) -> bool:
    try:
        return bool(own_value(field, _PARSED[field.kind](value)) == value)
    except (ValueError, ArithmeticError, TypeError):
        return False


_PARSED: Final[Mapping[OwnKind, Callable[[Any], Any]]] = {
    "text": lambda value: value,
    "choice": lambda value: value,
    "boolean": lambda value: value,
    "number": Decimal,
    "date": date.fromisoformat,
    "moment": datetime.fromisoformat,
}


def _of(kind: type[T], value: Any, wrong: str) -> T:
    if not isinstance(value, kind) or (kind is date and isinstance(value, datetime)):
        raise ValueError(wrong)
    return value


assert OWN_TEXT_MAX >= NAME_LENGTH  # noqa: S101 - a choice is a text too
