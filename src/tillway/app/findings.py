"""One thing that `tillway doctor` looked at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Whether it is well, what was seen, and what to do."""

    what: str
    well: bool
    seen: str
    remedy: str = ""
