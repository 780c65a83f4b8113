"""Order changes: what may be asked of an order that was placed, decided by one table.

A change is a request: it is kept first and brought to the back office by a process, one at a time an order. The
table knows an order by five things; what it does not allow is refused with what it does.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, NamedTuple

import msgspec

from tillway.retail.data_class import DataClass, classed
from tillway.retail.limits import LINES_MAX, Amount, Id, Instant, Name
from tillway.retail.order import Order, OrderRequestLine, OrderStatus
from tillway.retail.word import Word

OrderChangeKind = Literal["amend", "cancel", "invoice"]
"""Other lines or quantities, calling it off, or an invoice for it."""

OrderChangeStatus = Literal["asked", "done", "refused", "exception"]
"""Asked: ours, on its way. Done: in the back office and read back. Refused: the back office's state did not allow it,
the order is as it was. Exception: a person must look."""

KINDS: Final[tuple[OrderChangeKind, ...]] = ("amend", "cancel", "invoice")


class AmendRequest(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `amendOrder` receives: the order as it shall be."""

    lines: Annotated[
        Annotated[tuple[OrderRequestLine, ...], msgspec.Meta(min_length=1, max_length=LINES_MAX)],
        classed(DataClass.INTERNAL),
    ]
    """All lines that it shall have; what is not named is taken off."""
    total: Annotated[Amount | None, classed(DataClass.INTERNAL)] = None
    """What the asker showed as the new total, tax included."""


class ChangeRequest(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `cancelOrder` and `invoiceOrder` receive."""

    reason: Annotated[Name | None, classed(DataClass.INTERNAL)] = None
    """Why, in words."""


class OrderChange(Word, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change as the hub holds it."""

    id: Annotated[Id, classed(DataClass.INTERNAL)]
    """A UUID of ours."""
    order: Annotated[Id, classed(DataClass.INTERNAL)]
    """The order it is of."""
    kind: Annotated[OrderChangeKind, classed(DataClass.INTERNAL)]
    """What is asked."""
    status: Annotated[OrderChangeStatus, classed(DataClass.INTERNAL)] = "asked"
    """How far it got."""
    asked_at: Annotated[Instant, classed(DataClass.INTERNAL)]
    """When we took it."""
    reason: Annotated[Name | None, classed(DataClass.INTERNAL)] = None
    """Why it was asked, in the asker's words."""
    detail: Annotated[Name | None, classed(DataClass.INTERNAL)] = None
    """Why it was refused."""


class Standing(NamedTuple):
    """What the table looks at. `returned`: goods of it were promised to be taken back."""

    status: OrderStatus
    delivered: bool = False
    invoiced: bool = False
    returned: bool = False
    changing: OrderChangeKind | None = None


def allowed(standing: Standing) -> tuple[OrderChangeKind, ...]:
    """What may be asked of an order that stands like this."""
    return tuple(kind for kind in KINDS if refusal(standing, kind) is None)


def refusal(standing: Standing, kind: OrderChangeKind) -> str | None:
    """Why this may not be asked; None when it may. The first reason counts."""
    if standing.changing is not None:
        return f"another change ({standing.changing}) is under way"
    if standing.status == "cancelled":
        return "it is cancelled"
    if standing.status == "exception":
        return "a person has to look at it first"
    if standing.invoiced:
        return "it is invoiced"
    if kind != "invoice" and standing.delivered:
        return "some of it is delivered"
    if kind != "invoice" and standing.returned:
        return "some of it is to be taken back"
    return None


def after(standing: Standing, kind: OrderChangeKind) -> Standing:
    """How the order stands once this was done. ValueError for what the table does not allow."""
    why = refusal(standing, kind)
    if why is not None:
        raise ValueError(why)
    if kind == "cancel":
        return standing._replace(status="cancelled")
    return standing._replace(invoiced=True) if kind == "invoice" else standing


def numbered(amended: Order, before: Order, last_number: int) -> Order:
    """The amended order with lines that keep their numbers: a line of a SKU that it had has the number of that one.

    New lines are numbered after `last_number`, the highest that was ever used: a number is a line's name over there.
    """
    free: dict[str, list[int]] = {}
    for line in before.lines:
        free.setdefault(line.sku, []).append(line.number)
    lines = []
    for line in amended.lines:
        own = free.get(line.sku)
        if own:
            number = own.pop(0)
        else:
            number = last_number = last_number + 1
        lines.append(msgspec.structs.replace(line, number=number))
    return msgspec.structs.replace(amended, lines=tuple(sorted(lines, key=lambda line: line.number)))
