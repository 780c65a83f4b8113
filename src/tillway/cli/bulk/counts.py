"""What a row of counted stock must be, and the key under which it is told once. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from tillway.cli.bulk.rows import Reject, Table

COLUMNS: Final = ("sku", "location", "counted", "reason", "reference")
NEEDED: Final = COLUMNS[:3]
TABLE: Final = Table(COLUMNS, NEEDED)

# Characters of each column at most, as `adjustStock` takes them.
LONGEST: Final = {"sku": 64, "location": 64, "reason": 500, "reference": 128}

_COUNTED: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]")
_UNDECODED: Final = re.compile(r"[\ud800-\udfff]")


class Count(msgspec.Struct, frozen=True):
    """One counted figure, as its row of the file says."""

    row: int
    sku: str
    location: str
    counted: str
    reason: str | None = None
    reference: str | None = None

    def body(self) -> dict[str, str]:
        """What `adjustStock` is asked with; the same for the same row, so that asking again is the same request."""
        told = {name: getattr(self, name) for name in COLUMNS}
        return {name: value for name, value in told.items() if value is not None}


def judged(row: int, cells: Mapping[str, Any]) -> tuple[Count | None, list[Reject]]:
    """The count of a row, or everything that is wrong with it. Pure."""
    texts = {name: text_of(cells.get(name)) for name in COLUMNS}
    wrong = [Reject(row, name, "there is no such column") for name in cells if name not in COLUMNS]
    for name, text in texts.items():
        detail = _wrong(name, text)
        if detail:
            wrong.append(Reject(row, name, detail))
    if wrong:
        return None, wrong
    sku, location, counted, reason, reference = (texts[name] or "" for name in COLUMNS)
    return Count(row, sku, location, counted, reason or None, reference or None), []


def key(digest: str, row: int) -> str:
    """The Idempotency-Key of a row of the file with this digest. Pure."""
    return f"count-{digest}-{row}"


def text_of(cell: Any) -> str | None:
    """A cell as text: numbers of JSON are told exactly; None for what is no text and no number."""
    if cell is None:
        return ""
    if isinstance(cell, int | Decimal) and not isinstance(cell, bool):
        return str(cell)
    return cell if isinstance(cell, str) else None


def unreadable(text: str | None) -> str:
    """Why a cell holds no text that can be kept; empty when it does. Pure."""
    if text is None:
        return "is no text and no number"
    if _UNDECODED.search(text):
        return "is not UTF-8"
    return "holds control characters" if _CONTROLS.search(text) else ""


def _wrong(name: str, text: str | None) -> str:
    """What is wrong with one cell; empty when nothing is."""
    if detail := unreadable(text):
        return detail
    if not text:
        return "is needed" if name in NEEDED else ""
    if name == "counted":
        fits = _COUNTED.fullmatch(text)
        return "" if fits else "is no quantity from 0 on, of at most 9 digits and 6 decimals, as in 12 or 1.5"
    return f"is longer than {LONGEST[name]} characters" if len(text) > LONGEST[name] else ""
