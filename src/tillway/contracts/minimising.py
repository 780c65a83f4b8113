"""Minimising: a value cut down to the classes of data somebody may read, as its schema says of each field. Pure.

A schema is compiled once to a `Plan`, a plan once to a `Cut` for each set of classes. A cut leaves what is clean as it
is and looks into nothing that cannot hold a field. A field that the schema does not know counts as most sensitive.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from msgspec import inspect

from tillway.contracts.operation import Document, Operation
from tillway.contracts.planning import Member, Plan, plan

Classes = frozenset[str]


@dataclass(slots=True)
class Tally:
    """What one answer lost: fields above the classes granted, and fields that no schema knows."""

    withheld: int = 0
    unknown: int = 0


class Cut:
    """A plan for one set of classes. `of` gives the same value back when nothing has to go."""

    __slots__ = ("_clean", "_fills", "_inside", "_items", "_keep", "_known", "_rest", "_whole")

    def __init__(self) -> None:
        self._keep: frozenset[str] = frozenset()
        self._known: frozenset[str] = frozenset()
        self._fills: frozenset[str] = frozenset()
        self._inside: tuple[tuple[str, Cut], ...] = ()
        self._items: Cut | None = None
        self._rest: tuple[bool, Cut | None] | None = None
        self._clean: dict[type, bool] = {}
        self._whole: dict[type, bool] = {}

    def learn(
        self, plan: Plan, kept: Mapping[str, Cut | None], items: Cut | None, rest: tuple[bool, Cut | None] | None
    ) -> None:
        """Take over what stays: members by name, each with the cut of its inside. Apart, as schemas go in circles."""
        self._keep = frozenset(kept)
        self._known = frozenset(plan.members)
        self._fills = frozenset(name for name, each in plan.members.items() if each.fills)
        self._inside = tuple((name, inside) for name, inside in kept.items() if inside is not None)
        self._items = items
        self._rest = rest

    def keeps(self, kind: type) -> bool:
        """Whether it is known by now that nothing of any value of this type has to go."""
        return self._whole.get(kind, False)

    def of(self, value: Any, tally: Tally) -> Any:
        """The value without what may not be read; what goes is counted in `tally`."""
        if value is None or isinstance(value, (str, int, float)):
            return value
        if isinstance(value, list | tuple):
            return value if self._items is None else self._list(value, self._items, tally)
        if isinstance(value, dict):
            return self._dict(value, tally)
        if isinstance(value, msgspec.Struct) and (self._is_whole(type(value)) or self._is_clean(value)):
            return value
        return self._again(value, tally)

    def _again(self, value: Any, tally: Tally) -> Any:
        """Of what JSON has no word for, as JSON would have it."""
        plain = msgspec.to_builtins(value)
        return self.of(plain, tally) if isinstance(plain, dict | list) else plain

    def _list(self, value: list[Any] | tuple[Any, ...], items: Cut, tally: Tally) -> Any:
        cut = [items.of(each, tally) for each in value]
        changed = any(new is not old for new, old in zip(cut, value, strict=True))
        return cut if changed else value

    def _is_whole(self, kind: type) -> bool:
        """Whether nothing of any value of this type can have to go; found once a type, then nothing is looked into."""
        whole = self._whole.get(kind)
        if whole is None:
            whole = self._whole[kind] = self.leaves(inspect.type_info(kind), ())
        return whole

    def leaves(self, kind: inspect.Type, around: tuple[object, ...]) -> bool:
        """Whether every value of a type stays as it is. `around` are the types that are being asked about."""
        if isinstance(kind, inspect.Metadata):
            return self.leaves(kind.type, around)
        if isinstance(kind, inspect.UnionType):
            return all(self.leaves(part, around) for part in kind.types)
        if isinstance(kind, inspect.VarTupleType | inspect.ListType):
            return self._items is None or self._items.leaves(kind.item_type, around)
        if isinstance(kind, inspect.DictType):
            return self._rest is not None and self._rest[0] and self._rest[1] is None and not self._known
        if isinstance(kind, inspect.StructType):
            return (
                kind.cls not in around
                and self._rest is None
                and self._keep.issuperset(field.encode_name for field in kind.fields)
                and all(self._leaves_inside(field, (*around, kind.cls)) for field in kind.fields)
            )
        return isinstance(kind, _PLAIN)

    def _leaves_inside(self, field: inspect.Field, around: tuple[object, ...]) -> bool:
        inside = dict(self._inside).get(field.encode_name)
        return inside is None or inside.leaves(field.type, around)

    def _is_clean(self, value: msgspec.Struct) -> bool:
        """Whether nothing of it has to go: all fields of its type may be read, and so is what is inside."""
        kind = type(value)
        clean = self._clean.get(kind)
        if clean is None:
            clean = self._clean[kind] = self._rest is None and self._keep.issuperset(kind.__struct_encode_fields__)
        if not clean:
            return False
        lost = Tally()
        for name, inside in self._inside:
            child = getattr(value, name, None)
            if child is not None and inside.of(child, lost) is not child:
                return False
        return True

    def _dict(self, value: dict[str, Any], tally: Tally) -> dict[str, Any]:
        if self._rest is None and value.keys() <= self._keep:
            for name, inside in self._inside:
                child = value.get(name)
                if child is not None:
                    new = inside.of(child, tally)
                    if new is not child:
                        value = {**value, name: new}
            return value
        return dict(self._members(value, tally))

    def _members(self, value: dict[str, Any], tally: Tally) -> Iterator[tuple[str, Any]]:
        insides = dict(self._inside)
        for name, child in value.items():
            if name in self._keep:
                inside = insides.get(name)
                yield name, child if inside is None else inside.of(child, tally)
            elif name in self._known:
                tally.withheld += 1
                if name in self._fills:
                    yield name, None
            elif self._rest is None:
                tally.unknown += 1
            elif self._rest[0]:
                yield name, child if self._rest[1] is None else self._rest[1].of(child, tally)
            else:
                tally.withheld += 1


def cut(of: Plan, classes: Classes) -> Cut | None:
    """What a plan leaves to these classes; None when nothing is said of the inside."""
    return _Cutting(classes).of(of)


class _Cutting:
    def __init__(self, classes: Classes) -> None:
        self._classes = classes
        self._known: dict[int, Cut] = {}

    def of(self, plan: Plan) -> Cut | None:
        if plan.open:
            return None
        found = self._known.get(id(plan))
        if found is None:
            found = self._known[id(plan)] = Cut()
            self._fill(found, plan)
        return found

    def _fill(self, made: Cut, plan: Plan) -> None:
        kept = {name: each for name, each in plan.members.items() if self._readable(each)}
        insides = {name: self.of(each.plan) for name, each in kept.items()}
        rest = None if plan.rest is None else (self._readable(plan.rest), self.of(plan.rest.plan))
        made.learn(plan, insides, None if plan.items is None else self.of(plan.items), rest)

    def _readable(self, member: Member) -> bool:
        return member.disclosed or member.data_class is None or member.data_class in self._classes


# Types whose values are one word of JSON: nothing is inside.
_PLAIN: Final = (
    inspect.NoneType,
    inspect.BoolType,
    inspect.IntType,
    inspect.FloatType,
    inspect.StrType,
    inspect.DecimalType,
    inspect.DateTimeType,
    inspect.DateType,
    inspect.UUIDType,
    inspect.LiteralType,
    inspect.EnumType,
)

NOTHING: Final = Cut()
"""The cut of what nobody promised: no field of it is known."""


class Cuts:
    """The cuts of one operation's answers, made on first use."""

    __slots__ = ("_content", "_made", "_operation", "_plans")

    def __init__(self, document: Document, operation: Operation) -> None:
        self._content = document.content
        self._operation = operation
        self._plans: dict[str, Plan] = {}
        self._made: dict[tuple[int, Classes], Cut | None] = {}

    def of(self, status: int, classes: Classes) -> Cut | None:
        """The cut for answers of this status; None when there is nothing to look into."""
        key = (status, classes)
        if key not in self._made:
            self._made[key] = self._make(status, classes)
        return self._made[key]

    def _make(self, status: int, classes: Classes) -> Cut | None:
        try:
            pointer = self._operation.response(status)
        except KeyError:
            return NOTHING
        if pointer is None:
            return None
        if pointer not in self._plans:
            self._plans[pointer] = plan(self._content, pointer)
        return cut(self._plans[pointer], classes)
