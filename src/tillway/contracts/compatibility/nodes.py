"""Schemas where they stand: nodes of a document, the references between them, and whether two say the same. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite
from typing import Any, Final
from urllib.parse import unquote, urldefrag, urljoin

from tillway.contracts.compatibility.change import Unreadable
from tillway.contracts.operation import escaped, resolve

# Levels of mappings and lists; the deepest of any contract seen is 25. It also ends what contains itself by an alias.
DEPTH_MAX: Final = 100

# Values of one document with its aliases written out; 20,000 lines have some 60,000.
VALUES_MAX: Final = 500_000

# Keywords that say something to people only, or give a place a name.
WORDS: Final = frozenset({
    "title", "description", "$comment", "example", "examples", "externalDocs",
    "$id", "$schema", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$defs", "definitions", "id",
})  # fmt: skip

_SCHEMAS: Final = frozenset({
    "additionalProperties", "additionalItems", "items", "not", "if", "then", "else", "contains", "propertyNames",
    "unevaluatedProperties", "unevaluatedItems", "contentSchema",
})  # fmt: skip
_LISTS: Final = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_MAPS: Final = frozenset({"properties", "patternProperties", "dependentSchemas", "dependencies"})
_SETS: Final = frozenset({"required", "enum", "type"})


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a document's keywords mean where versions differ."""

    nullable: bool = False
    """OpenAPI 3.0: `nullable`, and exclusive bounds that are true or false."""
    lonely_references: bool = False
    """Whatever stands beside a `$ref` does not count."""


class Node:
    """One schema. Nodes are the same only when they are the very same place."""

    __slots__ = ("pointer", "raw", "source")

    def __init__(self, raw: Any, source: Source, pointer: str) -> None:
        self.raw = raw
        self.source = source
        self.pointer = pointer

    def sub(self, raw: Any, *path: str | int) -> Node:
        """A schema that stands inside this one."""
        return self.source.node(raw, self.pointer + "".join(f"/{escaped(str(token))}" for token in path))


Term = tuple[Node, ...]
"""All of some schemas at once; none at all is whatever there is."""

ANYTHING: Final[Term] = ()


def joined(*terms: Term) -> Term:
    """A value must keep all of these terms."""
    return tuple(dict.fromkeys(node for term in terms for node in term))


class Source:
    """One document, walked once: it is known to be of a sane size before anything recurses into it."""

    def __init__(self, content: Any, dialect: Dialect) -> None:
        self.content = content
        self.dialect = dialect
        self._nodes: dict[int, Node] = {}
        self._plain: dict[tuple[bool, str], Node] = {}
        self._bases: dict[int, str] = {}
        self._named: dict[str, tuple[Any, str]] = {}
        self._found: dict[tuple[str, str], tuple[Any, str] | None] = {}
        self._dynamic = 0
        self._walk(content)

    def node(self, raw: Any, pointer: str) -> Node:
        """The node of a schema; the first pointer it was reached by stays."""
        if isinstance(raw, bool):
            return self._plain.setdefault((raw, pointer), Node(raw, self, pointer))
        node = self._nodes.get(id(raw))
        if node is None:
            node = self._nodes[id(raw)] = Node(raw, self, pointer)
        return node

    def term(self, raw: Any, pointer: str) -> Term:
        """The node as a term; of what asks for nothing, nothing."""
        return ANYTHING if raw is True or raw == {} else (self.node(raw, pointer),)

    def target(self, node: Node, word: str = "$ref") -> Node | None:
        """What the node's reference leads to; None when that is outside of the document, or not one place."""
        reference = node.raw[word]
        if not isinstance(reference, str):
            raise Unreadable(f"{node.pointer}: a reference is a text")
        if word != "$ref" and self._dynamic > 1:
            return None
        found = self.find(reference, self._bases.get(id(node.raw), ""))
        return None if found is None else self.node(*found)

    def find(self, reference: str, base: str = "") -> tuple[Any, str] | None:
        """What a reference leads to, and its pointer. Unreadable when it leads nowhere inside of the document."""
        key = (reference, base)
        if key not in self._found:
            self._found[key] = self._looked_up(reference, base)
        return self._found[key]

    def _looked_up(self, reference: str, base: str) -> tuple[Any, str] | None:
        address, fragment = urldefrag(urljoin(base, reference) if base else reference)
        root = self._named.get(address, (self.content, "")) if address in {"", base, *self._named} else None
        if root is None:
            return None
        if fragment and not fragment.startswith("/"):
            named = self._named.get(f"{address}#{fragment}") or self._named.get(f"#{fragment}")
            if named is None:
                raise Unreadable(f"{reference} leads nowhere", remedy="correct the reference")
            return named
        pointer = unquote(fragment)
        try:
            return resolve(root[0], pointer), root[1] + pointer
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise Unreadable(f"{reference} leads nowhere", remedy="correct the reference") from error

    def _walk(self, content: Any) -> None:
        count = 0
        stack: list[tuple[Any, int, str, str]] = [(content, 0, "", "")]
        while stack:
            value, depth, base, pointer = stack.pop()
            count += 1
            if depth > DEPTH_MAX:
                raise Unreadable(f"nested more than {DEPTH_MAX} levels deep", remedy="name parts and refer to them")
            if count > VALUES_MAX:
                raise Unreadable(f"more than {VALUES_MAX} values", remedy="split the document; aliases count each time")
            if isinstance(value, dict):
                base = self._name(value, base, pointer)
                for key, inside in value.items():
                    if not isinstance(key, str):
                        raise Unreadable(f"{pointer}: the key {key!r} is not a text", remedy="put it in quotes")
                    stack.append((inside, depth + 1, base, f"{pointer}/{escaped(key)}"))
            elif isinstance(value, float) and not isfinite(value):
                raise Unreadable(f"{pointer} is no number that JSON has", remedy="give a number, or none")
            elif isinstance(value, list):
                stack += [(each, depth + 1, base, f"{pointer}/{at}") for at, each in enumerate(value)]

    def _name(self, value: dict[Any, Any], base: str, pointer: str) -> str:
        own = value.get("$id")
        if isinstance(own, str):
            base = urldefrag(urljoin(base, own))[0]
            self._named.setdefault(base, (value, pointer))
        for word in ("$anchor", "$dynamicAnchor"):
            if isinstance(value.get(word), str):
                self._dynamic += word != "$anchor"
                self._named.setdefault(f"{base}#{value[word]}", (value, pointer))
        if base:
            self._bases[id(value)] = base
        return base


def canonical(value: Any) -> Any:
    """A JSON value so that equal ones are equal and hash alike: 1 is 1.0 and not true."""
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, dict):
        return ("object", frozenset((key, canonical(inside)) for key, inside in value.items()))
    if isinstance(value, list):
        return ("array", tuple(canonical(inside) for inside in value))
    return value


def exact(value: float) -> Fraction:
    """A number as it is written: a tenth is a tenth."""
    return Fraction(value) if isinstance(value, int) else Fraction(str(value))


class Likeness:
    """Whether two schemas say the same, words apart: a comparison of what is written, references followed."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], bool] = {}
        self._kept: list[tuple[Node, Node]] = []  # ids stay theirs as long as nodes live

    def alike(self, one: Node, other: Node) -> bool:
        """True is certain, False is not."""
        if one is other:
            return True
        key = (id(one), id(other))
        known = self._known.get(key)
        if known is None:
            self._kept.append((one, other))
            assumed: set[tuple[int, int]] = set()
            known = self._known[key] = self._schemas(one, other, assumed, 0)
        return known

    def terms(self, one: Term, other: Term) -> bool:
        """Whether each of one term has its like in the other, and the other way round."""
        return (len(one) == len(other) and all(map(self.alike, one, other))) or (
            all(any(self.alike(a, b) for b in other) for a in one)
            and all(any(self.alike(a, b) for a in one) for b in other)
        )

    def _schemas(self, one: Node, other: Node, assumed: set[tuple[int, int]], depth: int) -> bool:
        a, b = one.raw, other.raw
        if not isinstance(a, dict) or not isinstance(b, dict):
            return bool(canonical(a) == canonical(b))
        key = (id(a), id(b))
        if key in assumed:
            return True
        if depth > DEPTH_MAX or one.source.dialect != other.source.dialect:
            return False
        assumed.add(key)
        keys = {*filter(_counts, a), *filter(_counts, b)}
        return all(word in a and word in b and self._keyword(word, one, other, assumed, depth + 1) for word in keys)

    def _keyword(self, word: str, one: Node, other: Node, assumed: set[tuple[int, int]], depth: int) -> bool:
        a, b = one.raw[word], other.raw[word]
        if word == "$ref":
            left, right = one.source.target(one), other.source.target(other)
            if left is None or right is None:
                return left is right and str(a) == str(b)
            return self._schemas(left, right, assumed, depth)
        if word in _LISTS or (word == "items" and isinstance(a, list) and isinstance(b, list)):
            return len(a) == len(b) and all(
                self._schemas(one.sub(x, word, at), other.sub(y, word, at), assumed, depth)
                for at, (x, y) in enumerate(zip(a, b, strict=True))
            )
        if word in _MAPS and isinstance(a, dict) and isinstance(b, dict):
            return a.keys() == b.keys() and all(
                self._schemas(one.sub(a[name], word, name), other.sub(b[name], word, name), assumed, depth)
                for name in a
            )
        if word in _SCHEMAS:
            return self._schemas(one.sub(a, word), other.sub(b, word), assumed, depth)
        if word in _SETS and isinstance(a, list) and isinstance(b, list):
            return {canonical(each) for each in a} == {canonical(each) for each in b}
        return bool(canonical(a) == canonical(b))


def _counts(word: str) -> bool:
    """Whether a keyword can make a difference: words do not, and other people's extensions say nothing to us."""
    return word not in WORDS and (not word.startswith("x-") or word == "x-data-class" or word.startswith("x-tillway-"))


def members(node: Node, word: str) -> Iterator[tuple[str, Node]]:
    """The schemas of a keyword that holds a map of them."""
    found = node.raw.get(word, {})
    if not isinstance(found, Mapping):
        raise Unreadable(f"{node.pointer}/{word} is not a mapping")
    for name, inside in found.items():
        yield name, node.sub(inside, word, name)


def branches(node: Node, word: str) -> tuple[Node, ...]:
    """The schemas of a keyword that holds a list of them."""
    found = node.raw.get(word, [])
    if not isinstance(found, list):
        raise Unreadable(f"{node.pointer}/{word} is not a list")
    return tuple(node.sub(inside, word, at) for at, inside in enumerate(found))
