"""Whether the bounds of one type lie inside others: numbers, texts, lists, objects. Pure."""

from __future__ import annotations

from itertools import chain
from math import ceil, floor
from typing import TYPE_CHECKING

from tillway.contracts.compatibility.emptiness import possible, reach
from tillway.contracts.compatibility.nodes import Term, joined
from tillway.contracts.compatibility.patterns import length_of, pattern_inside
from tillway.contracts.compatibility.shapes import FREE, Contains, Layer, Lists, Numbers, Objects, Part, Texts

if TYPE_CHECKING:
    from tillway.contracts.compatibility.reasoning import Reasoning


def part_inside(known: Reasoning, inner: Part | None, outer: Part | None) -> bool:
    """Whether whatever keeps the inner bounds keeps the outer."""
    if outer is None or inner is outer:
        return True
    if isinstance(inner, Numbers) and isinstance(outer, Numbers):
        return _numbers(inner, outer)
    if isinstance(inner, Texts) and isinstance(outer, Texts):
        return _texts(inner, outer)
    if isinstance(inner, Lists) and isinstance(outer, Lists):
        return _lists(known, inner, outer)
    return isinstance(inner, Objects) and isinstance(outer, Objects) and _objects(known, inner, outer)


def _numbers(inner: Numbers, outer: Numbers) -> bool:
    low, low_open, high, high_open = inner.low, inner.low_open, inner.high, inner.high_open
    if any(step.denominator == 1 for step in inner.steps):
        # Whole numbers only: the next one inside of an open or broken bound is the bound.
        if low is not None:
            low, low_open = low.__class__(floor(low) + 1 if low_open else ceil(low)), False
        if high is not None:
            high, high_open = high.__class__(ceil(high) - 1 if high_open else floor(high)), False
    if outer.low is not None and (low is None or low < outer.low or (low == outer.low and outer.low_open > low_open)):
        return False
    if outer.high is not None and (
        high is None or high > outer.high or (high == outer.high and outer.high_open > high_open)
    ):
        return False
    return all(any((mine / step).denominator == 1 for mine in inner.steps) for step in outer.steps)


def _texts(inner: Texts, outer: Texts) -> bool:
    if any(
        pattern not in inner.patterns and not any(pattern_inside(mine, pattern) for mine in (*inner.patterns, ""))
        for pattern in outer.patterns
    ):
        return False
    known = [length_of(pattern) for pattern in inner.patterns]
    low = max([inner.low, *(least for least, _ in known)])
    most = [high for high in (inner.high, *(high for _, high in known)) if high is not None]
    return outer.low <= low and (outer.high is None or (bool(most) and min(most) <= outer.high))


def _lists(known: Reasoning, inner: Lists, outer: Lists) -> bool:
    most = reach(known, inner)
    if outer.low > inner.low or (outer.high is not None and (most is None or most > outer.high)):
        return False
    if outer.unique and not inner.unique and (most is None or most > 1):
        return False
    count = max(len(inner.prefix), len(outer.prefix))
    reached = range(count if most is None else min(count, most))
    if not all(known.inside(inner.at(index), outer.at(index)) for index in reached):
        return False
    if (most is None or most > count) and not known.inside(inner.rest, outer.rest):
        return False
    return all(_contains(known, inner, each, most) for each in outer.contains)


def _contains(known: Reasoning, inner: Lists, asked: Contains, most: int | None) -> bool:
    every = (*inner.prefix, inner.rest)
    enough = (
        asked.low == 0
        or any(mine.low >= asked.low and known.inside(mine.term, asked.term) for mine in inner.contains)
        or (inner.low >= asked.low and all(known.inside(term, asked.term) for term in every))
    )
    few = (
        asked.high is None
        or (most is not None and most <= asked.high)
        or any(
            mine.high is not None and mine.high <= asked.high and known.inside(asked.term, mine.term)
            for mine in inner.contains
        )
        or all(known.empty(joined(term, asked.term)) for term in every)
    )
    return enough and few


def _objects(known: Reasoning, inner: Objects, outer: Objects) -> bool:
    if not outer.required <= inner.required:
        return False
    names = possible(known, inner) if outer.high is not None or outer.names else None
    least = max(inner.low, len(inner.required))
    most = inner.high if names is None else min(len(names), len(names) if inner.high is None else inner.high)
    if outer.low > least or (outer.high is not None and (most is None or most > outer.high)):
        return False
    if outer.names and not _names(known, inner, outer.names, names):
        return False
    for name in inner.known | outer.known:
        asked = outer.at(name)
        if known.newcomers_welcome and name not in inner.known | inner.named and not inner.at(name):
            if known.empty(asked):
                return False
            continue
        if asked and not known.inside(inner.at(name), asked) and known.holds(inner.names, name) is not False:
            return False
    return all(_unnamed(known, inner, layer) for layer in outer.layers)


def _names(known: Reasoning, inner: Objects, asked: Term, names: frozenset[str] | None) -> bool:
    if names is not None and all(known.holds(asked, name) for name in names):
        return True
    return all(
        shape.kind != "string" or known.shape_inside(shape, asked)
        for shape in (known.shapes(inner.names) if inner.names else (FREE["string"],))
    )


def _unnamed(known: Reasoning, inner: Objects, layer: Layer) -> bool:
    """Members that neither side spells out: those of each pattern, and the further ones."""
    for pattern, asked in layer.patterns.items():
        given = joined(*chain.from_iterable(_of_pattern(each, pattern) for each in inner.layers))
        if not known.inside(given, asked):
            return False
    if not layer.further:
        return True
    # Names outside of the outer's patterns: a layer whose patterns are all among them can only mean its further ones.
    certain = joined(*(each.further for each in inner.layers if each.patterns.keys() <= layer.patterns.keys()))
    if known.inside(certain, layer.further):
        return True
    return any(
        all(
            known.inside(joined(certain, term), layer.further)
            for term in (each.further, *(each.patterns[name] for name in each.patterns.keys() - layer.patterns.keys()))
        )
        for each in inner.layers
    )


def _of_pattern(layer: Layer, pattern: str) -> list[Term]:
    """What a layer surely says of members whose name matches a pattern and is not spelled out."""
    found = [term for mine, term in layer.patterns.items() if mine == pattern or pattern_inside(pattern, mine)]
    return found if layer.patterns else [layer.further]
