"""How sensitive a field is, said once on the field itself; masking, logs and exports read it from there."""

from __future__ import annotations

from enum import Enum
from typing import Any

import msgspec


class DataClass(Enum):
    """Classes of data from open to closed; a later one is more sensitive. The value is its name in contracts."""

    PUBLIC = "public"
    INTERNAL = "internal"
    CONFIDENTIAL = "confidential"
    PERSONAL = "personal"
    PAYMENT = "payment"
    SECRET = "secret"  # noqa: S105 - the name of a class, not a password

    @property
    def rank(self) -> int:
        """0 for public, one more for each class that is more sensitive."""
        return _RANKS[self.value]

    def __lt__(self, other: DataClass) -> bool:
        return self.rank < other.rank

    def __le__(self, other: DataClass) -> bool:
        return self.rank <= other.rank

    def __gt__(self, other: DataClass) -> bool:
        return self.rank > other.rank

    def __ge__(self, other: DataClass) -> bool:
        return self.rank >= other.rank


_RANKS = {member.value: rank for rank, member in enumerate(DataClass)}

KEY = "x-data-class"
"""The JSON Schema keyword under which a field's class appears in contracts."""


def classed(data_class: DataClass, **meta: Any) -> msgspec.Meta:
    """The annotation that gives a field its class; further keywords go to `msgspec.Meta` as they are.

    Length and range keywords belong on the plain type: msgspec refuses them on an optional one.
    """
    schema = {**meta.pop("extra_json_schema", {}), KEY: data_class.value}
    return msgspec.Meta(extra_json_schema=schema, **meta)
