"""Schemas, changes to schemas, and values that nearly keep a schema, all drawn at random from a small vocabulary."""

from __future__ import annotations

import copy
import random
from typing import Any

NAMES = ("a", "b", "kind", "x")
WORDS = ("", "a", "ab", "abc", "b", "A1", "2026-11-23", "x-long-text")
NUMBERS = (-1, 0, 0.5, 1, 1.5, 2, 3, 4, 6, 10)
SCALARS: tuple[Any, ...] = (None, True, False, *NUMBERS, *WORDS)
PATTERNS = ("^a", "^[a-z]+$", "^[a-z]{1,3}$", "b", "^[A-Z][0-9]$", "^[a-z]{2,4}$")
TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")
COUNTS = (0, 1, 2, 3)


class Drawing:
    """One seed's worth of schemas and values."""

    def __init__(self, seed: int) -> None:
        self.at = random.Random(seed)

    def schema(self, depth: int = 3) -> Any:
        """A schema; deeper ones are smaller."""
        roll = self.at.random()
        if depth <= 0 or roll < 0.05:
            return self.at.choice(
                (True, {}, {"type": self.at.choice(TYPES)}, {"enum": self._some(SCALARS, 3)}, {"$ref": "#/$defs/loop"})
            )
        if roll < 0.3:
            return self._scalar()
        if roll < 0.6:
            return self._object(depth)
        if roll < 0.72:
            return self._array(depth)
        return self._combined(depth)

    def document(self) -> dict[str, Any]:
        """A schema that may refer to one that contains itself."""
        root = self.schema()
        root = {"allOf": [root]} if not isinstance(root, dict) else root
        loop = {"type": "object", "properties": {"a": self.schema(1), "x": {"$ref": "#/$defs/loop"}}}
        return {**root, "$defs": {"loop": loop}}

    def _some(self, pool: tuple[Any, ...], most: int) -> list[Any]:
        return self.at.sample(pool, self.at.randint(1, most))

    def _scalar(self) -> dict[str, Any]:
        made: dict[str, Any] = {"type": self.at.choice((*TYPES[:5], ["string", "null"], ["integer", "string"]))}
        for word, pool in (
            ("minimum", NUMBERS), ("maximum", NUMBERS), ("exclusiveMinimum", NUMBERS), ("multipleOf", (0.5, 1, 2, 3)),
            ("minLength", COUNTS), ("maxLength", COUNTS), ("pattern", PATTERNS), ("format", ("date", "uuid", "sku")),
            ("enum", None), ("const", None),
        ):  # fmt: skip
            if self.at.random() < 0.14:
                made[word] = (
                    self.at.choice(pool)
                    if pool
                    else (self._some(SCALARS, 4) if word == "enum" else self.at.choice(SCALARS))
                )
        return made

    def _object(self, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {"type": "object"} if self.at.random() < 0.85 else {}
        if self.at.random() < 0.9:
            made["properties"] = {name: self.schema(depth - 1) for name in self._some(NAMES, 3)}
        if self.at.random() < 0.6:
            made["required"] = self._some(NAMES, 2)
        for chance, word, value in (
            (0.25, "additionalProperties", False),
            (0.15, "additionalProperties", None),
            (0.08, "unevaluatedProperties", False),
            (0.08, "patternProperties", "pattern"),
            (0.06, "propertyNames", "names"),
            (0.06, "minProperties", "count"),
            (0.06, "maxProperties", "count"),
            (0.06, "dependentRequired", "required"),
            (0.06, "dependentSchemas", "schemas"),
        ):
            if self.at.random() < chance:
                made[word] = {
                    "pattern": lambda: {self.at.choice(("^a", "^[abx]$", "^k")): self.schema(depth - 1)},
                    "names": lambda: {"maxLength": self.at.choice((1, 3, 4))},
                    "count": lambda: self.at.choice(COUNTS),
                    "required": lambda: {self.at.choice(NAMES): self._some(NAMES, 2)},
                    "schemas": lambda: {self.at.choice(NAMES): self.schema(depth - 1)},
                    None: lambda: self.schema(depth - 1),
                    False: lambda: False,
                }[value]()
        return made

    def _array(self, depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {"type": "array", "items": self.schema(depth - 1)}
        if self.at.random() < 0.2:
            made["prefixItems"] = [self.schema(depth - 1) for _ in range(self.at.randint(1, 2))]
        for word in ("minItems", "maxItems"):
            if self.at.random() < 0.2:
                made[word] = self.at.choice(COUNTS)
        if self.at.random() < 0.1:
            made["uniqueItems"] = True
        if self.at.random() < 0.15:
            made["contains"] = self.schema(depth - 1)
            if self.at.random() < 0.5:
                made[self.at.choice(("minContains", "maxContains"))] = self.at.choice(COUNTS)
        if self.at.random() < 0.08:
            made["unevaluatedItems"] = False
            made.pop("items")
        return made

    def _combined(self, depth: int) -> dict[str, Any]:
        word = self.at.choice(("anyOf", "oneOf", "allOf", "not", "if", "variants"))
        beside = self._object(0) if self.at.random() < 0.2 else {}
        if word == "not":
            return {**beside, "not": self.schema(depth - 1)}
        if word == "if":
            made = {**beside, "if": self.schema(depth - 1)}
            for each in ("then", "else"):
                if self.at.random() < 0.8:
                    made[each] = self.schema(depth - 1)
            return made
        if word == "variants":
            return {"oneOf": [self._variant(depth, name) for name in self._some(("a", "b", "abc"), 3)]}
        return {**beside, word: [self.schema(depth - 1) for _ in range(self.at.randint(1, 3))]}

    def _variant(self, depth: int, name: str) -> dict[str, Any]:
        made = self._object(depth)
        made["type"] = "object"
        made["properties"] = {**made.get("properties", {}), "kind": {"const": name}}
        made["required"] = sorted({"kind", *made.get("required", ())})
        return made

    def changed(self, schema: Any) -> Any:
        """The schema with one to three places exchanged, wider, narrower or just other."""
        made = copy.deepcopy(schema)
        for _ in range(self.at.randint(1, 3)):
            places = list(_places(made))
            holder, key = self.at.choice(places)
            self._exchange(holder, key)
        return made

    def _exchange(self, holder: Any, key: Any) -> None:
        value = holder[key]
        if isinstance(value, dict) and key not in {"properties", "patternProperties", "dependentSchemas", "$defs"}:
            roll = self.at.random()
            if roll < 0.4 and value:
                word = self.at.choice(sorted(value))
                if word not in {"$defs", "$ref", "if"}:
                    value.pop(word)
            elif roll < 0.8 and "$ref" not in value:
                for word, inside in self.at.choice(
                    (self._scalar, lambda: self._object(1), lambda: self._array(1))
                )().items():
                    value.setdefault(word, inside)
            else:
                holder[key] = self.schema(1)
        elif isinstance(value, dict) and value and key != "$defs":
            value.pop(self.at.choice(sorted(value)))
        elif isinstance(value, list) and len(value) > 1:
            value.pop(self.at.randrange(len(value)))
        elif isinstance(value, int | float) and not isinstance(value, bool) and key != "const":
            holder[key] = max(value + self.at.choice((-1, 1)), 1 if key == "multipleOf" else 0)

    def value(self, schema: Any, root: dict[str, Any], depth: int = 4) -> Any:
        """A value that keeps the schema more often than not."""
        if depth <= 0 or not isinstance(schema, dict) or self.at.random() < 0.04:
            return self.at.choice(SCALARS)
        whole = self._whole(schema, root)
        if "const" in whole:
            return whole["const"]
        if "enum" in whole and self.at.random() < 0.95:
            return self.at.choice(whole["enum"])
        kind = whole.get("type") or (
            "object" if "properties" in whole or "required" in whole else self.at.choice(TYPES)
        )
        kind = self.at.choice(kind) if isinstance(kind, list) else kind
        if kind == "object":
            return self._members(whole, root, depth)
        if kind == "array":
            first = whole.get("prefixItems", [])
            count = max(whole.get("minItems", 0), self.at.randint(0, 3))
            pool = [*first, *[whole.get("items", True)] * 3][:count]
            made = [self.value(each, root, depth - 1) for each in pool]
            return [*made, self.value(whole["contains"], root, depth - 1)] if "contains" in whole else made
        return self.at.choice(
            {"null": (None,), "boolean": (True, False), "integer": (-1, 0, 1, 2, 3, 4, 6, 10), "number": NUMBERS}.get(
                kind, WORDS
            )
        )

    def _whole(self, schema: dict[str, Any], root: dict[str, Any], depth: int = 4) -> dict[str, Any]:
        """The schema with one alternative of each kind written into it."""
        parts = list(schema.get("allOf", ()))
        parts += [self.at.choice(schema[word]) for word in ("anyOf", "oneOf") if schema.get(word)]
        parts += [schema[word] for word in ("if", "then", "else") if word in schema and self.at.random() < 0.6]
        if "$ref" in schema:
            parts.append(root["$defs"]["loop"])
        made = dict(schema)
        for part in parts:
            if isinstance(part, dict) and depth:
                inside = self._whole(part, root, depth - 1)
                properties = {**inside.get("properties", {}), **made.get("properties", {})}
                required = [*made.get("required", ()), *inside.get("required", ())]
                made = {**inside, **made, "properties": properties, "required": required}
                if not properties:
                    made.pop("properties")
                if not required:
                    made.pop("required")
        return made

    def _members(self, whole: dict[str, Any], root: dict[str, Any], depth: int) -> dict[str, Any]:
        properties = whole.get("properties", {})
        names = [name for name in properties if self.at.random() < 0.6]
        names += [name for name in whole.get("required", ()) if self.at.random() < 0.97]
        names += [self.at.choice(NAMES)] if self.at.random() < 0.3 else []
        return {name: self.value(properties.get(name, True), root, depth - 1) for name in names}


def _places(node: Any) -> Any:
    if isinstance(node, dict):
        for key, inside in node.items():
            yield node, key
            yield from _places(inside)
    elif isinstance(node, list):
        for at, inside in enumerate(node):
            if isinstance(inside, dict | list):
                yield node, at
                yield from _places(inside)
