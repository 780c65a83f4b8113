"""Claims: sold, ordered without a promise, or sent away, and not yet seen in a reading of the back office.

They wait for nobody and nobody is refused for them: a sale happened, and an order is taken also when it will be late.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final, Literal
from uuid import UUID

import msgspec

from tillway.postgres import Part
from tillway.records.statements import STOCK

Kind = Literal["order", "sale", "transfer"]

_NOTHING: Final = Decimal(0)


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What one source (an order, a sale, a transfer) takes of a SKU at a shop."""

    source: str
    shop: str
    sku: str
    quantity: Decimal


def totals(lines: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    """How much of each SKU lines of (SKU, quantity) take; what comes back takes nothing and gives nothing. Pure."""
    found: dict[str, Decimal] = {}
    for sku, quantity in lines:
        if quantity > _NOTHING:
            found[sku] = found.get(sku, _NOTHING) + quantity
    return found


def claims_of(
    source: str, shop: str, lines: Iterable[tuple[str, Decimal]], promised: Mapping[str, Decimal] | None = None
) -> tuple[Claim, ...]:
    """The claims of a source, without what promises cover. Pure."""
    covered = promised or {}
    return tuple(
        Claim(source=source, shop=shop, sku=sku, quantity=quantity - covered.get(sku, _NOTHING))
        for sku, quantity in sorted(totals(lines).items())
        if quantity > covered.get(sku, _NOTHING)
    )


def claiming(kind: Kind, claims: Iterable[Claim]) -> tuple[Part, ...]:
    """The part that stores claims; storing them again changes nothing. None for no claims."""
    rows = list(claims)
    if not rows:
        return ()
    columns = (
        [UUID(claim.source) for claim in rows],
        [claim.sku for claim in rows],
        [claim.shop for claim in rows],
        kind,
        [claim.quantity for claim in rows],
    )
    return (Part("stock_claims", STOCK["save_claims"], columns),)


def committed(source: str) -> Part:
    """The part that notes that the back office has it, by now: the next reading that begins shows it."""
    return Part("stock_claims_committed", STOCK["commit_claims"], (UUID(source),))


def dropped(source: str) -> Part:
    """The part that lets claims go: it was called off."""
    return Part("stock_claims_dropped", STOCK["drop_claims"], (UUID(source),))
