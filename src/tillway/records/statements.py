"""The room's named SQL and the JSON form its documents have."""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

from tillway.postgres import load

SQL: Final = load("tillway.records", "records.sql")
STOCK: Final = load("tillway.records", "stock.sql")

_encoder = msgspec.json.Encoder(order="deterministic")


def document(value: object) -> str:
    """The JSON text of a canonical word; equal words give equal texts."""
    return _encoder.encode(value).decode()


def digest(text: str) -> bytes:
    """SHA-256 of a document's text: no change, no event."""
    return hashlib.sha256(text.encode()).digest()
