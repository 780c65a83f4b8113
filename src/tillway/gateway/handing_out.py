"""Tokens that are handed out are put down: to whom, by which grant and method, for which scopes; never the token."""

from __future__ import annotations

from uuid import UUID

from tillway import clock, ids
from tillway.audit import Entry
from tillway.gateway.auditing import Auditor
from tillway.gateway.pipeline import Request
from tillway.gateway.trail import network_class
from tillway.identity import Issued
from tillway.landscape import Active

ISSUED = "issueToken"
"""What the audit calls it."""


class HandingOut:
    """Puts down the tokens of one door; they are kept as long as reads are, for there are nearly as many."""

    def __init__(self, auditor: Auditor | None, active: Active) -> None:
        self._auditor = auditor
        self.active = active
        self.node: UUID = ids.new() if auditor is None else auditor.node
        """What names the door in the audit."""

    async def put(self, request: Request, issued: Issued) -> None:
        """Put down one token before it leaves. Waits only while the buffer is full; Unavailable when that lasts."""
        if self._auditor is not None:
            await self._auditor.put(self._entry(request, issued))

    def _entry(self, request: Request, issued: Issued) -> Entry:
        return Entry(
            kind_of="read",
            at=clock.now(),
            node=self.node,
            operation=ISSUED,
            status=200,
            network=network_class(request.peer),
            release=self.active.current.hash,
            principal=issued.subject,
            kind=issued.kind,
            actor=issued.holder,
            api="oauth2",
            subject=issued.token_id,
            code=f"{issued.grant} by {issued.method}: {' '.join(issued.scopes)}",
            correlation=request.context.correlation,
        )
