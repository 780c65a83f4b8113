"""Second stage, after the route: may this version still be called, and may this consumer begin with it.

A version that is simply published, and of which nothing ends, costs one look-up.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from tillway import clock
from tillway.audit import Line, first_seen
from tillway.contracts import Document, Operation
from tillway.errors import Forbidden, OutcomeUnknown, TryAgain
from tillway.gateway.authenticate import Asker
from tillway.gateway.lives import Life, NotOffered
from tillway.landscape import Landscape
from tillway.postgres import Database

# Whoever was not seen yet is looked for again after this time (seconds): evidence of other doors comes within a second.
UNSEEN_SECONDS: Final = 30.0

# Consumers remembered by version, about 200 B each.
REMEMBERED_MAX: Final = 10_000


class NotForNew(Forbidden):
    """Whoever called the version before it was deprecated may call on; this consumer did not."""

    code, title = "version-deprecated", "This version takes no new consumers"


class Lifecycle:
    """The stage of one door. Who called which version before is looked up in the census, and remembered."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen: dict[Line, datetime] = {}
        self._unseen: dict[Line, float] = {}

    async def admitted(
        self, life: Life, asker: Asker, operation: Operation, landscape: Landscape, now: datetime
    ) -> Asker:
        """Whoever may call this version, as they came, or with a doubt: a fact is never refused.

        Retired, BrownedOut, Blocked, NotForNew, or NotFound for a draft and whoever does not test it.
        """
        who = asker.principal
        refusal = life.closed(operation, now)
        if refusal is None and life.lifecycle == "draft" and who.id not in life.testers:
            refusal = NotOffered()
        if refusal is None:
            if not operation.fact and life.lifecycle == "deprecated" and life.since is not None and now >= life.since:
                document = landscape.documents.document(operation.api, operation.version)
                await self._known(life, life.since, who.id, document)
            return asker
        if not operation.fact or operation.scope not in who.claimed:
            raise refusal
        return Asker(who, asker.doubt or f"it was sent to {life.name}: {refusal.title.lower()}")

    async def _known(self, life: Life, since: datetime, consumer: str, document: Document) -> None:
        """NotForNew unless the consumer called this version before; let through while nobody can tell."""
        line = Line(document.api, document.version, consumer)
        first = self._seen.get(line)
        if first is None and clock.monotonic() >= self._unseen.get(line, 0.0):
            try:
                names = tuple(each.id for each in document.operations)
                first = await first_seen(self._database, line, names)
            except (TryAgain, OutcomeUnknown):
                return
            _remember(self._seen if first is not None else self._unseen, line, first or _later())
        if first is None or first >= since:
            remedy = f"begin with {life.successor}" if life.successor else "ask the interface's owner what follows it"
            raise NotForNew(f"{life.name} is deprecated, and {consumer} did not call it before", remedy=remedy)


def _later() -> float:
    return clock.monotonic() + UNSEEN_SECONDS


def _remember(kept: dict[Line, Any], line: Line, value: Any) -> None:
    if len(kept) >= REMEMBERED_MAX:
        kept.clear()
    kept[line] = value
