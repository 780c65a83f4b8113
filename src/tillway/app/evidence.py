"""The evidence of a door: what it tells the audit with, and the hub's signature for those who seal it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from tillway import contracts, ids
from tillway.audit import HELD_MAX, Buffer, Census, Sign, Strangers
from tillway.contracts import Outlines
from tillway.gateway import Auditor
from tillway.identity import SigningKeys, attest
from tillway.postgres import Database


@contextlib.asynccontextmanager
async def audited(db: Database, *, held_max: int = HELD_MAX) -> AsyncIterator[Auditor]:
    """The auditor of one door, which holds so many entries at most; on leaving everything it holds is kept."""
    node = ids.new()
    strangers, census = Strangers(node), Census()
    async with Buffer(db, strangers, census, held_max=held_max) as buffer:
        outlines = Outlines(contracts.load())
        yield Auditor(node, buffer=buffer, strangers=strangers, census=census, outlines=outlines)


def signing(keys: SigningKeys) -> Sign:
    """Signs with the key that signs tokens now."""
    return lambda payload: attest(payload, keys.ring.signing)
