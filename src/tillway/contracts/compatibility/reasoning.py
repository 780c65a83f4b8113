"""What is proven of terms: that one lies inside another, that nothing keeps one, that a value does. Pure.

`inside` is careful: True is certain, False is "not proven". Schemas that contain themselves are taken to hold where
they are met again on the way; what was found under such an assumption is forgotten when the assumption fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

from tillway.contracts.compatibility import emptiness, holding, shape_inside
from tillway.contracts.compatibility.change import Change
from tillway.contracts.compatibility.expanding import LEVELS_MAX, NOTHING, Expanding, Shapes
from tillway.contracts.compatibility.nodes import Likeness, Node, Term, canonical
from tillway.contracts.compatibility.shapes import Objects, Shape

# Pairs of schemas looked at for one comparison: the largest contract seen needs some 5,000. A document written to be
# hard reaches it after a few seconds, and what is not proven by then counts as breaking.
STEPS_MAX: Final = 60_000

# How far refutations may rest on each other.
REFUTING_MAX: Final = 2

_Key = tuple[frozenset[Node], Node, bool]


class Reasoning:
    """All that is known of the schemas of two documents."""

    def __init__(self) -> None:
        self.expanding = Expanding()
        self.likeness = Likeness()
        self._inside: dict[_Key, bool] = {}
        self._trail: list[_Key] = []
        self._newcomers = False
        self._shapes: dict[frozenset[Node], Shapes] = {}
        self._empty: dict[frozenset[Node], bool] = {}
        self._level = 0
        self._refuting = 0
        self._steps = 0
        self._told = 0
        self._listed: dict[int, tuple[tuple[Any, ...], frozenset[Any]]] = {}
        self.told: dict[tuple[str, frozenset[Node], frozenset[Node]], list[Change]] = {}

    @property
    def exhausted(self) -> bool:
        """Whether it was given up at some point."""
        return self._steps >= STEPS_MAX

    def shapes(self, term: Term) -> Shapes:
        """The shapes of a term, without listed values that it refuses."""
        key = frozenset(term)
        known = self._shapes.get(key)
        if known is None:
            # Met again below, it is taken with all that it lists.
            known = self._shapes[key] = self.expanding.term(term)
            known = self._shapes[key] = _acquainted(
                tuple(
                    kept
                    for shape in known
                    if (kept := holding.without_refused(self, self._without_idle(shape))) is not None
                )
            )
        return known

    def _without_idle(self, shape: Shape) -> Shape:
        """The shape without implications of what nothing keeps: variants of `oneOf` that cannot both hold anyway."""
        kept = tuple(each for each in shape.implications if not self.empty(each[0]))
        return shape if len(kept) == len(shape.implications) else replace(shape, implications=kept)

    def inside(self, inner: Term, outer: Term) -> bool:
        """Whether every value that keeps `inner` keeps `outer`."""
        return all(self._inside_node(inner, each) for each in outer)

    @contextmanager
    def newcomers(self, welcome: bool) -> Iterator[None]:  # noqa: FBT001 - the one thing it says
        """Whether the outer schema may give a meaning to a member of which the inner says nothing at all.

        That is how a request grows: who sent a member that no contract knew was promised nothing.
        """
        before, self._newcomers = self._newcomers, welcome
        try:
            yield
        finally:
            self._newcomers = before

    @property
    def newcomers_welcome(self) -> bool:
        """What `newcomers` said."""
        return self._newcomers

    def _inside_node(self, inner: Term, outer: Node) -> bool:
        if outer in inner or any(self.likeness.alike(each, outer) for each in inner):
            return True
        key = (frozenset(inner), outer, self._newcomers)
        known = self._inside.get(key)
        if known is not None:
            return known
        if not self._may_go_on():
            return False
        mark = len(self._trail)
        self._inside[key] = True
        self._trail.append(key)
        self._level += 1
        try:
            found = all(shape_inside.inside(self, shape, outer) for shape in self.shapes(inner))
        finally:
            self._level -= 1
        if not found:
            for assumed in self._trail[mark:]:
                del self._inside[assumed]
            del self._trail[mark:]
            self._inside[key] = False
        return found

    def shape_inside(self, shape: Shape, outer: Term) -> bool:
        """Whether every value of a shape keeps a term."""
        if not self._may_go_on():
            return False
        self._level += 1
        try:
            return all(shape_inside.inside(self, shape, node) for node in outer)
        finally:
            self._level -= 1

    def shape_in_shape(self, inner: Shape, outer: Shape) -> bool:
        """Whether every value of a shape has another."""
        return inner.kind == outer.kind and (shape_inside.within(self, inner, outer) or self.shape_empty(inner))

    def empty(self, term: Term) -> bool:
        """Whether no value keeps a term. True is certain."""
        key = frozenset(term)
        known = self._empty.get(key)
        if known is None:
            if not self._may_go_on():
                return False
            self._empty[key] = False
            self._level += 1
            try:
                known = self._empty[key] = all(self.shape_empty(shape) for shape in self.shapes(term))
            finally:
                self._level -= 1
        return known

    def shape_empty(self, shape: Shape) -> bool:
        """Whether no value has this shape. True is certain."""
        return emptiness.empty(self, shape) or self._refuted(shape)

    def _refuted(self, shape: Shape) -> bool:
        """Whether a shape lies wholly inside of something that it must not be. Not asked again and again on the way."""
        if self._refuting >= REFUTING_MAX:
            return False
        self._refuting += 1
        try:
            with self.newcomers(False):
                return any(
                    then == NOTHING and self.shape_inside(shape, condition) for condition, then in shape.implications
                )
        finally:
            self._refuting -= 1

    def listed(self, values: tuple[Any, ...]) -> frozenset[Any]:
        """Listed values, to look one up among."""
        found = self._listed.get(id(values))
        if found is None:
            found = self._listed[id(values)] = (values, frozenset(map(canonical, values)))
        return found[1]

    def holds(self, term: Term, value: Any) -> bool | None:
        """Whether a value keeps a term; None when that cannot be said."""
        return holding.term_holds(self, term, value)

    def may_tell(self, most: int) -> bool:
        """Whether fewer than so many pairs were told of; this is one more."""
        self._told += 1
        return self._told <= most

    def _may_go_on(self) -> bool:
        self._steps += 1
        return self._level < LEVELS_MAX and self._steps < STEPS_MAX


def _acquainted(shapes: Shapes) -> Shapes:
    """Alternatives of objects that know each other's names: what one of them names is no newcomer to the others."""
    objects = [shape.part for shape in shapes if isinstance(shape.part, Objects)]
    if len(objects) <= 1:
        return shapes
    names = frozenset[str]().union(*(part.known for part in objects))
    return tuple(
        replace(shape, part=replace(shape.part, named=names)) if isinstance(shape.part, Objects) else shape
        for shape in shapes
    )
