"""What is sold, as the back office holds it, and what is wrong with how it holds it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal, Protocol

import msgspec

from tillway.retail.call import Call
from tillway.retail.data_class import DataClass, classed
from tillway.retail.limits import NAME_LENGTH, PAGE_MAX, Id, Reference
from tillway.retail.outside.paging import Page
from tillway.retail.product import Product
from tillway.retail.word import Word

DataFindingKind = Literal[
    "no-sku",
    "duplicate-sku",
    "archived-duplicate",
    "gtin-missing",
    "gtin-wrong",
    "no-price",
    "tax-missing",
    "tax-other-company",
    "tax-not-understood",
    "not-understood",
    "own-field-missing",
    "own-field-wrong",
]
"""What is wrong with a record of the back office."""

READ_MAX = 2 * PAGE_MAX + 1
"""Records of one page, those that hand their code on, and one that stands for own fields as such."""

FINDINGS_MAX = 2 * 5 * PAGE_MAX + 1
"""Findings of one page: a record has at most five, those that hand their code on come along, and one tells of fields
that cannot be read."""


class DataFinding(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something wrong with one record; holds ids and a code, no names."""

    foreign_id: Annotated[Id, classed(DataClass.INTERNAL)]
    """Their id of the record."""
    sku: Annotated[Reference | None, classed(DataClass.PUBLIC)] = None
    """Its code, as far as it has one; not always a right one."""
    kind: Annotated[DataFindingKind, classed(DataClass.INTERNAL)]
    """What is wrong."""
    left_out: Annotated[bool, classed(DataClass.INTERNAL)]
    """Whether the record is no product of the hub because of it."""
    detail: Annotated[Annotated[str, msgspec.Meta(min_length=1, max_length=NAME_LENGTH)], classed(DataClass.INTERNAL)]
    """What is wrong, in words."""


class CataloguePage(Page[Product], frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the catalogue, and what was met on reading it."""

    read: Annotated[
        Annotated[tuple[Id, ...], msgspec.Meta(max_length=2 * PAGE_MAX + 1)], classed(DataClass.INTERNAL)
    ] = ()
    """Foreign ids of all records that were read: what is not among the findings of these is right now."""
    findings: Annotated[
        Annotated[tuple[DataFinding, ...], msgspec.Meta(max_length=FINDINGS_MAX)], classed(DataClass.INTERNAL)
    ] = ()
    """What is wrong with them."""


class Catalogue(Protocol):
    """What is sold."""

    async def products(self, call: Call, *, cursor: str | None, limit: int) -> CataloguePage:
        """Products changed since the cursor, archived ones included as inactive; None starts from the beginning.

        `limit` is at most `PAGE_MAX`.
        """
        ...

    async def coded(self, call: Call, foreign_ids: Iterable[str]) -> frozenset[str]:
        """Which of these variants exist and have a code: what we hold and is not among them is gone."""
        ...

    async def related_versions(self, call: Call) -> str:
        """A cheap fingerprint of what belongs to products and leaves no change mark at them: when it differs, some
        product may have changed unseen.
        """
        ...

    async def alive(self, call: Call, foreign_ids: Iterable[str]) -> frozenset[str]:
        """Which of these records exist."""
        ...
