"""What a comparison of two contract documents says: each change with its verdict, and the worst of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from tillway.errors import Rejected

Verdict = Literal["same", "additive", "breaking"]
Direction = Literal["request", "response"]

ORDER: Final[tuple[Verdict, ...]] = ("same", "additive", "breaking")


class Unreadable(Rejected):
    """A document that cannot be compared: not a contract, or nested, entangled or multiplied beyond any reason."""

    code, title = "unreadable-document", "The document cannot be compared"


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One change. `rule` is stable; `operation` is the operationId, or method and path where there is none.

    `pointer` leads into the new document, or into the old one for what is gone. `field` is the body's field as the
    usage census spells it, e.g. `/lines/*/sku`; None where the change is not about a field.
    """

    rule: str
    verdict: Verdict
    operation: str | None
    direction: Direction | None
    pointer: str
    text: str
    field: str | None


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """The worst verdict, and every change, the worst first."""

    verdict: Verdict
    changes: tuple[Change, ...]


def compared(changes: Iterable[Change]) -> Comparison:
    """The comparison that these changes make, each told once."""
    told = sorted(dict.fromkeys(changes), key=lambda each: -ORDER.index(each.verdict))
    return Comparison(verdict=worst(each.verdict for each in told), changes=tuple(told))


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of some verdicts; same when there are none."""
    return max(verdicts, key=ORDER.index, default="same")
