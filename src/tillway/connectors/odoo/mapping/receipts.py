"""What Odoo's own tills sold, and their sessions: rows of `pos.order` and `pos.session` as the words of `retail`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from tillway.connectors.odoo.cursor import moment
from tillway.retail import Gap, Sale, SaleLine, SaleThere, SessionThere, Tender, rounded
from tillway.retail.outside.documents import GAPS_MAX

from .documents import Around
from .values import decimal, label, reference, text

SALE_FIELDS: Final = [
    "name", "uuid", "state", "sequence_number", "config_id", "session_id", "date_order", "create_date", "currency_id",
    "amount_total", "amount_tax", "is_refund",
]  # fmt: skip
"""Fields of `pos.order`."""

SALE_LINE_FIELDS: Final = [
    "order_id", "product_id", "qty", "price_unit", "discount", "tax_ids", "price_subtotal", "price_subtotal_incl",
]  # fmt: skip
"""Fields of `pos.order.line`."""

PAYMENT_FIELDS: Final = ["pos_order_id", "amount", "payment_method_id", "is_change"]
"""Fields of `pos.payment`. Of a card nothing is read, not even its last digits."""

SESSION_FIELDS: Final = [
    "name", "config_id", "start_at", "stop_at", "create_date", "currency_id", "cash_register_balance_end_real",
    "cash_register_difference",
]  # fmt: skip
"""Fields of `pos.session`."""

COUNTED_FIELDS: Final = ["session_id", "sequence_number", "state", "amount_total"]
"""What is read of the receipts of a session."""

NOT_SOLD: Final = ("draft", "cancel")
"""States of a receipt that nobody paid; it has a number all the same."""

_RATE: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class TillOf:
    """One of our tills, by its `pos.config`."""

    till: str
    shop: str
    timezone: str
    methods: Mapping[int, str] = field(default_factory=dict)
    """Kinds of tender by `pos.payment.method` id."""


def sale(
    row: Mapping[str, Any],
    lines: Iterable[Mapping[str, Any]],
    payments: Sequence[Mapping[str, Any]],
    *,
    till: TillOf,
    around: Around,
    taxes: Mapping[int, Mapping[str, Any]],
) -> SaleThere:
    """A receipt. Odoo counts the receipts of a till over all its sessions, so that is one life of the counter.

    ValueError for one that has no number or no UUID, or is more than the hub can hold.
    """
    currency, sold_at = label(row["currency_id"]), moment(row["date_order"])
    gross, tax = (rounded(decimal(row[name]), currency) for name in ("amount_total", "amount_tax"))
    change = sum((decimal(each["amount"]) for each in payments if each["is_change"]), Decimal(0))
    found = Sale(
        id=str(UUID(text(row["uuid"]) or "")),
        till=till.till,
        epoch=f"pos.config:{reference(row['config_id'])}",
        sequence=_sequence(row),
        shop=till.shop,
        business_day=sold_at.astimezone(ZoneInfo(till.timezone)).date(),
        sold_at=sold_at,
        currency=currency,
        lines=tuple(_line(number, line, around, taxes, currency) for number, line in enumerate(lines, 1)),
        tenders=tuple(_tender(each, till, currency) for each in payments if not each["is_change"]),
        net=gross - tax,
        tax=tax,
        gross=gross,
        change=rounded(-change, currency),
        kind="refund" if row["is_refund"] else "sale",
    )
    return SaleThere(
        foreign_id=str(row["id"]),
        name=text(row["name"]) or str(row["id"]),
        made_at=moment(row["create_date"]),
        sale=found,
    )


def session(
    row: Mapping[str, Any], receipts: Sequence[Mapping[str, Any]], *, till: TillOf, before: int
) -> SessionThere:
    """A closed session with the numbers missing since `before`, the till's last number earlier on (0 for none)."""
    currency = label(row["currency_id"])
    paid = [each for each in receipts if each["state"] not in NOT_SOLD]
    numbers = sorted({int(each["sequence_number"]) for each in receipts if int(each["sequence_number"]) > 0})
    return SessionThere(
        foreign_id=str(row["id"]),
        name=text(row["name"]) or str(row["id"]),
        till=till.till,
        shop=till.shop,
        made_at=moment(row["create_date"]),
        opened_at=moment(row["start_at"]) if row["start_at"] else None,
        closed_at=moment(row["stop_at"]) if row["stop_at"] else None,
        currency=currency,
        sales=len(paid),
        gross=rounded(sum((decimal(each["amount_total"]) for each in paid), Decimal(0)), currency),
        first=numbers[0] if numbers else None,
        last=numbers[-1] if numbers else None,
        gaps=gaps(numbers, before),
        counted=rounded(decimal(row["cash_register_balance_end_real"]), currency),
        difference=rounded(decimal(row["cash_register_difference"]), currency),
    )


def gaps(numbers: Sequence[int], before: int) -> tuple[Gap, ...]:
    """The numbers missing among these (ascending), from the one after `before` on; the first GAPS_MAX of them."""
    found: list[Gap] = []
    # A till that counts lower than before has started anew: what lies below its first number is not missing.
    at = before if numbers and before < numbers[0] else (numbers[0] - 1 if numbers else before)
    for each in numbers:
        if each > at + 1:
            found.append(Gap(first=at + 1, last=each - 1))
        at = each
    return tuple(found[:GAPS_MAX])


def _sequence(row: Mapping[str, Any]) -> int:
    number = int(row["sequence_number"])
    if number < 1:
        raise ValueError("it has no number")
    return number


def _line(
    number: int, line: Mapping[str, Any], around: Around, taxes: Mapping[int, Mapping[str, Any]], currency: str
) -> SaleLine:
    net, gross = (rounded(decimal(line[name]), currency) for name in ("price_subtotal", "price_subtotal_incl"))
    charged = [taxes[each] for each in line["tax_ids"] if each in taxes]
    return SaleLine(
        number=number,
        sku=around.sku(line["product_id"]),
        quantity=decimal(line["qty"]),
        unit_price=decimal(line["price_unit"]),
        discount=decimal(line["discount"]),
        tax_rate=_rate(charged, net, gross),
        tax_included=bool(charged) and all(each["price_include"] for each in charged),
        net=net,
        tax=gross - net,
        gross=gross,
    )


def _rate(charged: Sequence[Mapping[str, Any]], net: Decimal, gross: Decimal) -> Decimal:
    """What the taxes come to in percent; of others than percentages, what the line was really charged."""
    if all(each["amount_type"] == "percent" for each in charged):
        return sum((decimal(each["amount"]) for each in charged), Decimal(0))
    return ((gross - net) / net * 100).quantize(_RATE) if net else Decimal(0)


def _tender(row: Mapping[str, Any], till: TillOf, currency: str) -> Tender:
    method = int(reference(row["payment_method_id"]) or 0)
    kind = till.methods.get(method, "other")
    return Tender(kind=kind, amount=rounded(decimal(row["amount"]), currency))  # type: ignore[arg-type]
