"""A confirmed order gets other lines: which of Odoo's lines each of ours is, and what has to be written. Pure.

Lines that the hub made carry an external id with their number. Lines that people added carry none: they go by their
product. Nothing is written over what people did since the hub read the order last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from tillway.errors import Invalid
from tillway.retail import Order, OrderLine

from .orders import external_id
from .values import decimal

LINE_FIELDS: Final = ["product_id", "product_uom_qty", "display_type", "price_unit", "discount"]
"""Fields of `sale.order.line` that are read."""

_HUNDRED: Final = Decimal(100)
_STEP: Final = Decimal(1).scaleb(-6)
_NONE: Final = Decimal(0)


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A line over there. `name` is its external id, empty for one that people added."""

    id: int
    product: int
    sku: str
    name: str
    quantity: Decimal
    price: Decimal
    discount: Decimal

    @property
    def charged(self) -> Decimal:
        """The price with the discount taken off."""
        return (self.price * (_HUNDRED - self.discount) / _HUNDRED).quantize(_STEP)


class Amendment(msgspec.Struct, frozen=True, kw_only=True):
    """What to write: first fields and data of a `load` (no data: nothing to load), then commands on people's lines."""

    fields: list[str]
    data: list[list[str]]
    commands: list[list[Any]]


def held(row: Mapping[str, Any], sku: str, product: int, external: str) -> Held:
    """A line as it was read."""
    return Held(
        id=int(row["id"]),
        product=product,
        sku=sku,
        name=external,
        quantity=decimal(row["product_uom_qty"]),
        price=decimal(row["price_unit"]),
        discount=decimal(row["discount"]),
    )


def new_skus(before: Order, after: Order, lines: Sequence[Held]) -> frozenset[str]:
    """SKUs of lines that are not there yet."""
    matched = _matched(before, after, lines)
    return frozenset(line.sku for line in after.lines if line.number not in matched)


def amendment(
    foreign_id: str, before: Order, after: Order, lines: Sequence[Held], variants: Mapping[str, int]
) -> Amendment | None:
    """What gives the order the lines of `after`, however often it is written; None when it has them.

    A line is never deleted there, so one that is gone gets quantity zero. Invalid when people changed the order and
    `before` does not know it yet.
    """
    matched = _matched(before, after, lines)
    wanted = {line.number: (line, line.quantity) for line in after.lines}
    wanted |= {line.number: (line, _NONE) for line in before.lines if line.number not in wanted}
    known = {line.number: line.quantity for line in before.lines}
    unseen = [each.sku for each in lines if each.quantity and each not in matched.values()]
    there = {key: matched[key].quantity if key in matched else _NONE for key in wanted}
    unseen += [
        line.sku for key, (line, quantity) in wanted.items() if there[key] not in (known.get(key, _NONE), quantity)
    ]
    if unseen:
        done = all(there[key] == quantity for key, (_, quantity) in wanted.items())
        if done and there != {key: known.get(key, _NONE) for key in wanted}:
            return None  # ours was done, then somebody changed it: reading it back shows what
        raise Invalid(
            f"people changed it in the back office since ({', '.join(sorted(set(unseen)))})",
            remedy="what they did is told as order.amended; ask again then",
        )
    rows: list[dict[str, str]] = []
    commands: list[list[Any]] = []
    for key, (line, quantity) in sorted(wanted.items()):
        is_there = matched.get(key)
        price, discount = _price(is_there, line)
        if is_there is None or is_there.name:
            product = variants[line.sku] if is_there is None else is_there.product
            rows.append(_row(after.id, line, product, quantity, (price, discount)))
        elif (is_there.quantity, is_there.price, is_there.discount) != (quantity, price, discount):
            values = {"product_uom_qty": quantity, "price_unit": price, "discount": discount}
            commands.append([1, is_there.id, values])
    data = [[foreign_id if number == 0 else "", *row.values()] for number, row in enumerate(rows)]
    return Amendment(fields=[".id", *(rows[0] if rows else ())], data=data, commands=commands)


def _matched(before: Order, after: Order, lines: Iterable[Held]) -> dict[int, Held]:
    """Odoo's line for each number of ours that has one: by our name, else, for lines that were there before, by their
    product.
    """
    named = {each.name: each for each in lines if each.name}
    free = [each for each in lines if not each.name]
    numbers = {line.number for line in (*before.lines, *after.lines)}
    found = {key: named[name] for key in numbers if (name := external_id(after.id, key)) in named}
    for line in sorted(before.lines, key=lambda line: line.number):
        same = [each for each in free if each.sku == line.sku]
        if line.number not in found and same:
            chosen = next((each for each in same if each.quantity == line.quantity), same[0])
            found[line.number] = chosen
            free.remove(chosen)
    return found


def _price(there: Held | None, line: OrderLine) -> tuple[Decimal, Decimal]:
    """Price and discount to write: what stands there if it comes to ours, for people may have given a discount."""
    if there is not None and there.charged == line.unit_price:
        return there.price, there.discount
    return line.unit_price, _NONE


def _row(
    order_id: str, line: OrderLine, product: int, quantity: Decimal, priced: tuple[Decimal, Decimal]
) -> dict[str, str]:
    price, discount = priced
    return {
        "order_line/id": external_id(order_id, line.number),
        "order_line/sequence": str(line.number),
        "order_line/product_id/.id": str(product),
        "order_line/product_uom_qty": f"{quantity:f}",
        "order_line/price_unit": f"{price:f}",
        "order_line/discount": f"{discount:f}",
    }
