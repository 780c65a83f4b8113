"""Whether whatever matches one pattern matches another, where that can be proven. Pure."""

from __future__ import annotations

from typing import Final

_EVERYTHING: Final = frozenset({"", "^", "$", ".*", "^.*", ".*$", "(?:)", "[\\s\\S]*", "^[\\s\\S]*$"})


def pattern_inside(inner: str, outer: str) -> bool:
    """Whether every text that matches `inner` matches `outer`. True is certain."""
    return inner == outer or outer in _EVERYTHING
