"""What other versions of Odoo call otherwise. Everything else in this room speaks Odoo 19; this is the one table.

Only 19 was run. 17, 18 and 20 are by their documents and sources, untested. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

JSON2_SINCE: Final = 19
"""The first version with the JSON-2 door; below it there is only JSON-RPC, which 20 is to remove."""

TESTED: Final = frozenset({19})
KNOWN: Final = frozenset({17, 18, 19, 20})


class Renamed(NamedTuple):
    """A field of a model that older versions, `up_to` this one, know by another name."""

    model: str
    field: str
    up_to: int
    older: str


FIELDS: Final = (
    Renamed("sale.order.line", "tax_ids", 18, "tax_id"),
    Renamed("res.users", "group_ids", 18, "groups_id"),
    Renamed("res.users", "all_group_ids", 18, "groups_id"),
)

CONTEXT: Final = (Renamed("", "warehouse_id", 17, "warehouse"),)
"""Keys of the context."""

_NAMED: Final = ("fields", "groupby")
_PATH_ENDS: Final = ("/", ".", ":")


class Dialect:
    """How one version is spoken to."""

    def __init__(self, major: int) -> None:
        self.major = major
        self._context = {each.field: each.older for each in CONTEXT if major <= each.up_to}
        self._fields: dict[str, dict[str, str]] = {}
        for each in FIELDS:
            if major <= each.up_to:
                self._fields.setdefault(each.model, {})[each.field] = each.older

    def body(self, model: str, body: dict[str, Any]) -> dict[str, Any]:
        """The arguments of a call in its words."""
        made = dict(body)
        if self._context and "context" in made:
            made["context"] = _with_keys(made["context"], self._context)
        names = self._fields.get(model)
        if not names:
            return made
        for key in _NAMED:
            if key in made:
                made[key] = [_renamed(each, names) for each in made[key]]
        if "domain" in made:
            made["domain"] = [_leaf(each, names) for each in made["domain"]]
        if "vals" in made:
            made["vals"] = _with_keys(made["vals"], names)
        if "vals_list" in made:
            values = made["vals_list"]
            made["vals_list"] = (
                [_with_keys(each, names) for each in values] if isinstance(values, list) else _with_keys(values, names)
            )
        return made

    def answer(self, model: str, answer: Any) -> Any:
        """What it said, in the words of 19."""
        names = self._fields.get(model)
        if not names or not isinstance(answer, list):
            return answer
        back = {older: field for field, older in reversed(names.items())}
        return [_with_keys(each, back) if isinstance(each, dict) else each for each in answer]


def major_of(version: str) -> int | None:
    """19 of `19.0`, `saas~19.2` or `19.0+e`; None when it says nothing."""
    digits = version.removeprefix("saas~").partition(".")[0]
    return int(digits) if digits.isascii() and digits.isdigit() else None


def _with_keys(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(key, key): value for key, value in values.items()}


def _renamed(name: str, names: Mapping[str, str]) -> str:
    """A field, or a path that begins with one, e.g. `tax_ids/.id`."""
    for mark in _PATH_ENDS:
        head, found, rest = name.partition(mark)
        if found:
            return f"{names.get(head, head)}{found}{rest}"
    return names.get(name, name)


def _leaf(leaf: Any, names: Mapping[str, str]) -> Any:
    if isinstance(leaf, list | tuple) and leaf and isinstance(leaf[0], str):
        return [_renamed(leaf[0], names), *leaf[1:]]
    return leaf
