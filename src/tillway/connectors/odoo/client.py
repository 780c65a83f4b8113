"""Odoo's JSON-2 door: `POST /json/2/model/method` with named arguments, one transaction of Odoo's a call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from tillway import clock
from tillway.errors import Misconfigured, TryAgain
from tillway.outbound import Client, Gate, Terms, origin
from tillway.retail import Call, Criticality

from .places import Connection
from .sharing import SMALL, Sharing, key_of
from .speaking import Speaker


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

_NO_CONTEXT: Final[Mapping[str, Any]] = MappingProxyType({})


class Json2:
    """Calls models of one Odoo database, each through the connection's gate. Safe for many tasks."""

    def __init__(
        self,
        connection: Connection,
        client: Client,
        *,
        gate: Gate | None = None,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._connection = connection
        self._speaker = Speaker(connection, gate or Gate.alone(client, connection.workers), now)
        self._sharing = Sharing()
        self._now = now

    async def call(
        self,
        call: Call,
        kind: Kind,
        model: str,
        method: str,
        *,
        company: str | None = None,
        context: Mapping[str, Any] = _NO_CONTEXT,
        touches: tuple[str, ...] = (),
        **arguments: Any,
    ) -> Any:
        """What the method returns, decoded; numbers with a point come as Decimal.

        `company` (default: the call's) becomes the only allowed company. Calls that name the same in `touches` (an
        order, a SKU) go one after another, on all nodes. Reads that wait for their turn are shared. Raises as
        `classify.decode` and the outbound client do; a call that may change something is refused with Misconfigured
        where writes are not allowed.
        """
        asked = f"{model}/{method}"
        if kind.changes and not self._connection.allow_writes:
            raise Misconfigured(f"writing to Odoo is not allowed ({asked})", remedy="set allow_writes: true")
        companies = [number(company or call.company, "company")]
        body = {**arguments, "context": {"allowed_company_ids": companies, **context}}
        if kind.changes:
            return await self._sent(call, kind, asked, lambda: body, touches)
        return await self._shared(call, kind, asked, body)

    async def _shared(self, call: Call, kind: Kind, asked: str, body: dict[str, Any]) -> Any:
        """A read, together with others that wait for the same. Only `read` by few ids is merged with others."""
        ids, rank, seconds = body.get("ids"), int(call.criticality), self._left(call)
        if asked.endswith("/read") and isinstance(ids, list) and 0 < len(ids) <= SMALL:

            async def read(wanted: Callable[[], list[int]]) -> list[dict[str, Any]]:
                rows: list[dict[str, Any]] = await self._sent(call, kind, asked, lambda: {**body, "ids": wanted()})
                return rows

            rest = {name: value for name, value in body.items() if name != "ids"}
            return await self._sharing.read(key_of(asked, rank, rest), ids, seconds, read)

        async def ask(begun: Callable[[], object]) -> Any:
            def made() -> dict[str, Any]:
                begun()
                return body

            return await self._sent(call, kind, asked, made)

        return await self._sharing.ask(key_of(asked, rank, body), seconds, ask)

    async def _sent(
        self,
        call: Call,
        kind: Kind,
        asked: str,
        body: Callable[[], dict[str, Any]],
        touches: tuple[str, ...] = (),
    ) -> Any:
        return await self._speaker.say(
            lambda: self._terms(int(call.criticality), call.deadline, asked, touches),
            asked,
            body,
            changes=kind.changes,
            deadline=call.deadline,
            seconds=kind.seconds,
        )

    def _terms(self, rank: int, deadline: datetime, asked: str, touches: tuple[str, ...] = ()) -> Terms:
        place = origin(self._connection.url)
        return Terms(rank=rank, seconds=self._until(deadline), what=asked, place=place, touches=touches)

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
        return await self._speaker.version(lambda: self._terms(Criticality.NORMAL, deadline, "version"), deadline)

    def _left(self, call: Call) -> float:
        return self._until(call.deadline)

    def _until(self, deadline: datetime) -> float:
        seconds = (deadline - self._now()).total_seconds()
        if seconds <= 0:
            raise TryAgain("the deadline passed before Odoo was asked")
        return seconds


def number(text: str, what: str) -> int:
    """A foreign id as the number that Odoo knows. Misconfigured when it is none."""
    if not (text.isascii() and text.isdigit()):
        raise Misconfigured(f"the id of a {what} in Odoo is a number", remedy=f"correct the {what} in the landscape")
    return int(text)
