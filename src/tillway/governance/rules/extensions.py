"""House rules on own fields: what a retailer adds is governed like what ships. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tillway.governance.rules.rule import Found, Subject, rule

_CLOSED: Final = frozenset({"personal", "payment", "secret"})


@rule(
    "own-field-class-too-low",
    "error",
    sentence="An own field of personal data is answered by an interface of that class only.",
    why="Stewards, proofs and what is served from memory go by the interface's class; a field above it is unguarded.",
    remedy="raise the interface's `data_class`, or leave the field out",
    breaks="extensions: {product.buyer: {type: text, data_class: personal, owner: sales-it, "
    "about: Who buys it., odoo: {field: x_buyer}}}",
    keeps="extensions: {product.buyer: {type: text, data_class: internal, owner: sales-it, "
    "about: Who buys it., odoo: {field: x_buyer}}}",
)
def own_field_class_too_low(subject: Subject) -> Iterator[Found]:
    """No own field is above its interface."""
    for entry in subject.landscape.extensions.values():
        api = subject.landscape.apis.get(f"{entry.entity}s")
        if entry.data_class in _CLOSED and api is not None and api.data_class not in _CLOSED:
            path = ("extensions", entry.id, "data_class")
            yield Found(path, f"it is {entry.data_class}, and the interface {api.id} is {api.data_class}")


RULES: Final = (own_field_class_too_low,)
