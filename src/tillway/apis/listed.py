"""Which price list a request is priced by, and the lists that its rules start from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tillway.errors import Invalid, Unavailable, Violation
from tillway.landscape import Landscape
from tillway.records import Shelf, Stale
from tillway.retail import LIST_PRICE, PriceList

# Lists that start from one another, at most: a longer chain is not a price list any more, and is not understood.
CHAIN_MAX: Final = 8


@dataclass(frozen=True, slots=True)
class Listed:
    """A list by its name here; `price_list` is None for list prices. `others` are those it starts from, by id."""

    name: str
    price_list: PriceList | None
    others: Mapping[str, PriceList]


async def listed(
    shelf: Shelf, landscape: Landscape, name: str | None, pointer: str, stale: Stale | None = None
) -> Listed:
    """The list of this name; without a name, list prices. Invalid at `pointer` when nothing is called that.

    Unavailable while a declared list was not read yet: a wrong price is worse than none.
    """
    if name is None:
        return Listed(LIST_PRICE, None, {})
    entry = landscape.price_lists.get(name)
    if entry is None and name != LIST_PRICE:
        raise Invalid(violations=(Violation(pointer=pointer, detail="there is no such price list", rule="price-list"),))
    if entry is None or entry.odoo == "list":
        return Listed(name, None, {})
    found = await shelf.price_list(name, stale)
    if found is None:
        raise Unavailable(f"the price list {name} has not been read yet")
    return Listed(name, found, await _bases(shelf, found, stale))


async def _bases(shelf: Shelf, price_list: PriceList, stale: Stale | None) -> dict[str, PriceList]:
    others: dict[str, PriceList] = {}
    level = [price_list]
    for _ in range(CHAIN_MAX):
        wanted = {rule.base_list for each in level for rule in each.rules if rule.base_list} - {price_list.id, *others}
        read = [await shelf.price_list(name, stale) for name in sorted(wanted)]
        level = [each for each in read if each is not None]
        if not level:
            break
        others |= {each.id: each for each in level}
    return others
