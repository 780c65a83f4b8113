"""Alternatives of an old and a new schema, each with its counterpart. Pure.

The pairs only decide how a change is told: whether it breaks is proven of all alternatives together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tillway.contracts.compatibility.nodes import canonical
from tillway.contracts.compatibility.shapes import Objects, Shape

if TYPE_CHECKING:
    from tillway.contracts.compatibility.reasoning import Reasoning

_SAME, _CALLED, _TOLD, _NAMES = 1000.0, 100.0, 50.0, 20.0


@dataclass(frozen=True, slots=True)
class Pairs:
    """Counterparts, and what has none. `several`: there is more than one alternative on a side."""

    both: list[tuple[Shape, Shape]]
    removed: list[Shape]
    added: list[Shape]
    several: bool


def paired(known: Reasoning, old: list[Shape], new: list[Shape]) -> Pairs:
    """Each with the one it resembles most: by what it says, its name, the values that tell it apart, its members."""
    if len(old) == 1 and len(new) == 1:
        return Pairs([(old[0], new[0])], [], [], several=False)
    told_old, told_new = [_told(known, each) for each in old], [_told(known, each) for each in new]
    scores = sorted(
        (
            (_score(known, one, other, told_old[i], told_new[j]) + (i == j), -i, -j)
            for i, one in enumerate(old)
            for j, other in enumerate(new)
        ),
        reverse=True,
    )
    left, right = dict(enumerate(old)), dict(enumerate(new))
    both = []
    for score, i, j in scores:
        if score > 0 and -i in left and -j in right:
            both.append((left.pop(-i), right.pop(-j)))
    return Pairs(both, list(left.values()), list(right.values()), several=True)


Told = dict[str, frozenset[Any]]


def _told(known: Reasoning, shape: Shape) -> Told:
    """The members whose values are listed, by which alternatives are told apart."""
    if not isinstance(shape.part, Objects):
        return {} if shape.values is None else {"": frozenset(map(canonical, shape.values))}
    found: Told = {}
    for name in shape.part.known:
        shapes = known.shapes(shape.part.at(name))
        if shapes and all(each.values is not None for each in shapes):
            found[name] = frozenset(canonical(value) for each in shapes for value in each.values or ())
    return found


def _score(known: Reasoning, one: Shape, other: Shape, told: Told, told_other: Told) -> float:
    score = 0.0
    if one.path and other.path and known.likeness.terms(one.path, other.path):
        score += _SAME
    if one.path and other.path and _called(one) and _called(one) == _called(other):
        score += _CALLED
    shared = told.keys() & told_other.keys()
    if shared:
        score += sum(_TOLD if told[name] == told_other[name] else -_TOLD / 2 for name in shared) / len(shared)
    if isinstance(one.part, Objects) and isinstance(other.part, Objects):
        names = one.part.known | other.part.known
        score += _NAMES * len(one.part.known & other.part.known) / len(names) if names else _NAMES
    elif not shared:
        score += 1
    return score


def _called(shape: Shape) -> str:
    raw = shape.path[-1].raw
    return str(raw.get("$ref", "")) if isinstance(raw, dict) else ""
