"""Odoo's JSON-2 door: `POST /json/2/model/method` with named arguments, one transaction of Odoo's a call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

import msgspec

from tillway import clock
from tillway.errors import Misconfigured, TryAgain
from tillway.outbound import Client, Limits, Request
from tillway.retail import Call

from .classify import decode
from .permits import Permits
from .places import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of call: how long it may take (seconds), and whether it may change something."""

    seconds: float
    changes: bool


READ: Final = Kind(seconds=15.0, changes=False)
"""Reads take 30 to 300 ms; the reserve is for a queue of sixteen in front of two workers, fifty times over."""

WRITE: Final = Kind(seconds=30.0, changes=True)
"""A write takes 100 ms; waiting for a row that another transaction holds, and Odoo's own retries, cost 5 s and more."""

BOOK: Final = Kind(seconds=75.0, changes=True)
"""Confirming and booking reserve stock and number documents: a serialization conflict makes Odoo itself try up to five
times with pauses of up to 2, 4, 8 and 16 s (22 s seen). Giving up earlier leaves the work running there and the
outcome unknown."""

VERSION_SECONDS: Final = 5.0
"""The version is answered without a database; an Odoo that can't within this is not there."""

_NO_CONTEXT: Final[Mapping[str, Any]] = MappingProxyType({})
_encoder: Final = msgspec.json.Encoder(decimal_format="number")


Pace = Callable[[float], Awaitable[None]]
"""Waits until one more call fits the connection's budget; TryAgain when none does within so many seconds."""


async def unpaced(_seconds: float) -> None:
    """Every call fits."""


class Json2:
    """Calls models of one Odoo database. Safe for many tasks; at most `connection.workers` calls run at once."""

    def __init__(
        self,
        connection: Connection,
        client: Client,
        *,
        permits: Permits | None = None,
        pace: Pace = unpaced,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._connection = connection
        self._client = client
        self._permits = permits or Permits(connection.workers)
        self._pace = pace
        self._now = now
        self._headers = {
            "Authorization": f"bearer {connection.key}",
            "Content-Type": "application/json",
            "X-Odoo-Database": connection.database,
        }

    async def call(
        self,
        call: Call,
        kind: Kind,
        model: str,
        method: str,
        *,
        company: str | None = None,
        context: Mapping[str, Any] = _NO_CONTEXT,
        **arguments: Any,
    ) -> Any:
        """What the method returns, decoded; numbers with a point come as Decimal.

        `company` (default: the call's) becomes the only allowed company. Raises as `classify.decode` and the
        outbound client do; a call that may change something is refused with Misconfigured where writes are not allowed.
        """
        asked = f"{model}/{method}"
        if kind.changes and not self._connection.allow_writes:
            raise Misconfigured(f"writing to Odoo is not allowed ({asked})", remedy="set allow_writes: true")
        companies = [number(company or call.company, "company")]
        body = {**arguments, "context": {"allowed_company_ids": companies, **context}}
        async with self._permits.hold(call.criticality, self._left(call)):
            await self._pace(self._left(call))
            reply = await self._client.send(
                Request(
                    method="POST",
                    url=f"{self._connection.url.rstrip('/')}/json/2/{asked}",
                    headers=self._headers,
                    body=_encoder.encode(body),
                    changes=kind.changes,
                    deadline=call.deadline,
                    limits=Limits(total=kind.seconds),
                )
            )
        wait = reply.headers.get("retry-after")
        return decode(reply.status, reply.body, asked=asked, changes=kind.changes, retry_after=wait)

    async def search_read(
        self,
        call: Call,
        model: str,
        domain: list[Any],
        fields: list[str],
        *,
        archived: bool = False,
        company: str | None = None,
        **arguments: Any,
    ) -> list[dict[str, Any]]:
        """The fields of the records that match, archived ones only if asked for; `id` is always among them."""
        context = {"active_test": False} if archived else _NO_CONTEXT
        rows: list[dict[str, Any]] = await self.call(
            call,
            READ,
            model,
            "search_read",
            company=company,
            context=context,
            domain=domain,
            fields=fields,
            **arguments,
        )
        return rows

    async def version(self, deadline: datetime) -> str:
        """What Odoo says its version is, e.g. `19.0`. It needs no key; raises as `call` does."""
        reply = await self._client.send(
            Request(
                method="GET",
                url=f"{self._connection.url.rstrip('/')}/web/version",
                changes=False,
                deadline=deadline,
                limits=Limits(total=VERSION_SECONDS),
            )
        )
        answer = decode(reply.status, reply.body, asked="version", changes=False)
        return str(answer.get("version", "")) if isinstance(answer, dict) else ""

    def _left(self, call: Call) -> float:
        seconds = (call.deadline - self._now()).total_seconds()
        if seconds <= 0:
            raise TryAgain("the deadline passed before Odoo was asked")
        return seconds


def number(text: str, what: str) -> int:
    """A foreign id as the number that Odoo knows. Misconfigured when it is none."""
    if not (text.isascii() and text.isdigit()):
        raise Misconfigured(f"the id of a {what} in Odoo is a number", remedy=f"correct the {what} in the landscape")
    return int(text)
