"""Which rules of a price list are for a product, and in which order they are asked: Odoo's.

Rules for the variant before those for its template, its category and all; among these the larger minimum quantity,
then the nearer category, then the newer rule. The first that fits wins, and only it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from tillway.retail.price import PriceList, PriceRule
from tillway.retail.product import Product, category_ids

RULE_BOOKS: Final = 32
"""Price lists kept sorted in memory; a retailer sells by fewer at a time, and a cold one takes milliseconds."""


def applying(product: Product, price_list: PriceList) -> tuple[PriceRule, ...]:
    """The rules that are for this product, whatever the quantity and time, the one to ask first in front."""
    book = _rule_book(price_list)
    by_category = [
        (rule, depth)
        for depth, category in enumerate(category_ids(product.category))
        for rule in book.get(("category", category), ())
    ]
    by_category.sort(key=lambda pair: (pair[0].min_quantity, pair[1], _newness(pair[0])), reverse=True)
    return (
        *book.get(("variant", product.variant), ()),
        *book.get(("template", product.template), ()),
        *(rule for rule, _ in by_category),
        *book.get(("all", ""), ()),
    )


def touched(old: PriceList | None, new: PriceList, product: Product) -> bool:
    """Whether the rules for this product, their order or the currency differ between two states of one list.

    A list that was not known before touches every product. A rule that starts from another list is compared as it is
    written: when that other list changes, ask about that one too.
    """
    return old is None or old.currency != new.currency or applying(product, old) != applying(product, new)


@lru_cache(maxsize=RULE_BOOKS)
def _rule_book(price_list: PriceList) -> Mapping[tuple[str, str], tuple[PriceRule, ...]]:
    """Rules by what they are for, each group sorted: a list of thousands of rules is searched once, not per line."""
    groups: dict[tuple[str, str], list[PriceRule]] = {}
    for rule in price_list.rules:
        target = _target(rule)
        if target is not None:
            groups.setdefault((rule.scope, target), []).append(rule)
    return {
        key: tuple(sorted(rules, key=lambda rule: (rule.min_quantity, _newness(rule)), reverse=True))
        for key, rules in groups.items()
    }


def _target(rule: PriceRule) -> str | None:
    """The id a rule is for; empty for all, None when it misses one and so is for nothing."""
    if rule.scope == "all":
        return ""
    if rule.scope == "category":
        path = category_ids(rule.target)
        return path[-1] if path else None
    return rule.target


def _newness(rule: PriceRule) -> tuple[bool, int, str]:
    """Larger for a newer rule: foreign ids are numbers that grow; others compare as text."""
    number = rule.id.isascii() and rule.id.isdigit()
    return number, int(rule.id) if number else 0, rule.id
