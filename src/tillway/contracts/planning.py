"""Planning: a schema by what may stand inside, and the class of data of each field. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tillway.contracts.operation import resolve
from tillway.masking import DATA_CLASSES

_CLASS: Final = "x-data-class"
# A secret that an operation exists to hand out: whoever may ask for the operation is given it.
_DISCLOSED: Final = "x-tillway-disclosed"
_UNKNOWN: Final = DATA_CLASSES[-1]


@dataclass(slots=True)
class Plan:
    """A schema by what may stand inside: members of an object, any other member, items of a list."""

    members: dict[str, Member] = field(default_factory=dict)
    rest: Member | None = None
    items: Plan | None = None

    @property
    def open(self) -> bool:
        """Nothing is said of the inside: it has the class of the field it stands in."""
        return not self.members and self.rest is None and self.items is None


@dataclass(slots=True)
class Member:
    """One field: its class, what may stand inside, and how it may leave."""

    data_class: str | None
    """None: values of a map that name no class of their own have the class of the field they stand in."""
    plan: Plan
    fills: bool
    """What is cut stays there as null: the schema wants the field and lets it be null."""
    disclosed: bool


def plan(root: Mapping[str, Any], pointer: str = "") -> Plan:
    """The plan of the schema at a JSON pointer of a document."""
    made = _Planning(root).of(resolve(root, pointer))
    if made.rest is not None and made.rest.data_class is None:
        made.rest.data_class = _UNKNOWN  # it stands in no field
    return made


class _Planning:
    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root
        self._known: dict[str, Plan] = {}

    def of(self, schema: Any) -> Plan:
        made = Plan()
        if isinstance(schema, Mapping):
            for each in self._parts(schema):
                self._fill(made, each)
        return made

    def _parts(self, schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        yield schema
        for word in ("allOf", "anyOf", "oneOf"):
            for inside in schema.get(word, ()):
                yield from self._parts(self._resolved(inside))

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in schema:
            schema = resolve(self._root, schema["$ref"].removeprefix("#"))
        return schema

    def _referred(self, schema: Any) -> Plan:
        """A plan, or the one on its way for a schema that contains itself."""
        if not isinstance(schema, Mapping) or "$ref" not in schema:
            return self.of(schema)
        pointer: str = schema["$ref"]
        if pointer not in self._known:
            made = self._known[pointer] = Plan()
            for each in self._parts(self._resolved(schema)):
                self._fill(made, each)
        return self._known[pointer]

    def _fill(self, made: Plan, schema: Mapping[str, Any]) -> None:
        if "$ref" in schema:
            schema = self._resolved(schema)
            for each in self._parts(schema):
                self._fill(made, each)
            return
        required = schema.get("required", ())
        for name, inside in schema.get("properties", {}).items():
            new = self._member(inside, required=name in required)
            old = made.members.get(name)
            made.members[name] = new if old is None else _stricter(old, new)
        rest = schema.get("additionalProperties")
        if isinstance(rest, Mapping):
            made.rest = self._member(rest, required=False, unnamed=None)
        if "items" in schema:
            found = self._referred(schema["items"])
            made.items = found if not found.open else made.items

    def _member(self, schema: Mapping[str, Any], *, required: bool, unnamed: str | None = _UNKNOWN) -> Member:
        whole = self._resolved(schema)
        kinds = whole.get("type", ())
        return Member(
            data_class=schema.get(_CLASS, whole.get(_CLASS, unnamed)),
            plan=self._referred(schema),
            fills=required and ("null" in kinds if not isinstance(kinds, str) else kinds == "null"),
            disclosed=bool(schema.get(_DISCLOSED, False)),
        )


def _stricter(one: Member, other: Member) -> Member:
    """Of two schemas that may both hold, the class that is more closed; either's inside."""
    closed = max(one, other, key=lambda each: DATA_CLASSES.index(each.data_class or _UNKNOWN))
    inside = one.plan if not one.plan.open else other.plan
    return Member(closed.data_class, inside, one.fills and other.fills, one.disclosed and other.disclosed)
