"""A consumer to be: the entry that the landscape gets, checked with the rest of it before anything is written. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec
import yaml

from tillway.errors import Conflict
from tillway.landscape import Landscape, build


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Who is to be let in, and with which public key (JWK)."""

    id: str
    owner: str
    contact: str
    purpose: str
    kind: str
    environment: str | None
    scopes: tuple[str, ...]
    shops: tuple[str, ...] | str | None
    shop: str | None
    event_types: tuple[str, ...]
    review: date
    key: Mapping[str, str]


def file_of(consumer: str) -> str:
    """The landscape's file that a consumer stands in: one of its own, so that nobody's comments are touched."""
    return f"consumer-{consumer}.yaml"


def drafted(wanted: Wanted) -> str:
    """The text of that file."""
    entry: dict[str, Any] = {
        "owner": wanted.owner,
        "contact": wanted.contact,
        "purpose": wanted.purpose,
        "kind": wanted.kind,
        "environment": wanted.environment,
        "keys": [{"jwk": dict(wanted.key)}],
        "scopes": list(wanted.scopes),
        "shop": wanted.shop,
        "shops": list(wanted.shops) if isinstance(wanted.shops, tuple) else wanted.shops,
        "event_types": list(wanted.event_types) or None,
        "review": wanted.review,
    }
    kept = {name: value for name, value in entry.items() if value is not None}
    text: str = yaml.safe_dump({"consumers": {wanted.id: kept}}, sort_keys=False, allow_unicode=True, width=120)
    return text


def checked(texts: Mapping[str, str], wanted: Wanted) -> tuple[str, Landscape]:
    """The text of the new file, and the landscape with it.

    Conflict when there is such a consumer; InvalidLandscape when the new one does not fit.
    """
    before = build(texts)
    if wanted.id in before.consumers:
        raise Conflict(f"there is a consumer {wanted.id} already", remedy="choose another id; ids are not given twice")
    text = drafted(wanted)
    return text, build({**texts, file_of(wanted.id): text})
