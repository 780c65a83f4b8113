"""Shops as their stock is counted: which warehouse, who else sells from it, and what is kept back from whom. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import msgspec

from tillway.landscape import Landscape
from tillway.records.stock import Spot, place_of

# Landscapes in use at once: the one in force and the one that requests begun before keep to their end.
_REMEMBERED: Final = 2


class _Place(msgspec.Struct, frozen=True):
    shops: tuple[str, ...]
    offline: Decimal


class Places:
    """The places of a landscape, found once for each."""

    def __init__(self) -> None:
        self._found: dict[str, Mapping[str, _Place]] = {}

    def spot(self, landscape: Landscape, shop: str, consumer: str) -> Spot:
        """A shop as its stock is counted for a consumer. The shop is declared."""
        entry = landscape.shops[shop]
        place = place_of(entry.connection, str(entry.warehouse))
        found = self._of(landscape)[place]
        return Spot(
            shop=shop,
            place=place,
            shops=found.shops,
            offline=found.offline,
            safety=entry.stock.safety_from(consumer),
        )

    def _of(self, landscape: Landscape) -> Mapping[str, _Place]:
        found = self._found.get(landscape.hash)
        if found is None:
            while len(self._found) >= _REMEMBERED:
                del self._found[next(iter(self._found))]
            found = self._found[landscape.hash] = places(landscape)
        return found


def places(landscape: Landscape) -> Mapping[str, _Place]:
    """Every place with the shops that sell from it, and what they keep for tills that are cut off."""
    shops: dict[str, list[str]] = defaultdict(list)
    offline: dict[str, Decimal] = defaultdict(Decimal)
    for shop in landscape.shops.values():
        place = place_of(shop.connection, str(shop.warehouse))
        shops[place].append(shop.id)
        offline[place] += Decimal(shop.stock.offline)
    return {place: _Place(tuple(sold), offline[place]) for place, sold in shops.items()}
