"""Shapes: what a schema allows, as alternatives of one JSON type each, and what two shapes have in common. Pure.

Every shape is exact: where something cannot be said by bounds it stays as an implication (what keeps the first term
keeps the second too; `not X` is X implying nothing at all) or as a word that is not interpreted, such as a format.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final, Literal

import jsonschema_rs

from tillway.contracts.compatibility.change import Unreadable
from tillway.contracts.compatibility.nodes import ANYTHING, Node, Term, canonical, joined

Kind = Literal["null", "boolean", "number", "string", "array", "object"]
KINDS: Final[tuple[Kind, ...]] = ("null", "boolean", "number", "string", "array", "object")

# Steps that one match may take back before it is given up: a pattern cannot hold anybody up.
_BACKTRACK_MAX: Final = 10_000
_MATCHES_KEPT: Final = 20_000


@dataclass(frozen=True, slots=True)
class Numbers:
    """Bounds of a number; `steps` are what it is a multiple of, 1 for an integer."""

    low: Fraction | None = None
    low_open: bool = False
    high: Fraction | None = None
    high_open: bool = False
    steps: frozenset[Fraction] = frozenset()

    def meet(self, other: Numbers) -> Numbers:
        """What both allow."""
        low, low_open = max(
            ((each.low, each.low_open) for each in (self, other) if each.low is not None), default=(None, False)
        )
        high, not_high_open = min(
            ((each.high, not each.high_open) for each in (self, other) if each.high is not None), default=(None, True)
        )
        return Numbers(low, low_open, high, not not_high_open, self.steps | other.steps)


@dataclass(frozen=True, slots=True)
class Texts:
    """Lengths in characters, and patterns that all match somewhere."""

    low: int = 0
    high: int | None = None
    patterns: frozenset[str] = frozenset()

    def meet(self, other: Texts) -> Texts:
        """What both allow."""
        return Texts(max(self.low, other.low), _least(self.high, other.high), self.patterns | other.patterns)


@dataclass(frozen=True, slots=True)
class Contains:
    """How many items keep a term."""

    term: Term
    low: int
    high: int | None


@dataclass(frozen=True, slots=True)
class Lists:
    """The first items each by its own term, the rest by one."""

    prefix: tuple[Term, ...] = ()
    rest: Term = ANYTHING
    low: int = 0
    high: int | None = None
    unique: bool = False
    contains: tuple[Contains, ...] = ()

    def at(self, index: int) -> Term:
        """What the item at an index keeps."""
        return self.prefix[index] if index < len(self.prefix) else self.rest

    def meet(self, other: Lists) -> Lists:
        """What both allow."""
        count = max(len(self.prefix), len(other.prefix))
        return Lists(
            prefix=tuple(joined(self.at(index), other.at(index)) for index in range(count)),
            rest=joined(self.rest, other.rest),
            low=max(self.low, other.low),
            high=_least(self.high, other.high),
            unique=self.unique or other.unique,
            contains=tuple(dict.fromkeys((*self.contains, *other.contains))),
        )


@dataclass(frozen=True, eq=False, slots=True)
class Layer:
    """Members by name, by pattern of their name, and whatever is named by neither."""

    members: Mapping[str, Term]
    patterns: Mapping[str, Term]
    further: Term

    def at(self, name: str) -> Iterator[Term]:
        """What a member of this name keeps."""
        known = name in self.members
        if known:
            yield self.members[name]
        for pattern, term in self.patterns.items():
            if matches(pattern, name):
                known = True
                yield term
        if not known:
            yield self.further


@dataclass(frozen=True, slots=True)
class Objects:
    """Members layer upon layer, each of which holds."""

    layers: tuple[Layer, ...] = ()
    required: frozenset[str] = frozenset()
    low: int = 0
    high: int | None = None
    names: Term = ANYTHING
    named: frozenset[str] = frozenset()
    """Names that other alternatives of the same schema spell out."""

    def at(self, name: str) -> Term:
        """What a member of this name keeps."""
        return joined(*(term for layer in self.layers for term in layer.at(name)))

    @property
    def known(self) -> frozenset[str]:
        """Every name that is spelled out."""
        return self.required.union(*(layer.members for layer in self.layers))

    @property
    def patterns(self) -> frozenset[str]:
        """Every pattern of names."""
        return frozenset(pattern for layer in self.layers for pattern in layer.patterns)

    def meet(self, other: Objects) -> Objects:
        """What both allow."""
        return Objects(
            layers=tuple(dict.fromkeys((*self.layers, *other.layers))),
            required=self.required | other.required,
            low=max(self.low, other.low),
            high=_least(self.high, other.high),
            names=joined(self.names, other.names),
            named=self.named | other.named,
        )


Part = Numbers | Texts | Lists | Objects


@dataclass(frozen=True, slots=True)
class Seen:
    """What `unevaluated*` leaves alone: members and items that some keyword of this alternative looked at."""

    names: frozenset[str] = frozenset()
    patterns: frozenset[str] = frozenset()
    items: int = 0
    all_names: bool = False
    all_items: bool = False
    unsure: bool = False
    """More may have been looked at: alternatives that can hold together, conditions by a member's presence."""

    def join(self, other: Seen) -> Seen:
        """What either looked at."""
        return Seen(
            self.names | other.names,
            self.patterns | other.patterns,
            max(self.items, other.items),
            self.all_names or other.all_names,
            self.all_items or other.all_items,
            self.unsure or other.unsure,
        )


@dataclass(frozen=True, slots=True)
class Shape:
    """One alternative: a JSON type with its bounds; `values` when they can be told one by one."""

    kind: Kind
    part: Part | None = None
    values: tuple[Any, ...] | None = None
    implications: tuple[tuple[Term, Term], ...] = ()
    words: frozenset[tuple[str, Any]] = frozenset()
    seen: Seen = Seen()
    path: tuple[Node, ...] = ()
    """The branches of `oneOf` and `anyOf` that led here."""

    def meet(self, other: Shape) -> Shape | None:
        """What both allow; None when nothing can be seen at once."""
        if self.kind != other.kind:
            return None
        if self is FREE[self.kind] or self is other:
            return other
        if other is FREE[self.kind]:
            return self
        values = self.values if other.values is None else other.values
        if self.values is not None and other.values is not None:
            allowed = {canonical(each) for each in other.values}
            values = tuple(each for each in self.values if canonical(each) in allowed)
            if not values:
                return None
        return Shape(
            kind=self.kind,
            part=None if self.part is None else self.part.meet(other.part),  # type: ignore[arg-type] # of one kind
            values=values,
            implications=tuple(dict.fromkeys((*self.implications, *other.implications))),
            words=self.words | other.words,
            seen=self.seen.join(other.seen),
            path=tuple(dict.fromkeys((*self.path, *other.path))),
        )

    def but(self, *implications: tuple[Term, Term]) -> Shape:
        """The shape with further implications."""
        return replace(self, implications=tuple(dict.fromkeys((*self.implications, *implications))))


FREE: Final[Mapping[Kind, Shape]] = {
    "null": Shape("null", values=(None,)),
    "boolean": Shape("boolean", values=(False, True)),
    "number": Shape("number", Numbers()),
    "string": Shape("string", Texts()),
    "array": Shape("array", Lists()),
    "object": Shape("object", Objects()),
}
"""Any value of each type."""


def kind_of(value: Any) -> Kind:
    """The JSON type of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


@lru_cache(maxsize=_MATCHES_KEPT)
def matches(pattern: str, text: str) -> bool:
    """Whether a pattern matches somewhere in a text, by the very engine that checks values."""
    options = jsonschema_rs.FancyRegexOptions(backtrack_limit=_BACKTRACK_MAX)
    try:
        return jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=options).is_valid(text)
    except (ValueError, jsonschema_rs.ValidationError) as error:
        raise Unreadable(f"the pattern {pattern} cannot be read", remedy="correct the pattern") from error


def _least(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else min(one, other)
