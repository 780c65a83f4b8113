"""Last stage: what happened is put down. A write's entry commits with it; everything else goes by the buffer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

import msgspec

from tillway import clock
from tillway.audit import FIRST_REFUSAL, ITSELF, Buffer, Census, Direction, Entry, Line, Strangers
from tillway.contracts import Operation, Outlines, pointers
from tillway.errors import Unavailable
from tillway.gateway.answering import Outgoing
from tillway.gateway.trail import Trail
from tillway.identity import Principal

# Answers up to this size are looked into by the census: a page of 500 products, decoded in a millisecond.
LOOKED_BYTES_MAX: Final = 256 * 1024

_SERVER_ERROR: Final = 500
_UNAVAILABLE: Final = 503

# Whoever may not call does not depend on being answered.
_MAY_NOT: Final = frozenset({401, 403})


class Auditor:
    """Puts down what happened at one door. `node` names the door in its entries."""

    def __init__(self, node: UUID, *, buffer: Buffer, strangers: Strangers, census: Census, outlines: Outlines) -> None:
        self.node = node
        self._buffer = buffer
        self._strangers = strangers
        self._census = census
        self._outlines = outlines

    async def record(self, trail: Trail, operation: str, out: Outgoing) -> None:
        """Put down an answer before it goes out. Waits only while the buffer is full, see `put`.

        A refusal goes out also when there is no room for it: it is counted, as those of strangers are.
        """
        status = out.status
        asked, principal = trail.operation, trail.principal
        if asked is None or principal is None:
            if FIRST_REFUSAL <= status < _SERVER_ERROR:
                self._count_refusal(trail, operation, status)
            return
        self._count(trail, asked, principal, out)
        if trail.staged == status:
            return  # it was committed with what it tells of
        try:
            await self.put(trail.entry(status))
        except Unavailable as error:
            if status < FIRST_REFUSAL:
                trail.failed(error)
                self._count_refusal(trail, operation, _UNAVAILABLE)
                raise
            self._count_refusal(trail, operation, status)

    async def put(self, entry: Entry) -> None:
        """Put down an entry. Waits only while the buffer is full; Unavailable when that lasts: do not answer then."""
        if not self._buffer.offer(entry):
            await self._buffer.put(entry)

    def _count_refusal(self, trail: Trail, operation: str, status: int) -> None:
        self._strangers.count(
            operation=operation, status=status, code=trail.code, network=trail.network, release=trail.release
        )

    def _count(self, trail: Trail, asked: Operation, principal: Principal, out: Outgoing) -> None:
        consumer, refused = principal.id, out.status >= FIRST_REFUSAL
        if trail.calls and out.status not in _MAY_NOT:
            device = principal.device or ITSELF
            shop = principal.shop or ITSELF
            self._census.callers.count(Line(asked.api, asked.version, consumer, device, shop))
        if self._census.count(consumer, asked.id, refused=refused, at=trail.at or clock.now()):
            self._census.looked(consumer, asked.id, self._fields(trail, asked, out))
        if trail.strange:
            self._census.strange(consumer, asked.id, trail.strange)
        if trail.endings:
            self._census.ending(consumer, asked.id, trail.endings)

    def _fields(self, trail: Trail, asked: Operation, out: Outgoing) -> Mapping[Direction, set[str]]:
        sent = {f"/query/{name}" for name in trail.query}
        outlines = trail.outlines or self._outlines
        sent.update(pointers(outlines.sent(asked), trail.body))
        body = msgspec.json.decode(out.body) if 0 < len(out.body) <= LOOKED_BYTES_MAX else None
        return {"sent": sent, "read": set(pointers(outlines.read(asked, out.status), body))}
