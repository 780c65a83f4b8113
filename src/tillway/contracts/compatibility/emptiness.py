"""Whether no value at all has a shape. True is certain, False is not. Pure."""

from __future__ import annotations

from math import ceil, floor
from typing import TYPE_CHECKING

from tillway.contracts.compatibility.nodes import joined
from tillway.contracts.compatibility.shapes import Contains, Lists, Numbers, Objects, Shape, Texts

if TYPE_CHECKING:
    from tillway.contracts.compatibility.reasoning import Reasoning


def empty(known: Reasoning, shape: Shape) -> bool:
    """Whether nothing has this shape, its implications apart."""
    part = shape.part
    if shape.values == ():
        return True
    if isinstance(part, Numbers) and _no_number(part):
        return True
    if isinstance(part, Texts) and part.high is not None and part.low > part.high:
        return True
    if isinstance(part, Lists) and _no_list(known, part):
        return True
    return isinstance(part, Objects) and _no_object(known, part)


def _no_number(part: Numbers) -> bool:
    if part.low is None or part.high is None:
        return False
    if part.low > part.high or (part.low == part.high and (part.low_open or part.high_open)):
        return True
    return any(not _between(part, step) for step in part.steps)


def _between(part: Numbers, step: object) -> bool:
    """Whether a multiple of a step lies within the bounds."""
    low, high = part.low / step, part.high / step  # type: ignore[operator]
    first, last = ceil(low), floor(high)
    first += part.low_open and first == low
    last -= part.high_open and last == high
    return bool(first <= last)


def reach(known: Reasoning, part: Lists) -> int | None:
    """How many items a list can have at most; None when there is no end."""
    for index, term in enumerate((*part.prefix, part.rest)):
        if part.high is not None and index >= part.high:
            break
        if term and known.empty(term):
            return index
    return part.high


def _no_list(known: Reasoning, part: Lists) -> bool:
    most = reach(known, part)
    if most is not None and (most < part.low or any(each.low > most for each in part.contains)):
        return True
    return any(_nowhere(known, part, each) for each in part.contains)


def _nowhere(known: Reasoning, part: Lists, contains: Contains) -> bool:
    if contains.high is not None and contains.low > contains.high:
        return True
    return (
        contains.low > 0
        and all(
            known.empty(joined(term, contains.term))
            for term in (*part.prefix, part.rest)
            if joined(term, contains.term)
        )
        and bool(contains.term)
    )


def possible(known: Reasoning, part: Objects) -> frozenset[str] | None:
    """The names that members can have; None when they are not all spelled out."""
    if not any(not layer.patterns and layer.further and known.empty(layer.further) for layer in part.layers):
        return None
    return frozenset(
        name for name in part.known if not known.empty(part.at(name)) and known.holds(part.names, name) is not False
    )


def _no_object(known: Reasoning, part: Objects) -> bool:
    if part.high is not None and (part.low > part.high or len(part.required) > part.high):
        return True
    if any(known.holds(part.names, name) is False for name in part.required if part.names):
        return True
    if any(term and known.empty(term) for term in map(part.at, part.required)):
        return True
    names = possible(known, part) if part.low else None
    return names is not None and len(names) < part.low
