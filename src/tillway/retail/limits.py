"""The bounds of retail's fields: each a named constant with its reason, and the annotated types that carry them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final

import msgspec

from tillway.retail.word import Bounds, bounded

FINEST: Final = 6
"""Decimals of anything: a Decimal of less than 0.000001 is encoded with an exponent, which contracts don't allow."""

WHOLE_DIGITS: Final = 14
"""Digits of an amount before the point: a large order in rupiah or dong fits a hundred times over."""

AMOUNT_DECIMALS: Final = 4
"""Decimals of a total: the finest minor unit of ISO 4217 (CLF, UYW) has four; most have two."""

PRICE_DECIMALS: Final = 6
"""Decimals of a unit price. Odoo does not round what a percentage rule gives: a price in its default precision (two)
times a percentage with two decimals needs 2 + 2 + 2. Finer prices than `FINEST` can't be written plainly."""

QUANTITY_DIGITS: Final = 9
"""Digits of a quantity before the point: under a billion, in the product's unit."""

QUANTITY_DECIMALS: Final = 6
"""Decimals of a quantity: Odoo's default is two, scales give grams of a kilogram (three); twice that is room."""

PERCENT_DIGITS: Final = 4
"""Digits of a percentage before the point: mark-ups of thousands of percent exist, of ten thousands do not."""

PERCENT_DECIMALS: Final = 6
"""Decimals of a percentage: a third off is 33.333333."""

LINES_MAX: Final = 500
"""Lines of one order or one sale: ten times the longest receipt, and Odoo books it in one transaction."""

TENDERS_MAX: Final = 50
"""Tenders of one sale: a receipt paid with fifty vouchers still fits."""

TAXES_MAX: Final = 20
"""Taxes on one product or line: Odoo's fiscal setups stay under five."""

RULES_MAX: Final = 50_000
"""Rules of one price list: one per variant of a large assortment; beyond it one list no longer fits a message."""

PAGE_MAX: Final = 1_000
"""Items of one page of a foreign list: what Odoo reads in about a second and a worker holds without noticing."""

CURSOR_LENGTH: Final = 1024
"""Characters of an opaque cursor: it travels in a query string."""

ID_LENGTH: Final = 64
"""Characters of an identifier: a UUID has 36, foreign numbers and short names fit."""

NAME_LENGTH: Final = 500
"""Characters of a name that people read; Odoo sets no limit, receipts print fifty."""

REFERENCE_LENGTH: Final = 128
"""Characters of a reference given by the other side, such as a web shop's order number."""

UNIT_LENGTH: Final = 32
"""Characters of a unit of measure."""

CATEGORY_LENGTH: Final = 200
"""Characters of a category path of ids: twenty levels of ten characters."""

SKU_LENGTH: Final = 64
"""Characters of a SKU: labels and tills stop at far fewer."""

ATTRIBUTES_MAX: Final = 50
"""Attributes of one variant: colour, size and the like; Odoo's own catalogue views stop at far fewer."""

AMOUNT_BOUNDS: Final = Bounds(WHOLE_DIGITS, AMOUNT_DECIMALS)
UNIT_PRICE_BOUNDS: Final = Bounds(WHOLE_DIGITS, PRICE_DECIMALS)
QUANTITY_BOUNDS: Final = Bounds(QUANTITY_DIGITS, QUANTITY_DECIMALS)
PERCENT_BOUNDS: Final = Bounds(PERCENT_DIGITS, PERCENT_DECIMALS)

Amount = Annotated[Decimal, bounded(AMOUNT_BOUNDS)]
"""A sum of money in a document whose currency stands beside it; a decimal string on the wire."""

UnitPrice = Annotated[Decimal, bounded(UNIT_PRICE_BOUNDS)]
"""The price of one unit, before totals are rounded; a decimal string on the wire."""

QuantityAmount = Annotated[Decimal, bounded(QUANTITY_BOUNDS)]
"""How much, in the unit of the product; a decimal string on the wire."""

Percent = Annotated[Decimal, bounded(PERCENT_BOUNDS)]
"""A percentage: 15 means 15 %; a decimal string on the wire."""

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=ID_LENGTH)]
"""An identifier, ours or a foreign one; opaque."""

Name = Annotated[str, msgspec.Meta(max_length=NAME_LENGTH)]
"""Text for people."""

Reference = Annotated[str, msgspec.Meta(min_length=1, max_length=REFERENCE_LENGTH)]
"""A reference of the other side; opaque."""

Unit = Annotated[str, msgspec.Meta(min_length=1, max_length=UNIT_LENGTH)]
"""The name of a unit of measure, `each` when counted."""

CategoryPath = Annotated[str, msgspec.Meta(min_length=1, max_length=CATEGORY_LENGTH)]
"""The ids of a category and its ancestors from the root down, as in `3/7/`; a lone id is a root."""

CurrencyCode = Annotated[str, msgspec.Meta(pattern="^[A-Z]{3}$", min_length=3, max_length=3)]
"""Three letters of ISO 4217."""

SkuText = Annotated[str, msgspec.Meta(min_length=1, max_length=SKU_LENGTH)]
"""A stock keeping unit as it travels; `parse_sku` says which are well formed."""

Gtin = Annotated[str, msgspec.Meta(pattern="^[0-9]{8}([0-9]{4,6})?$", max_length=14)]
"""8, 12, 13 or 14 digits; `parse_gtin` verifies the check digit."""

LineNumber = Annotated[int, msgspec.Meta(ge=1, le=LINES_MAX)]
"""The place of a line in its document, from 1."""

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""A moment with its zone; RFC 3339 on the wire."""
