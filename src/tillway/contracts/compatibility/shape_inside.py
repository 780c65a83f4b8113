"""Whether every value of one shape keeps a schema. True is certain, False is "not proven". Pure."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING, Any, Final

from tillway.contracts.compatibility import emptiness
from tillway.contracts.compatibility.expanding import NOTHING
from tillway.contracts.compatibility.holding import number_holds, without_refused
from tillway.contracts.compatibility.nodes import Dialect, Node, Source, Term, canonical
from tillway.contracts.compatibility.part_inside import part_inside
from tillway.contracts.compatibility.shapes import Layer, Numbers, Objects, Shape

if TYPE_CHECKING:
    from tillway.contracts.compatibility.reasoning import Reasoning

# Whole numbers between two bounds that are told one by one.
LISTED_MAX: Final = 64

# Values of a member by which an object is looked at in cases, and how many members may be taken one after another.
CASES_MAX: Final = 24
CASES_DEEP: Final = 2

# What keeps the first format keeps the second too.
NARROWER: Final = frozenset({
    ("int32", "int64"), ("float", "double"), ("email", "idn-email"), ("hostname", "idn-hostname"),
    ("uri", "uri-reference"), ("uri", "iri"), ("uri", "iri-reference"), ("uri-reference", "iri-reference"),
    ("iri", "iri-reference"),
})  # fmt: skip

_CASES: Final = Source({}, Dialect())


def inside(known: Reasoning, shape: Shape, outer: Node, deep: int = 0) -> bool:
    """Whether every value of a shape keeps a schema."""
    if emptiness.empty(known, shape):
        return True
    allowed = [each for each in known.shapes((outer,)) if each.kind == shape.kind]
    if any(within(known, shape, each) for each in allowed):
        return True
    listed = _told(shape)
    if listed is not None and all(known.holds((outer,), value) for value in listed):
        return True
    if deep < CASES_DEEP and len(allowed) > 1 and _in_cases(known, shape, outer, deep):
        return True
    return known.shape_empty(shape)


def within(known: Reasoning, inner: Shape, outer: Shape) -> bool:
    """Whether every value of a shape has another of its type."""
    if outer.values is not None:
        listed = _told(inner)
        allowed = known.listed(outer.values)
        if listed is None or not all(canonical(value) in allowed for value in listed):
            return False
    return (
        all(_said(inner, word) for word in outer.words - inner.words)
        and part_inside(known, inner.part, outer.part)
        and all(_implied(known, inner, condition, then) for condition, then in outer.implications)
    )


def _said(shape: Shape, word: tuple[str, Any]) -> bool:
    return word[0] == "format" and any(kind == "format" and (name, word[1]) in NARROWER for kind, name in shape.words)


def _told(shape: Shape) -> tuple[Any, ...] | None:
    """The values of a shape one by one; None when there are too many."""
    if shape.values is not None:
        return shape.values
    part = shape.part
    if not isinstance(part, Numbers) or part.low is None or part.high is None or not part.steps:
        return None
    step = max(part.steps)
    first, last = ceil(part.low / step), floor(part.high / step)
    if last - first >= LISTED_MAX:
        return None
    found = [step * times for times in range(first, last + 1)]
    return tuple(_plain(each) for each in found if number_holds(part, each))


def _plain(number: Fraction) -> int | float:
    return int(number) if number.denominator == 1 else float(number)


def _implied(known: Reasoning, shape: Shape, condition: Term, then: Term) -> bool:
    """Whether every value of a shape that keeps the condition keeps what follows from it."""
    if any(
        known.likeness.terms(mine, condition) and (after == then or known.inside(after, then))
        for mine, after in shape.implications
    ):
        return True
    for given in known.shapes(condition):
        met = shape.meet(given)
        met = None if met is None else without_refused(known, met)
        if met is None or known.shape_empty(met):
            continue
        for fired in _fired(known, met, shape, condition):
            if not known.shape_empty(fired) and (then == NOTHING or not known.shape_inside(fired, then)):
                return False
    return True


def _fired(known: Reasoning, met: Shape, shape: Shape, condition: Term) -> list[Shape]:
    """The shape under a condition, with all that its own implications then say."""
    found = [met]
    for mine, after in shape.implications:
        with known.newcomers(False):
            fires = known.inside(condition, mine)
        if fires:
            found = [both for each in found for said in known.shapes(after) if (both := each.meet(said)) is not None]
    return found


def _in_cases(known: Reasoning, shape: Shape, outer: Node, deep: int) -> bool:
    """An object looked at once for each value that one of its members can have."""
    if not isinstance(shape.part, Objects):
        return False
    for name in sorted(shape.part.required):
        shapes = known.shapes(shape.part.at(name))
        told = [_told(each) for each in shapes]
        values = [value for each in told if each is not None for value in each]
        if None in told or not 1 < len(values) <= CASES_MAX:
            continue
        cases = (_case(shape, shape.part, name, value) for value in values)
        if all(inside(known, case, outer, deep + 1) for case in cases):
            return True
    return False


def _case(shape: Shape, part: Objects, name: str, value: Any) -> Shape:
    key = (name, canonical(value))
    layer = _LAYERS.get(key)
    if layer is None:
        if len(_LAYERS) > LAYERS_KEPT:
            _LAYERS.clear()
        node = Node({"const": value}, _CASES, "")
        layer = _LAYERS[key] = Layer({name: (node,)}, {}, ())
    return replace(shape, part=part.meet(Objects(layers=(layer,))))


# Cases are the same nodes whenever they come again, so that what is known of them is found.
LAYERS_KEPT: Final = 10_000
_LAYERS: Final[dict[tuple[str, Any], Layer]] = {}
