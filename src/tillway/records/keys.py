"""Ids of ours as keys of rows."""

from __future__ import annotations

from uuid import UUID

from tillway.errors import NotFound


def key_of(text: str, what: str) -> UUID:
    """An id of ours as its key. NotFound when it cannot be one; `what` names the thing that is asked for."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound(f"no {what} has this id") from None
