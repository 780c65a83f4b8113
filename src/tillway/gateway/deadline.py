"""How long a request may take: what the caller waits for, within bounds. Pure."""

from __future__ import annotations

from typing import Any, Final

# Without a word from the caller; longer than any operation takes, shorter than a person's patience.
DEFAULT_SECONDS: Final = 10.0

# However long the caller would wait.
LONGEST_SECONDS: Final = 30.0

# What is left of the deadline for answering when a long poll stops waiting.
ANSWERING_SECONDS: Final = 1.0


def seconds_allowed(asked_milliseconds: str | None, wait_seconds: float = 0) -> float:
    """Seconds from now. A long poll (`wait_seconds`) has its wait on top of the default.

    The header keeps its schema when this is called, so it is a positive integer.
    """
    if asked_milliseconds is None:
        return min(DEFAULT_SECONDS + wait_seconds, LONGEST_SECONDS + ANSWERING_SECONDS)
    return min(int(asked_milliseconds) / 1000, LONGEST_SECONDS + ANSWERING_SECONDS)


def wait_allowed(query: Any, seconds_left: float) -> float:
    """Seconds a long poll may wait: what was asked, less what answering needs; never negative."""
    return max(0.0, min(float(query.get("wait", 0)), seconds_left - ANSWERING_SECONDS))
