"""Two contract documents compared: OpenAPI documents or JSON Schemas. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tillway.contracts.compatibility.change import Change, Comparison, Unreadable, compared


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> Comparison:
    """How a consumer of the old document fares with the new one. A JSON Schema is what the hub tells.

    Raises Unreadable for documents that are not of one kind, or that cannot be followed.
    """
    if ("openapi" in old) != ("openapi" in new):
        raise Unreadable("one is an OpenAPI document, the other is not", remedy="compare two of a kind")
    if old == new:
        return compared(())
    text = "the documents differ"
    whole = Change(
        rule="not-proven", verdict="breaking", operation=None, direction=None, pointer="", text=text, field=None
    )
    return compared((whole,))
