"""Words to test with: ordinary ones with what matters given, and Hypothesis strategies for any word."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from tillway.retail import (
    CURRENCIES,
    PriceList,
    PriceRule,
    Product,
    Sale,
    SaleLine,
    Tax,
    Tender,
    check_digit,
    sale_id,
)
from tillway.retail.word import Bounds, bounds_of

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
VAT_15 = Tax(id="1", name="15%", rate=Decimal(15), included=False)
VAT_20_INCLUDED = Tax(id="51", name="20% incl", rate=Decimal(20), included=True)


def product(sku: str = "SHIRT-S", price: str = "20.00", **given: Any) -> Product:
    """A shirt: variant 175 of template 92, in category 7 below 3."""
    return Product(
        **{
            "sku": sku,
            "name": "Shirt",
            "list_price": Decimal(price),
            "currency": "USD",
            "taxes": (VAT_15,),
            "category": "3/7/",
            "template": "92",
            "variant": "175",
            **given,
        }
    )


def rule(number: int | str = 1, **given: Any) -> PriceRule:
    """A rule for all at a fixed price of 1.00, unless said otherwise. Numbers may be given as text."""
    decimals = ("min_quantity", "fixed", "percent", "surcharge", "rounding", "min_margin", "max_margin")
    words = {key: Decimal(value) if key in decimals and value is not None else value for key, value in given.items()}
    return PriceRule(**{"id": str(number), "scope": "all", "kind": "fixed", "fixed": Decimal("1.00"), **words})


def price_list(*rules: PriceRule, number: str = "1", currency: str = "USD") -> PriceList:
    return PriceList(id=number, name="Public", currency=currency, rules=rules)


def sale_line(number: int = 1, **given: Any) -> SaleLine:
    """Two shirts at 20.00 and 15 % on top: 40.00 + 6.00 = 46.00."""
    return SaleLine(
        **{
            "number": number,
            "sku": "SHIRT-S",
            "quantity": Decimal(2),
            "unit_price": Decimal("20.00"),
            "tax_rate": Decimal(15),
            "tax_included": False,
            "net": Decimal("40.00"),
            "tax": Decimal("6.00"),
            "gross": Decimal("46.00"),
            **given,
        }
    )


def sale(**given: Any) -> Sale:
    """That line, paid with 50.00 in cash and 4.00 back."""
    return Sale(
        **{
            "id": sale_id("till-1", "a", 1),
            "till": "till-1",
            "epoch": "a",
            "sequence": 1,
            "shop": "shop-1",
            "business_day": date(2026, 11, 23),
            "sold_at": NOON,
            "currency": "USD",
            "lines": (sale_line(),),
            "tenders": (Tender(kind="cash", amount=Decimal("50.00")),),
            "net": Decimal("40.00"),
            "tax": Decimal("6.00"),
            "gross": Decimal("46.00"),
            "change": Decimal("4.00"),
            **given,
        }
    )


def decimals(bounds: Bounds) -> st.SearchStrategy[Decimal]:
    """Any decimal within bounds, whatever its scale."""
    scales = st.integers(0, bounds.decimals)
    return scales.flatmap(
        lambda scale: st.integers(-(10 ** (bounds.whole + scale)) + 1, 10 ** (bounds.whole + scale) - 1).map(
            lambda digits: Decimal(digits).scaleb(-scale) if digits else Decimal(0)
        )
    )


gtins = st.sampled_from((7, 11, 12, 13)).flatmap(
    lambda size: st.text("0123456789", min_size=size, max_size=size).map(lambda body: body + check_digit(body))
)
skus = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=64)
times = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - zone added

_SPECIAL: dict[tuple[type, str], st.SearchStrategy[Any]] = {
    (Product, "sku"): skus,
    (Product, "gtin"): gtins,
}


def trees(kind: inspect.Type) -> st.SearchStrategy[Any]:
    """Plain JSON values that say a value of this type: what a well-behaved sender may send."""
    bounds = bounds_of(kind)
    if isinstance(kind, inspect.UnionType):
        return st.one_of(*(trees(part) for part in kind.types))
    if isinstance(kind, inspect.Metadata) and not isinstance(kind.type, inspect.DecimalType):
        return trees(kind.type)
    if bounds is not None:
        return decimals(bounds).map(lambda value: f"{value:f}")
    if isinstance(kind, inspect.StructType):
        return st.fixed_dictionaries(
            {field.encode_name: _field(kind, field) for field in kind.fields if field.required},
            optional={field.encode_name: _field(kind, field) for field in kind.fields if not field.required},
        )
    if isinstance(kind, inspect.VarTupleType):
        return st.lists(trees(kind.item_type), min_size=kind.min_length or 0, max_size=3)
    if isinstance(kind, inspect.DictType):
        return st.dictionaries(trees(kind.key_type), trees(kind.value_type), max_size=3)
    return _scalar(kind)


def _field(kind: inspect.StructType, field: inspect.Field) -> st.SearchStrategy[Any]:
    special = _SPECIAL.get((kind.cls, field.name))
    return trees(field.type) if special is None else special


def _scalar(kind: inspect.Type) -> st.SearchStrategy[Any]:
    if isinstance(kind, inspect.StrType):
        if kind.pattern is not None and "A-Z" in kind.pattern:
            return st.sampled_from(sorted(CURRENCIES))
        if kind.pattern is not None:
            return st.from_regex(kind.pattern.replace("$", r"\Z"))
        longest = min(kind.max_length or 20, 20)
        return st.text(st.characters(codec="utf-8"), min_size=kind.min_length or 0, max_size=longest)
    if isinstance(kind, inspect.IntType):
        return st.integers(kind.ge or 0, kind.le or 2**31)
    if isinstance(kind, inspect.LiteralType):
        return st.sampled_from(kind.values)
    if isinstance(kind, inspect.EnumType):
        return st.sampled_from([member.value for member in kind.cls])
    if isinstance(kind, inspect.DateTimeType):
        return times.map(lambda moment: moment.isoformat())
    if isinstance(kind, inspect.DateType):
        return st.dates().map(lambda day: day.isoformat())
    if isinstance(kind, inspect.BoolType):
        return st.booleans()
    if isinstance(kind, inspect.NoneType):
        return st.none()
    raise TypeError(f"no strategy for {kind}")


def words(kind: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    """JSON values of a word."""
    return trees(inspect.type_info(kind))
