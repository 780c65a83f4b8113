"""What is told of customers. Who they are stands in the personal part of an event."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec

from tillway.journal import Event
from tillway.records.sealed import PERSONAL_OF_CUSTOMER
from tillway.records.tracing import Cause
from tillway.retail import Customer

Origin = Literal["hub", "back-office"]
"""Where something was changed first."""

_OPEN: Final = ("connection", "status", "company", "price_list", "consents", "version")
_NOT_SHOWN: Final = frozenset({"id", "connection", "version", "also"})


def changed(old: Customer | None, new: Customer, source: Origin, cause: Cause) -> Event:
    """`customer.changed`: what it is now, and which members differ."""
    before, after = {} if old is None else _plain(old), _plain(new)
    fields = [
        name
        for name, value in after.items()
        if name not in _NOT_SHOWN and (before[name] != value if before else bool(value))
    ]
    return cause.event(
        "customer.changed",
        subject=new.id,
        data={"change": _change(old, new), "source": source, "fields": fields, **{name: after[name] for name in _OPEN}},
        personal={name: after[name] for name in PERSONAL_OF_CUSTOMER},
        dataclass="personal",
    )


def joined(into: Customer, sources: Sequence[str], source: Origin, cause: Cause) -> Event:
    """`customer.merged`: which ids are this customer now."""
    return cause.event(
        "customer.merged",
        subject=into.id,
        data={"connection": into.connection, "merged": list(sources), "source": source},
    )


def _change(old: Customer | None, new: Customer) -> str:
    if old is None:
        return "created"
    if old.status == new.status:
        return "updated"
    return "archived" if new.status == "archived" else "restored"


def _plain(customer: Customer) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(customer)
    return plain
