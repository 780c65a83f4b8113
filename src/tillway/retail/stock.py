"""Stock: what is held at a place, what of it can still be promised, and the notices that move or correct it.

A place is a warehouse of the back office; a location, as channels say it, is a shop that sells from one.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final, Literal

import msgspec

from tillway.retail.data_class import DataClass, classed
from tillway.retail.limits import LINES_MAX, Id, Instant, Name, QuantityAmount, Reference, SkuText
from tillway.retail.word import Word

_NOTHING: Final = Decimal(0)

PromiseState = Literal["open", "released", "expired", "converted"]
"""Open: counted until it expires. Released: given back. Expired: nobody came. Converted: an order has it."""

NoticeState = Literal["recorded", "applied", "exception", "dropped"]
"""Recorded: ours. Applied: the back office has it. Exception: a person must look. Dropped: a person let it go."""


class StockLevel(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a back office holds of a SKU in one warehouse, in the product's unit. Zero where it holds nothing."""

    warehouse: Annotated[Id, classed(DataClass.INTERNAL)]
    """Foreign id of the warehouse."""
    sku: Annotated[SkuText, classed(DataClass.PUBLIC)]
    """Which product."""
    quantity: Annotated[QuantityAmount, classed(DataClass.INTERNAL)]
    """On hand; below zero when more was sold than was counted."""
    reserved: Annotated[QuantityAmount, classed(DataClass.INTERNAL)] = _NOTHING
    """Of it, set aside for orders over there."""

    @property
    def free(self) -> Decimal:
        """On hand without what is set aside."""
        return self.quantity - self.reserved


class Held(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The parts that availability is made of, as they count at one moment."""

    free: Annotated[QuantityAmount, classed(DataClass.INTERNAL)]
    """On hand without what is set aside, by the last snapshot of the back office."""
    promised: Annotated[QuantityAmount, classed(DataClass.INTERNAL)] = _NOTHING
    """Promised and not expired, and promises that orders took whose reservation no snapshot shows yet."""
    unseen: Annotated[QuantityAmount, classed(DataClass.INTERNAL)] = _NOTHING
    """Sold or ordered without a promise, and not yet seen in a snapshot."""
    offline: Annotated[QuantityAmount, classed(DataClass.INTERNAL)] = _NOTHING
    """Kept for tills that sell while they are cut off."""
    safety: Annotated[QuantityAmount, classed(DataClass.INTERNAL)] = _NOTHING
    """Kept back at this shop from this channel, for counts that are not exact."""


def available(held: Held) -> Decimal:
    """What can still be promised: never below nothing."""
    left = held.free - held.promised - held.unseen - held.offline - held.safety
    return max(left, _NOTHING)


class Availability(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What can be promised of a SKU at a location, how old the snapshot behind it is, and what it is made of."""

    sku: Annotated[SkuText, classed(DataClass.PUBLIC)]
    """Which product."""
    location: Annotated[Id, classed(DataClass.INTERNAL)]
    """Which shop."""
    available: Annotated[QuantityAmount, classed(DataClass.INTERNAL)]
    """What can still be promised; never below nothing."""
    read_at: Annotated[Instant, classed(DataClass.INTERNAL)]
    """When the last reading of the back office that this rests on began."""
    age_seconds: Annotated[int, msgspec.Meta(ge=0), classed(DataClass.INTERNAL)]
    """How long ago that was."""
    parts: Annotated[Held, classed(DataClass.INTERNAL)]
    """What `available` is made of."""


class StockPromise(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A quantity set aside for somebody until a moment. The hub never promises more than it holds."""

    id: Annotated[Id, classed(DataClass.INTERNAL)]
    """A UUID of ours; name it when the order is placed."""
    sku: Annotated[SkuText, classed(DataClass.PUBLIC)]
    """Which product."""
    location: Annotated[Id, classed(DataClass.INTERNAL)]
    """Which shop."""
    quantity: Annotated[QuantityAmount, classed(DataClass.INTERNAL)]
    """How much."""
    reference: Annotated[Reference | None, classed(DataClass.INTERNAL)] = None
    """The asker's own number of it, such as a basket's."""
    state: Annotated[PromiseState, classed(DataClass.INTERNAL)]
    """What became of it."""
    promised_at: Annotated[Instant, classed(DataClass.INTERNAL)]
    """When it was made."""
    expires_at: Annotated[Instant, classed(DataClass.INTERNAL)]
    """From when it no longer counts, unless an order took it before."""
    order: Annotated[Id | None, classed(DataClass.INTERNAL)] = None
    """The order that took it."""


class StockAdjustment(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A counted figure on its way to the back office. It replaces what is held there only if that is what was meant."""

    id: Annotated[Id, classed(DataClass.INTERNAL)]
    """A UUID of ours; the key under which it has one effect in the back office."""
    sku: Annotated[SkuText, classed(DataClass.PUBLIC)]
    """Which product."""
    location: Annotated[Id, classed(DataClass.INTERNAL)]
    """Which shop."""
    counted: Annotated[QuantityAmount, classed(DataClass.INTERNAL)]
    """What was counted, all of it, set aside or not."""
    expected: Annotated[QuantityAmount, classed(DataClass.INTERNAL)]
    """What the back office held when it was counted; if it holds another figure by now, a person decides."""
    reason: Annotated[Name, classed(DataClass.INTERNAL)]
    """Why, in the counter's words."""
    reference: Annotated[Reference | None, classed(DataClass.INTERNAL)] = None
    """The counter's own number of it."""
    state: Annotated[NoticeState, classed(DataClass.INTERNAL)]
    """How far it got."""
    counted_at: Annotated[Instant, classed(DataClass.INTERNAL)]
    """When it was counted."""


class TransferLine(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One product of a transfer."""

    sku: Annotated[SkuText, classed(DataClass.PUBLIC)]
    """Which product."""
    quantity: Annotated[QuantityAmount, classed(DataClass.INTERNAL)]
    """How much, more than nothing."""


class StockTransfer(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Goods that left one shop for another. They no longer count where they left from, at once; where they went they
    count when the back office says so.
    """

    id: Annotated[Id, classed(DataClass.INTERNAL)]
    """A UUID of ours; the key under which it has one effect in the back office."""
    origin: Annotated[Id, classed(DataClass.INTERNAL)]
    """The shop they left."""
    destination: Annotated[Id, classed(DataClass.INTERNAL)]
    """The shop they went to."""
    lines: Annotated[
        Annotated[tuple[TransferLine, ...], msgspec.Meta(min_length=1, max_length=LINES_MAX)],
        classed(DataClass.INTERNAL),
    ]
    """What went."""
    reference: Annotated[Reference | None, classed(DataClass.INTERNAL)] = None
    """The sender's own number of it."""
    state: Annotated[NoticeState, classed(DataClass.INTERNAL)]
    """How far it got."""
    noticed_at: Annotated[Instant, classed(DataClass.INTERNAL)]
    """When we were told."""
