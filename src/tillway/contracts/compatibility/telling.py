"""What changed between two schemas, told field by field: the prover decides, this finds where. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final, Literal, NamedTuple

from msgspec.structs import replace as replace_members

from tillway.contracts.compatibility import bounds, notes
from tillway.contracts.compatibility.change import ORDER, Change, Direction, Verdict
from tillway.contracts.compatibility.discriminating import discriminators
from tillway.contracts.compatibility.nodes import Node, Term, joined
from tillway.contracts.compatibility.reasoning import Reasoning
from tillway.contracts.compatibility.shapes import FREE, KINDS, Lists, Objects, Shape, matches
from tillway.contracts.compatibility.variants import Pairs, paired
from tillway.contracts.operation import escaped

# Fields inside fields that are looked at; what differs deeper down counts as breaking.
FIELDS_DEEP: Final = 30

# Pairs of schemas looked at for one comparison; what differs beyond counts as breaking.
TOLD_MAX: Final = 4_000

How = Literal["tighter", "wider", "other"]


class Place(NamedTuple):
    """A field of a message, as the old and as the new document have it."""

    old: Term
    new: Term
    field: str

    @property
    def pointer(self) -> str:
        """Where it stands in the new document, or in the old one if nothing is said of it in the new."""
        return next((node.pointer for node in self.new or self.old), "")


def told(known: Reasoning, operation: str | None, direction: Direction, old: Term, new: Term) -> list[Change]:
    """What changed from one schema to another: what many operations share is looked at once."""
    key = (direction, frozenset(old), frozenset(new))
    changes = known.told.get(key)
    if changes is None:
        telling = Telling(known, None, direction)
        telling.schemas(old, new, "")
        changes = known.told[key] = telling.changes
    return [replace_members(each, operation=operation) for each in changes]


class Telling:
    """The changes of one message of one operation, in one direction."""

    def __init__(self, known: Reasoning, operation: str | None, direction: Direction) -> None:
        self.known = known
        self.changes: list[Change] = []
        self._operation = operation
        self._direction: Direction = direction
        self._cap: Verdict = "breaking"
        self._above: list[tuple[frozenset[Node], frozenset[Node]]] = []

    def schemas(self, old: Term, new: Term, field: str, *, required: bool = False) -> None:
        """Tell what changed from one schema to another. `required`: the new document asks for this field."""
        if self.known.likeness.terms(old, new):
            return
        place = Place(old, new, field)
        for note in notes.differences(old, new, self._direction, required=required):
            self._add(note.rule, note.verdict, place, note.text)
        key = (frozenset(old), frozenset(new))
        if key in self._above:
            return
        if len(self._above) >= FIELDS_DEEP or not self.known.may_tell(TOLD_MAX):
            self._add("not-proven", "breaking", place, "differs too deep down, or in too many places")
            return
        verdict = self._judged(old, new)
        self._above.append(key)
        with self._capped(verdict):
            told = len(self.changes)
            self._discriminated(place)
            self._kinds(place, verdict)
            found = any(each.verdict == "breaking" for each in self.changes[told:])
            if self._cap == "breaking" and not found:
                text = (
                    "may be refused where it was taken" if self._direction == "request" else "may hold what it did not"
                )
                self._add("not-proven", "breaking", place, f"the schema differs: {text}")
            elif self._cap == "additive" and all(each.verdict == "same" for each in self.changes[told:]):
                self._add("schema-changed", "additive", place, "the schema differs, and holds what it must")
        self._above.pop()

    def leaf(self, rule: str, how: How, place: Place, text: str) -> None:
        """Tell of one bound; the verdict is that of the direction, but no worse than what is proven around it."""
        good: How = "wider" if self._direction == "request" else "tighter"
        verdict = min("additive" if how == good else "breaking", self._cap, key=ORDER.index)
        if verdict != "same":
            self._add(rule, verdict, place, text)

    def _judged(self, old: Term, new: Term) -> Verdict:
        narrower, wider = (old, new) if self._direction == "request" else (new, old)
        if self.known.inside(narrower, wider):
            return "same" if self.known.inside(wider, narrower) else "additive"
        if self._direction == "response":
            return "breaking"
        with self.known.newcomers(True):
            return "additive" if self.known.inside(narrower, wider) else "breaking"

    def _judged_shapes(self, one: Shape, other: Shape) -> Verdict:
        narrower, wider = (one, other) if self._direction == "request" else (other, one)
        if self.known.shape_in_shape(narrower, wider):
            return "same" if self.known.shape_in_shape(wider, narrower) else "additive"
        with self.known.newcomers(self._direction == "request"):
            return "additive" if self.known.shape_in_shape(narrower, wider) else "breaking"

    @contextmanager
    def _capped(self, verdict: Verdict, *, anew: bool = False) -> Iterator[None]:
        """No change inside is worse than this. `anew`: whatever was proven around it."""
        before, self._cap = self._cap, verdict if anew else min(self._cap, verdict, key=ORDER.index)
        yield
        self._cap = before

    def _kinds(self, place: Place, verdict: Verdict) -> None:
        before, after = self.known.shapes(place.old), self.known.shapes(place.new)
        for kind in KINDS:
            mine = [each for each in before if each.kind == kind and not self.known.shape_empty(each)]
            theirs = [each for each in after if each.kind == kind and not self.known.shape_empty(each)]
            if mine and not theirs:
                self.leaf("type-removed", "tighter", place, f"cannot be {kind} any more")
                self._gone(_declared(self.known, mine), place)
            elif theirs and not mine:
                self.leaf("type-added", "wider", place, f"can be {kind} now")
            elif len(mine) > 1 and len(theirs) > 1 and _catch_all(mine) and _catch_all(theirs):
                named = [[each for each in side if not _free(each)] for side in (mine, theirs)]
                self._named_apart(named[0], named[1], place)
            elif mine:
                self._alternatives(paired(self.known, mine, theirs), place, equal=verdict == "same")

    def _alternatives(self, pairs: Pairs, place: Place, *, equal: bool) -> None:
        for one, other in pairs.both:
            proven = equal or (
                self.known.shape_inside(one, place.new)
                if self._direction == "request"
                else self.known.shape_inside(other, place.old)
            )
            with self._capped("additive" if proven else "breaking"):
                self._shapes(one, other, place, several=pairs.several and equal)
        for one in pairs.removed:
            proven = self.known.shape_inside(one, place.new)
            self.leaf("variant-removed", "tighter", place, "one variant is gone") if not proven else None
        for other in pairs.added:
            proven = self.known.shape_inside(other, place.old)
            self.leaf("variant-added", "wider", place, "there is one variant more") if not proven else None
        if pairs.several:
            before = _declared(self.known, [one for one, _ in pairs.both] + pairs.removed)
            after = _declared(self.known, [other for _, other in pairs.both] + pairs.added)
            self._gone(before - after, place)

    def _named_apart(self, mine: list[Shape], theirs: list[Shape], place: Place) -> None:
        """Variants beside one that takes anything, such as a fact that is quarantined when it is not one of them.

        Anything is taken either way; but what was one of the named variants has to stay one.
        """
        pairs = paired(self.known, mine, theirs)
        for one, other in pairs.both:
            with self._capped(self._judged_shapes(one, other), anew=True):
                self._shapes(one, other, place, several=False)
        if self._direction == "request" and pairs.removed:
            with self._capped("breaking", anew=True):
                self.leaf("variant-removed", "tighter", place, "one variant is gone")

    def _shapes(self, one: Shape, other: Shape, place: Place, *, several: bool) -> None:
        for found in bounds.differences(self.known, one, other):
            self.leaf(found.rule, found.how, place, found.text)
        if isinstance(one.part, Lists) and isinstance(other.part, Lists):
            self._items(one.part, other.part, place.field)
        elif isinstance(one.part, Objects) and isinstance(other.part, Objects):
            self._members(one.part, other.part, place, several=several)

    def _items(self, one: Lists, other: Lists, field: str) -> None:
        for index in range(max(len(one.prefix), len(other.prefix))):
            self.schemas(one.at(index), other.at(index), f"{field}/*", required=index < other.low)
        self.schemas(one.rest, other.rest, f"{field}/*")

    def _members(self, one: Objects, other: Objects, place: Place, *, several: bool) -> None:
        before, after = _names(self.known, one), _names(self.known, other)
        for name in sorted(one.known | other.known):
            here = f"{place.field}/{escaped(name)}"
            mine, theirs = one.at(name), other.at(name)
            if name in after and name not in before and not _matched(one, name):
                self._came(Place(mine, theirs or place.new, here))
            if name in before and name not in after and not _matched(other, name):
                if self._direction == "request":
                    how: How = "tighter" if self._refused(theirs) else "wider"
                    self.leaf("field-removed", how, Place(mine or place.old, mine or place.old, here), "is gone")
                elif not several:
                    self._gone({name}, Place(mine or place.old, mine or place.old, place.field))
            elif not self._refused(mine) and not self._refused(theirs) and (mine or name in before):
                self.schemas(mine, theirs, here, required=name in other.required)
            if name in other.required - one.required and name in after:
                self.leaf(
                    "field-required",
                    "tighter",
                    Place(theirs or place.new, theirs or place.new, here),
                    "is required now",
                )
            elif name in one.required - other.required:
                self.leaf(
                    "field-optional",
                    "wider",
                    Place(theirs or place.new, theirs or place.new, here),
                    "may be left out now",
                )
        self._further(one, other, place)

    def _came(self, place: Place) -> None:
        if self._refused(place.old):
            self.leaf("field-added", "wider", place, "is new, and nothing but what was named could be there")
        else:
            self._add("field-added", "additive", place, "is new")

    def _further(self, one: Objects, other: Objects, place: Place) -> None:
        for pattern in sorted(one.patterns | other.patterns):
            mine, theirs = _of_pattern(one, pattern), _of_pattern(other, pattern)
            if pattern in one.patterns and pattern in other.patterns:
                self.schemas(mine, theirs, f"{place.field}/*")
            else:
                self.leaf("members-by-pattern", "other", place, "members are named by other patterns")
        mine, theirs = (joined(*(layer.further for layer in each.layers)) for each in (one, other))
        closed, closes = self._refused(mine), self._refused(theirs)
        if closed and not closes:
            self.leaf("members-opened", "wider", place, "may hold members that are not named")
        elif closes and not closed:
            self.leaf("members-closed", "tighter", place, "may hold no members but those named")
        elif mine or theirs:
            self.schemas(mine, theirs, f"{place.field}/*")

    def _refused(self, term: Term) -> bool:
        return bool(term) and self.known.empty(term)

    def _gone(self, names: Iterable[str], place: Place) -> None:
        if self._direction == "response":
            for name in sorted(names):
                gone = Place(place.old, place.old, f"{place.field}/{escaped(name)}")
                self._add("field-gone", "breaking", gone, "is gone")

    def _discriminated(self, place: Place) -> None:
        for found in discriminators(self.known, place.old, place.new, self._direction):
            self._add(found.rule, found.verdict, place, found.text)

    def _add(self, rule: str, verdict: Verdict, place: Place, text: str) -> None:
        self.changes.append(
            Change(
                rule=rule,
                verdict=verdict,
                operation=self._operation,
                direction=self._direction,
                pointer=place.pointer,
                text=f"{place.field or 'the body'}: {text}",
                field=place.field or None,
            )
        )


def _free(shape: Shape) -> bool:
    part = replace(shape.part, named=frozenset()) if isinstance(shape.part, Objects) else shape.part
    return not shape.implications and not shape.words and shape.values is None and part in _FREE_PARTS


def _catch_all(shapes: list[Shape]) -> bool:
    return any(map(_free, shapes))


_FREE_PARTS: Final = tuple(each.part for each in FREE.values() if each.part is not None)


def _names(known: Reasoning, part: Objects) -> frozenset[str]:
    """The names that are spelled out and can be there."""
    named = frozenset[str]().union(*(layer.members for layer in part.layers))
    return frozenset(name for name in named if not (part.at(name) and known.empty(part.at(name))))


def _declared(known: Reasoning, shapes: Iterable[Shape]) -> frozenset[str]:
    return frozenset[str]().union(*(_names(known, each.part) for each in shapes if isinstance(each.part, Objects)))


def _matched(part: Objects, name: str) -> bool:
    """Whether the name is one that some pattern names."""
    return any(True for layer in part.layers for pattern in layer.patterns if matches(pattern, name))


def _of_pattern(part: Objects, pattern: str) -> Term:
    return joined(*(layer.patterns[pattern] for layer in part.layers if pattern in layer.patterns))
