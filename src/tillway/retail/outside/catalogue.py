"""What is sold, as the back office holds it."""

from __future__ import annotations

from typing import Protocol

from tillway.retail.call import Call
from tillway.retail.outside.paging import Page
from tillway.retail.product import Product


class Catalogue(Protocol):
    """What is sold."""

    async def products(self, call: Call, *, cursor: str | None, limit: int) -> Page[Product]:
        """Products changed since the cursor, archived ones included as inactive; None starts from the beginning.

        `limit` is at most `PAGE_MAX`.
        """
        ...

    async def product_ids(self, call: Call) -> frozenset[str]:
        """Foreign ids of all variants alive: what we hold and is not among them is gone."""
        ...

    async def related_versions(self, call: Call) -> str:
        """A cheap fingerprint of what belongs to products and leaves no change mark at them: when it differs, some
        product may have changed unseen.
        """
        ...
