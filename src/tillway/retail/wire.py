"""From bytes to words and back, strictly.

msgspec alone takes JSON numbers for decimals (1.10 and 1e400 alike) and knows no pointers. Here the document is read
once as plain JSON, every decimal in it must be a string of plain digits within its bounds, and what is wrong is told
with an RFC 6901 pointer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterator
from decimal import Decimal
from functools import cache
from typing import Any, Final, TypeVar, cast

import msgspec
from msgspec import inspect

from tillway.errors import Invalid, Malformed, Violation
from tillway.masking import scrub
from tillway.retail.word import bounds_of

T = TypeVar("T")
Check = Callable[[Any, str], Iterator[Violation]]

# Numbers are kept as written: as floats, those beyond 1e308 would be no JSON and the others not what was sent.
_PLAIN: Final = msgspec.json.Decoder(float_hook=Decimal)

_STEP: Final = re.compile(r"\.([^.\[]+)|\[([0-9]+)\]")
_UNKNOWN: Final = re.compile(r"^Object contains unknown field `(.*)`$", re.DOTALL)
_ENUM: Final = re.compile(r"^Invalid (enum|literal) value .*$", re.DOTALL)

_NAME_SHOWN: Final = 64
"""Characters of an unknown field's name that are repeated to the asker."""


def decode(data: bytes | str, kind: type[T]) -> T:
    """The word that this JSON says. Malformed when it is not JSON, Invalid when it is something else."""
    try:
        tree = _PLAIN.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed("the body is not JSON") from None
    return parse(tree, kind)


def parse(tree: Any, kind: type[T]) -> T:
    """The word that this plain JSON value says, or Invalid with pointers."""
    violations = tuple(_check_of(cast("Hashable", kind))(tree, ""))
    if violations:
        raise Invalid(violations=violations)
    try:
        return msgspec.convert(tree, kind)
    except msgspec.ValidationError as error:
        raise Invalid(violations=(_violation(str(error)),)) from None


def encode(value: Any) -> bytes:
    """A word as JSON: decimals as strings of plain digits, times by RFC 3339."""
    return msgspec.json.encode(value)


@cache
def _check_of(kind: Hashable) -> Check:
    return _decimals(inspect.type_info(kind)) or _nothing


def _nothing(_value: Any, _pointer: str) -> Iterator[Violation]:
    return iter(())


def _decimals(kind: inspect.Type) -> Check | None:
    """What looks at the decimals in a value of this type; None when there can't be any."""
    if (bounds := bounds_of(kind)) is not None:
        return _decimal(re.compile(bounds.pattern.removeprefix("^").removesuffix("$")))
    if isinstance(kind, inspect.Metadata):
        return _decimals(kind.type)
    if isinstance(kind, inspect.UnionType):
        return next((check for part in kind.types if (check := _decimals(part))), None)
    if isinstance(kind, inspect.VarTupleType | inspect.ListType):
        return _items(kind.item_type)
    if isinstance(kind, inspect.StructType):
        return _fields(kind)
    return None


def _decimal(pattern: re.Pattern[str]) -> Check:
    def check(value: Any, pointer: str) -> Iterator[Violation]:
        if value is None:
            return
        if not isinstance(value, str):
            yield Violation(
                pointer=pointer, detail='a decimal is given as a string, as in "19.99"', rule="decimal-string"
            )
        elif not pattern.fullmatch(value):
            yield Violation(
                pointer=pointer, detail="not a plain decimal, or with more digits than are kept", rule="decimal-form"
            )

    return check


def _items(kind: inspect.Type) -> Check | None:
    inner = _decimals(kind)
    if inner is None:
        return None

    def check(value: Any, pointer: str) -> Iterator[Violation]:
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield from inner(item, f"{pointer}/{index}")

    return check


def _fields(kind: inspect.StructType) -> Check | None:
    inner = [(field.encode_name, look) for field in kind.fields if (look := _decimals(field.type))]
    if not inner:
        return None

    def check(value: Any, pointer: str) -> Iterator[Violation]:
        if isinstance(value, dict):
            for name, look in inner:
                if name in value:
                    yield from look(value[name], f"{pointer}/{name}")

    return check


def _violation(text: str) -> Violation:
    """The sentence of msgspec with its path turned into a pointer, and without the value it may repeat."""
    detail, _, path = text.rpartition(" - at `")
    if not detail:
        detail, path = text, ""
    pointer = "".join(f"/{step[0] or step[1]}" for step in _STEP.findall(path.removesuffix("`")))
    if unknown := _UNKNOWN.match(detail):
        name = scrub(unknown.group(1))[:_NAME_SHOWN]
        return Violation(
            pointer=f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}",
            detail="is not a known field",
            rule="schema",
        )
    return Violation(pointer=pointer, detail=_ENUM.sub("is not one of the allowed values", detail), rule="schema")
