"""First stage: which business transaction and which trace this request belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from tillway import ids
from tillway.web import begun, continued, correlation

_RANDOM_BYTES: Final = 24  # what `continued` asks for


class Context(msgspec.Struct, frozen=True):
    """The ids that logs, events and answers of one request carry."""

    correlation: str
    causation: str | None
    traceparent: str


def context(headers: Mapping[bytes, bytes]) -> Context:
    """The ids the caller gave where they may be used, otherwise new ones."""
    return Context(
        _given(headers, b"x-correlation-id") or ids.new_text(),
        _given(headers, b"x-causation-id"),
        _place(headers.get(b"traceparent")),
    )


def _given(headers: Mapping[bytes, bytes], name: bytes) -> str | None:
    return correlation(text(headers, name)) if name in headers else None


def _place(parent: bytes | None) -> str:
    if parent is None:
        return begun(ids.random_word() + ids.random_word(), ids.random_word())
    return continued(parent.decode("latin-1"), ids.random_bytes(_RANDOM_BYTES)).traceparent


def text(headers: Mapping[bytes, bytes], name: bytes) -> str | None:
    """A header's value; HTTP says Latin-1 (RFC 9110 section 5.5)."""
    value = headers.get(name)
    return None if value is None else value.decode("latin-1")
