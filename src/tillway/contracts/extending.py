"""Extending: documents with the retailer's own fields written into the words that carry them. Pure.

The documents that ship say that a word may have `extensions`; these say which, of what kind and of which class. An own
field of personal data is answered to who may read it, and told in no event but of those whose personal part is sealed
and erased with the person: the journal keeps no other copy of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from tillway.contracts.documents import Documents
from tillway.retail import OWN_NUMBER, OWN_TEXT_MAX, DataClass, OwnField, OwnKind

EXTENSIONS: Final = "extensions"


class _Carried(NamedTuple):
    """Where an entity stands in the documents: its interface, its schema there, and the event that tells of it."""

    api: str
    schema: str
    event: str
    sealed: bool
    """Whether the event keeps own fields in its personal part, which is sealed, found by erasure, and told to few."""


_WORDS: Final[Mapping[str, _Carried]] = {
    "product": _Carried("products", "Product", "product.changed", sealed=False),
    "customer": _Carried("customers", "Customer", "customer.changed", sealed=True),
}

_VERSION: Final = 1


def extended(documents: Documents, fields: Mapping[str, Sequence[OwnField]]) -> Documents:
    """Those of the documents that carry an entity with own fields, with these written in."""
    apis, events = {}, {}
    for entity, own in fields.items():
        if not own:
            continue
        api, word, event, sealed = _WORDS[entity]
        document = documents.document(api, _VERSION)
        schemas = document.content["components"]["schemas"]
        schemas = {**schemas, word: _with(schemas[word], own)}
        content = {**document.content, "components": {**document.content["components"], "schemas": schemas}}
        apis[api, _VERSION] = replace(document, content=content)
        open_to_events = [each for each in own if sealed or each.data_class < DataClass.PERSONAL]
        events[event, _VERSION] = _with(documents.events[event, _VERSION], open_to_events)
    return Documents(apis, events)


def _with(schema: Mapping[str, Any], own: Sequence[OwnField]) -> dict[str, Any]:
    held = schema["properties"][EXTENSIONS]
    kept = {name: each for name, each in held.items() if name in {"description", "x-data-class"}}
    members = {each.name: _schema(each) for each in own}
    typed = {**kept, "type": "object", "properties": members, "additionalProperties": False}
    return {**schema, "properties": {**schema["properties"], EXTENSIONS: typed}}


def _schema(field: OwnField) -> dict[str, Any]:
    return {"description": field.about, **_KINDS[field.kind](field), "x-data-class": field.data_class.value}


_KINDS: Final[Mapping[OwnKind, Callable[[OwnField], dict[str, Any]]]] = {
    "text": lambda _: {"type": "string", "maxLength": OWN_TEXT_MAX},
    "number": lambda _: {"type": "string", "format": "decimal", "pattern": OWN_NUMBER.pattern},
    "boolean": lambda _: {"type": "boolean"},
    "date": lambda _: {"type": "string", "format": "date"},
    "moment": lambda _: {"type": "string", "format": "date-time"},
    "choice": lambda field: {"type": "string", "enum": list(field.choices)},
}
