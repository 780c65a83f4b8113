"""Events to append: price changes of a large assortment, the commonest bulk there is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from tillway import ids
from tillway.journal import Event

# Products whose prices change, in the order they come up.
KEYS: Final = 10_000


def price_change(number: int) -> Event:
    """The change of one product on one list."""
    sku = f"SKU-{number % KEYS:05d}"
    price = f"{number % 500}.95"
    return Event(
        type="price.changed",
        subject=sku,
        data={
            "sku": sku,
            "lists": ["store-prices"],
            "list_price": price,
            "currency": "EUR",
            "prices": [
                {
                    "price_list": "store-prices",
                    "amount": price,
                    "currency": "EUR",
                    "source": "rule",
                    "valid_until": None,
                }
            ],
        },
        dataclass="public",
        correlation=str(ids.new()),
        time=datetime.now(UTC),
    )
