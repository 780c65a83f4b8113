"""Own fields of the retailer: values as Odoo writes them become values of the kind that was declared. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from tillway.connectors.odoo.cursor import moment
from tillway.connectors.odoo.places import OwnFieldInOdoo
from tillway.retail import OwnKind, own_value

from .values import decimal, text

TYPES: Final[Mapping[OwnKind, tuple[str, ...]]] = {
    "text": ("char", "text"),
    "number": ("integer", "float", "monetary"),
    "boolean": ("boolean",),
    "date": ("date",),
    "moment": ("datetime",),
    "choice": ("selection", "char"),
}
"""Types of fields in Odoo that a kind of ours is read from."""

UNSET: Final = object()
"""A product that the retailer's own model says nothing of."""

DIFFERENT: Final = object()
"""A product that the retailer's own model says several things of."""


@dataclass(frozen=True, slots=True)
class OwnValues:
    """The own fields of one product: what they hold, and what is wrong with the others, in words."""

    values: Mapping[str, str | bool] = field(default_factory=dict)
    wrong: tuple[str, ...] = ()


NONE: Final = OwnValues()


def own_values(fields: Iterable[OwnFieldInOdoo], raw: Mapping[str, Any]) -> OwnValues:
    """The fields of one product from what Odoo holds, by the fields' names. A wrong value is left out and said."""
    values: dict[str, str | bool] = {}
    wrong = []
    for each in fields:
        name, found = each.field.name, raw[each.field.name]
        if found is DIFFERENT:
            wrong.append(f"{name}: records of {each.model} say different things of it")
            continue
        try:
            plain = None if found is UNSET else _plain(each, found)
            if plain is not None:
                values[name] = own_value(each.field, plain)
            elif not each.optional:
                wrong.append(f"{name}: is empty, and must not be")
        except ValueError as error:
            wrong.append(f"{name}: {error}")
    return OwnValues(values, tuple(wrong))


def fitting(each: OwnFieldInOdoo, there: Mapping[str, Mapping[str, Any]]) -> str | None:
    """What keeps a field from being read, by what `fields_get` says of its model; None: nothing."""
    found = there.get(each.column)
    if found is None:
        return f"{each.model} has no field {each.column} that our user may read"
    allowed = TYPES[each.field.kind]
    if found["type"] not in allowed:
        return (
            f"{each.model}.{each.column} is {found['type']}, and {each.field.kind} is read from {' or '.join(allowed)}"
        )
    if each.product and there.get(each.product, {}).get("relation") not in POINTED_AT:
        return f"{each.model} has no field {each.product} that points to products"
    return None


POINTED_AT: Final[Mapping[str, str]] = {"product.product": "id", "product.template": "product_tmpl_id"}
"""What a model of the retailer's may point to, and where its id stands in a row of `product.product`."""


def _plain(each: OwnFieldInOdoo, found: Any) -> Any:
    """ValueError that does not tell the value: a finding is read by more people than the field."""
    try:
        return _PLAIN[each.field.kind](found)
    except (ValueError, ArithmeticError, TypeError):
        raise ValueError(f"cannot be read as {each.field.kind}") from None


def _day(value: Any) -> date | None:
    found = text(value)
    return None if found is None else date.fromisoformat(found)


_PLAIN: Final[Mapping[OwnKind, Callable[[Any], Any]]] = {
    "text": text,
    "choice": text,
    "number": decimal,
    "boolean": lambda value: value,
    "date": _day,
    "moment": lambda value: None if text(value) is None else moment(value),
}
