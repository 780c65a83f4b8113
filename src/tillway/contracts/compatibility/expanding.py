"""A schema written out as shapes: references followed, `allOf` folded, alternatives side by side. Pure.

Nothing is decided here: the inside of members and items stays a term, so schemas that contain themselves are finite.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any, Final

from tillway.contracts.compatibility.assertions import READERS, UNDERSTOOD, UNINTERPRETED, names, seen, term
from tillway.contracts.compatibility.change import Unreadable
from tillway.contracts.compatibility.nodes import (
    ANYTHING,
    WORDS,
    Dialect,
    Node,
    Source,
    Term,
    branches,
    canonical,
    joined,
    members,
)
from tillway.contracts.compatibility.shapes import (
    FREE,
    KINDS,
    Kind,
    Layer,
    Lists,
    Numbers,
    Objects,
    Seen,
    Shape,
    kind_of,
)

Shapes = tuple[Shape, ...]

# Alternatives of one schema; one with more is only ever compared as it is written.
ALTERNATIVES_MAX: Final = 160

# Schemas inside schemas of one value, references included; contracts have a handful.
LEVELS_MAX: Final = 60

REFERENCES: Final = ("$ref", "$dynamicRef", "$recursiveRef")
WHOLE: Final = Fraction(1)

_OWN: Final = Source({}, Dialect())
NOTHING: Final[Term] = (Node(False, _OWN, ""),)
"""What no value keeps."""


class Expanding:
    """Shapes of nodes and terms, each worked out once."""

    def __init__(self) -> None:
        self._known: dict[Node, Shapes] = {}
        self._busy: set[Node] = set()
        self._wanting: dict[tuple[str, ...], Term] = {}

    def node(self, node: Node) -> Shapes:
        """The shapes of a schema. Unreadable when it contains itself without end, or is no schema."""
        known = self._known.get(node)
        if known is None:
            if node in self._busy or len(self._busy) >= LEVELS_MAX:
                raise Unreadable(
                    f"{node.pointer} contains itself or is too entangled", remedy="name what it is made of"
                )
            self._busy.add(node)
            known = self._known[node] = self._written_out(node)
            self._busy.discard(node)
        return known

    def term(self, term: Term) -> Shapes:
        """The shapes of all of a term's schemas at once."""
        found = tuple(FREE.values())
        for node in term:
            found = _met(found, self.node(node), node)
        return found

    def wanting(self, *required: str) -> Term:
        """Objects with these members."""
        if required not in self._wanting:
            self._wanting[required] = (Node({"type": "object", "required": list(required)}, _OWN, ""),)
        return self._wanting[required]

    def _written_out(self, node: Node) -> Shapes:
        raw = node.raw
        if isinstance(raw, bool):
            return tuple(FREE.values()) if raw else ()
        if not isinstance(raw, dict):
            raise Unreadable(f"{node.pointer} is not a schema")
        if node.source.dialect.lonely_references and "$ref" in raw:
            return self._referred(node, "$ref")
        found = tuple(_own(node))
        for part in self._applied(node):
            found = _met(found, part, node)
        if "unevaluatedProperties" in raw or "unevaluatedItems" in raw:
            found = tuple(_closed(node, each) for each in found)
        return found

    def _applied(self, node: Node) -> Iterator[Shapes]:
        raw = node.raw
        for word in REFERENCES:
            if word in raw:
                yield self._referred(node, word)
        for each in branches(node, "allOf"):
            yield self.node(each)
        if "anyOf" in raw:
            yield self._any_of(node)
        if "oneOf" in raw:
            yield self._one_of(node)
        if "not" in raw:
            yield self._without(node.sub(raw["not"], "not"))
        if "if" in raw and ("then" in raw or "else" in raw):
            yield self._conditional(node)
        if not {"dependentRequired", "dependentSchemas", "dependencies"}.isdisjoint(raw):
            yield self._dependent(node)

    def _referred(self, node: Node, word: str) -> Shapes:
        target = node.source.target(node, word)
        if target is not None:
            return self.node(target)
        # What stands outside is taken to be the same as long as it is called the same.
        unknown = (word, node.raw[word] if word == "$ref" else node)
        return tuple(replace(each, words=frozenset({unknown})) for each in FREE.values())

    def _any_of(self, node: Node) -> Shapes:
        found = [(branch, self.node(branch)) for branch in branches(node, "anyOf")]
        objects = sum(any(shape.kind in {"object", "array"} for shape in shapes) for _, shapes in found)
        vague = Seen(unsure=objects > 1)
        return _capped(
            [
                replace(shape, path=(*shape.path, branch), seen=shape.seen.join(vague))
                for branch, shapes in found
                for shape in shapes
            ],
            node,
        )

    def _one_of(self, node: Node) -> Shapes:
        all_of = branches(node, "oneOf")
        found: list[Shape] = []
        for at, branch in enumerate(all_of):
            mine = self.node(branch)
            kinds = {shape.kind for shape in mine}
            others = [*all_of[:at], *all_of[at + 1 :]]
            overlapping = [each for each in others if any(shape.kind in kinds for shape in self.node(each))]
            not_both = tuple((joined((branch,), (each,)), NOTHING) for each in overlapping)
            found += [replace(shape, path=(*shape.path, branch)).but(*not_both) for shape in mine]
        return _capped(found, node)

    def _without(self, node: Node) -> Shapes:
        """What a schema does not allow: other types freely, its own as an implication of nothing."""
        refused: dict[Kind, bool] = {}
        for shape in self.node(node):
            free = shape.path == () and replace(shape, seen=Seen()) == FREE[shape.kind]
            refused[shape.kind] = refused.get(shape.kind, False) or free
        return tuple(
            FREE[kind].but(((node,), NOTHING)) if kind in refused else FREE[kind]
            for kind in KINDS
            if not refused.get(kind, False)
        )

    def _conditional(self, node: Node) -> Shapes:
        raw = node.raw
        condition = node.sub(raw["if"], "if")
        then = self.node(node.sub(raw.get("then", True), "then"))
        otherwise = self.node(node.sub(raw.get("else", True), "else"))
        met = _met(self.node(condition), then, node)
        unmet = _met(self._without(condition), otherwise, node)
        return _capped([*met, *unmet], node)

    def _dependent(self, node: Node) -> Shapes:
        implications = [
            (self.wanting(name), self.wanting(*names(node, "dependentRequired", others)))
            for name, others in node.raw.get("dependentRequired", {}).items()
        ]
        implications += [(self.wanting(name), (each,)) for name, each in members(node, "dependentSchemas")]
        for name, each in node.raw.get("dependencies", {}).items():
            inside = self.wanting(*each) if isinstance(each, list) else (node.sub(each, "dependencies", name),)
            implications.append((self.wanting(name), inside))
        return tuple(each.but(*implications) if each.kind == "object" else each for each in FREE.values())


def _own(node: Node) -> Iterator[Shape]:
    raw = node.raw
    allowed = _kinds(node)
    listed = _listed(node)
    looked = seen(node)
    strange = {(word, canonical(raw[word])) for word in raw if _strange(word)}
    for kind in KINDS:
        if kind not in allowed:
            continue
        shape = FREE[kind]
        words = set(strange)
        if kind in READERS:
            keywords, read = READERS[kind]
            if not keywords.isdisjoint(raw):
                shape = replace(shape, part=read(node))
            if allowed[kind]:
                shape = replace(shape, part=shape.part.meet(Numbers(steps=frozenset({WHOLE}))))  # type: ignore[union-attr,arg-type]
        if kind in {"string", "number"}:
            words |= {(word, canonical(raw[word])) for word in UNINTERPRETED if word in raw}
        if kind == "string" and "contentSchema" in raw:
            words.add(("contentSchema", canonical(raw["contentSchema"])))
        if listed is not None:
            values = tuple(each for each in listed if kind_of(each) == kind)
            if not values:
                continue
            shape = replace(shape, values=values)
        if words:
            shape = replace(shape, words=frozenset(words))
        if looked != Seen() and kind in {"array", "object"}:
            shape = replace(shape, seen=looked)
        yield shape


def _strange(word: str) -> bool:
    """A keyword that nobody here understands: only its like implies it."""
    return word not in UNDERSTOOD and word not in WORDS and not word.startswith("x-")


def _kinds(node: Node) -> dict[Kind, bool]:
    """The types a schema allows; true: of numbers only whole ones."""
    given = node.raw.get("type")
    if given is None:
        return dict.fromkeys(KINDS, False)
    listed = given if isinstance(given, list) else [given]
    found: dict[Kind, bool] = {}
    for each in listed:
        if each == "integer":
            found.setdefault("number", True)
        elif each in KINDS:
            found[each] = False
        else:
            raise Unreadable(f"{node.pointer}/type is no type")
    if node.source.dialect.nullable and node.raw.get("nullable") is True:
        found["null"] = False
    return found


def _listed(node: Node) -> list[Any] | None:
    """The values a schema lists; None when it lists none."""
    raw = node.raw
    if "enum" in raw and not isinstance(raw["enum"], list):
        raise Unreadable(f"{node.pointer}/enum is not a list")
    if "const" in raw and "enum" in raw:
        return [raw["const"]] if canonical(raw["const"]) in map(canonical, raw["enum"]) else []
    return [raw["const"]] if "const" in raw else raw.get("enum")


def _closed(node: Node, shape: Shape) -> Shape:
    """With what `unevaluated*` of a schema says of the members and items that nothing in it looked at."""
    word = "unevaluatedProperties" if shape.kind == "object" else "unevaluatedItems"
    if word not in node.raw or shape.kind not in {"object", "array"}:
        return shape
    if shape.seen.unsure:
        return replace(shape, words=shape.words | {(word, node)})
    inside = term(node, word)
    if shape.kind == "object":
        layer = Layer(dict.fromkeys(shape.seen.names, ANYTHING), dict.fromkeys(shape.seen.patterns, ANYTHING), inside)
        part: Objects | Lists = Objects(layers=() if shape.seen.all_names else (layer,))
        looked = Seen(all_names=True)
    else:
        rest = Lists(prefix=(ANYTHING,) * shape.seen.items, rest=inside)
        part = Lists() if shape.seen.all_items else rest
        looked = Seen(all_items=True)
    return replace(shape, part=shape.part.meet(part), seen=shape.seen.join(looked))  # type: ignore[union-attr,arg-type]


def _met(one: Shapes, other: Shapes, node: Node) -> Shapes:
    found = [met for a in one for b in other if (met := a.meet(b)) is not None]
    return _capped(found, node)


def _capped(found: list[Shape], node: Node) -> Shapes:
    """As many as can be looked at; of more, only what each type is, and a word that nothing else implies."""
    if len(found) <= ALTERNATIVES_MAX:
        return tuple(found)
    kinds = {shape.kind for shape in found}
    return tuple(replace(FREE[kind], words=frozenset({("alternatives", node)})) for kind in KINDS if kind in kinds)
