"""Fifth stage: may they do this, and what of it may they touch. From memory, but for the first time."""

from __future__ import annotations

import asyncio
from datetime import datetime

import msgspec

from tillway.contracts import Operation
from tillway.errors import Forbidden
from tillway.gateway.authenticate import Asker
from tillway.identity import Decider, Grant, Principal, decider
from tillway.landscape import Landscape

# Left to the loop after each call into Cedar, which holds the interpreter for about 1 ms: the loop comes first.
PAUSE_SECONDS = 0.001

# Whoever may not send a fact any more is still told what became of it.
_OF_THE_FACT = frozenset({"public", "internal"})


class Admitted(msgspec.Struct, frozen=True):
    """What the asker may touch. `doubt` says why a fact's sender may not send, though it is kept."""

    grant: Grant
    doubt: str | None = None


class Authoriser:
    """Authorises the requests of one door. What takes long is decided beside the loop, once for all who wait for it."""

    def __init__(self) -> None:
        self._long: dict[tuple[object, ...], asyncio.Task[Grant]] = {}

    async def admitted(
        self, asker: Asker, operation: Operation, landscape: Landscape, now: datetime, peer: str
    ) -> Admitted:
        """The asker's grant for this operation; Forbidden when there is none.

        A fact is never refused for a right that was withdrawn: whoever holds a token issued for it is admitted with
        a doubt, without any grant.
        """
        who = asker.principal
        if asker.doubt is not None:
            return Admitted(_nothing(who.id, landscape), asker.doubt)
        try:
            decides = decider(landscape)
            found = decides.remembered(who, operation, now, peer)
            return Admitted(found or await self._decided(decides, who, operation, now, peer))
        except Forbidden as error:
            if not operation.fact or operation.scope not in who.claimed:
                raise
            doubt = f"the sender {who.id} may not send this any more ({error.code})"
            return Admitted(_nothing(who.id, landscape), doubt)

    async def _decided(self, decides: Decider, who: Principal, operation: Operation, now: datetime, peer: str) -> Grant:
        if not decides.is_long(who, now, peer):
            return decides.decide(who, operation, now, peer)
        key = (decides.landscape.hash, who.id, who.scopes, who.shop, who.roles, operation.id, peer)
        task = self._long.get(key)
        if task is None:
            task = asyncio.create_task(
                asyncio.to_thread(decides.decide, who, operation, now, peer, pause=PAUSE_SECONDS)
            )
            self._long[key] = task
            task.add_done_callback(lambda _: self._long.pop(key, None))
        return await asyncio.shield(task)


def _nothing(consumer: str, landscape: Landscape) -> Grant:
    return Grant(
        consumer=consumer,
        kind="machine",
        scopes=frozenset(),
        shops=frozenset(),
        classes=_OF_THE_FACT,
        release=landscape.hash,
    )


ANYBODY = Admitted(Grant(consumer="-", kind="machine", scopes=frozenset(), shops=frozenset(), classes=_OF_THE_FACT))
"""Who calls a public operation: nobody in particular, who may touch nothing."""
