"""Words with those own fields only that the landscape in force declares."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from tillway.landscape import Landscape
from tillway.retail import Customer, Product, told_own_fields

W = TypeVar("W", Product, Customer)


def declared(word: W, entity: str, landscape: Landscape) -> W:
    """The word as it may be answered now: a field may have been taken out or retyped since it was read."""
    if not word.extensions:
        return word
    own = landscape.own_fields.get(entity, {})
    return msgspec.structs.replace(word, extensions=told_own_fields(own, word.extensions))
