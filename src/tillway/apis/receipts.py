"""Receipts: what was sent as a sale, made storable, identified and judged. Pure.

Nothing is refused here. What cannot be identified gets an id made of its content, so that sending it again is the
same fact; what is wrong is told with its place, and keeps the sale in quarantine.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec

from tillway import ids
from tillway.contracts import Check, Prune
from tillway.errors import Invalid, Violation
from tillway.gateway import NOT_CARDS, nul_pointers
from tillway.identity import Grant
from tillway.landscape import Landscape
from tillway.masking import truncate_pan
from tillway.records.sales import Receipt
from tillway.retail import Sale, audit_sale, parse, sale_id

# Answers for sales in quarantine when the landscape names no owner of the interface.
NOBODY: Final = "operations"

# Levels of nesting that are kept; a sound sale has three, and what reads the rest must not run out of stack.
DEPTH_MAX: Final = 64

_TOO_DEEP: Final = f"is nested deeper than {DEPTH_MAX} levels; what lies below was not kept"

_ID_MAX: Final = 64
_SEQUENCE_MAX: Final = 2**53 - 1

_NUL: Final = "\x00"
_REPLACEMENT: Final = "\ufffd"

_canonical: Final = msgspec.json.Encoder(order="deterministic")


class Judge(NamedTuple):
    """The contract's word on one sale: what is wrong with it, and it without what the contract does not know."""

    check: Check
    prune: Prune


def receipt(
    sent: dict[str, Any], *, judge: Judge, flags: bool, grant: Grant, landscape: Landscape, doubt: str | None
) -> tuple[Receipt, tuple[str, ...]]:
    """One sale as it will be kept, and the pointers of what was left out of it as unknown, which only `flags` allows.

    `doubt` is what is held against its sender.
    """
    storing = Storing()
    body = storing.storable(sent)
    ignored = judge.prune(body) if flags and judge.check(body) else ()
    found = [Violation(pointer="", detail=_TOO_DEEP, rule="depth")] if storing.cut else []
    found += [Violation(pointer=each, detail="held the character U+0000", rule="nul") for each in nul_pointers(sent)]
    found += judge.check(body)
    return _kept(body, found, grant, landscape, _doubted(doubt)), ignored


def _kept(
    body: dict[str, Any],
    found: list[Violation],
    grant: Grant,
    landscape: Landscape,
    doubted: Iterator[Violation],
) -> Receipt:
    api = landscape.apis.get("pos")
    owner = api.owner if api is not None else NOBODY
    identity = identified(body)
    if identity is None:
        unknown = str(ids.named("sale-unread", _canonical.encode(body).decode()))
        return Receipt(id=unknown, body=body, sale=None, violations=(*found, *doubted), owner=owner)
    body = {"id": identity, **body}
    sale = _read(body, found) if not found else None
    if sale is not None:
        found += audit_sale(sale)
        found += misplaced(sale, landscape)
        found += _foreign(sale, grant)
    return Receipt(id=identity, body=body, sale=sale, violations=(*found, *doubted), owner=owner)


def identified(body: dict[str, Any]) -> str | None:
    """The id that till, epoch and sequence give; None when any of them is not what it must be."""
    till, epoch, sequence = body.get("till"), body.get("epoch"), body.get("sequence")
    named = all(isinstance(part, str) and 0 < len(part) <= _ID_MAX for part in (till, epoch))
    counted = type(sequence) is int and 0 < sequence <= _SEQUENCE_MAX
    return sale_id(str(till), str(epoch), int(sequence)) if named and counted and sequence is not None else None


class Storing:
    """Makes one sale storable. `cut` tells that something was nested too deeply to be kept."""

    def __init__(self) -> None:
        self.cut = False

    def storable(self, value: Any, member: str = "", depth: int = 0) -> Any:
        """The same content without whole card numbers, and without what Postgres cannot keep."""
        if isinstance(value, str):
            text = value.replace(_NUL, _REPLACEMENT)
            return text if member in NOT_CARDS else truncate_pan(text)
        if isinstance(value, (dict, list)) and depth > DEPTH_MAX:
            self.cut = True
            return None
        if isinstance(value, dict):
            return {self.storable(name): self.storable(each, name, depth + 1) for name, each in value.items()}
        if isinstance(value, list):
            return [self.storable(each, member, depth + 1) for each in value]
        if type(value) is int and member not in NOT_CARDS and truncate_pan(str(value)) != str(value):
            return truncate_pan(str(value))
        return value


def _read(body: dict[str, Any], found: list[Violation]) -> Sale | None:
    try:
        return parse(body, Sale)
    except Invalid as error:
        found.extend(error.violations)
        return None


def misplaced(sale: Sale, landscape: Landscape) -> Iterator[Violation]:
    """Where the sale says it was sold, against what is declared."""
    shop = landscape.shops.get(sale.shop)
    if shop is None:
        yield Violation(pointer="/shop", detail="there is no such shop", rule="shop")
    elif sale.till not in shop.tills:
        yield Violation(pointer="/till", detail="this shop has no such till", rule="till")


def _foreign(sale: Sale, grant: Grant) -> Iterator[Violation]:
    if not grant.sees_shop(sale.shop):
        yield Violation(pointer="/shop", detail="is not one of the sender's shops", rule="grant")


def _doubted(doubt: str | None) -> Iterator[Violation]:
    if doubt is not None:
        yield Violation(pointer="", detail=doubt, rule="sender")
