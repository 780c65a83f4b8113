"""Where the sides are: shops, their offices and lists as the landscape of the run declares them, handed in by `app`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final, Protocol

import msgspec

from tillway import clock
from tillway.reconcile.runs import Run
from tillway.retail import Call, Criticality, Office

READ_SECONDS: Final = 60
"""Longest wait for one page of the far side."""


class Warehouse(msgspec.Struct, frozen=True, kw_only=True):
    """A warehouse whose stock is compared."""

    number: str
    """Its foreign id."""
    place: str
    """What it is called in records."""
    shop: str | None
    """The shop that sells from it, where it is one."""
    office: Office


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What one run looks at: the shops of one connection, and the offices (one a company) behind them."""

    shops: tuple[str, ...]
    offices: tuple[Office, ...]
    shop_of_till: dict[str, str]
    lists: tuple[str, ...]
    """Our price lists that live behind the connection."""
    list_prices: frozenset[str] = frozenset()
    """Those of them that are the list prices themselves, without rules of their own."""
    warehouses: tuple[Warehouse, ...] = ()
    """Where the shops sell from."""


class Sending(Protocol):
    """Sends ours again, so that it is there once: idempotent by our id."""

    async def order(self, run: Run, order_id: str) -> str | None:
        """None when it is there and confirmed now, else why not."""
        ...

    async def sale(self, run: Run, sale_id: str) -> str | None:
        """None when it is booked now, else why not."""
        ...


Rereading = Callable[[str, str], Awaitable[None]]
"""Has a domain of a connection read again, whole: (connection, domain)."""


def call(run: Run, office: Office) -> Call:
    """The terms of one question of a comparison: everybody else goes first."""
    return Call(
        criticality=Criticality.LOW,
        deadline=clock.now() + timedelta(seconds=READ_SECONDS),
        correlation=run.correlation,
        reference=str(run.id),
        company=office.company,
    )


def since(run: Run) -> datetime:
    """From when on; a run always has a beginning by the time it reads."""
    if run.since is None:
        raise AssertionError("unreachable: a run without a beginning got its policy's window")
    return run.since
