"""A notice, from its address and body to the nudges that it leaves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tillway.errors import NotFound
from tillway.inbox.notice import model_of
from tillway.inbox.nudges import PATIENCE_SECONDS, Nudges
from tillway.inbox.sources import Sources
from tillway.postgres import Database

Domains = Callable[[str], Sequence[str]]
"""The domains that a change of a model's records may touch; empty for a model that nobody watches."""


class Inbox:
    """What one door hears. `domains` knows the models of the outside; whoever tells waits so many seconds at most."""

    def __init__(self, db: Database, domains: Domains, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._sources = Sources(db)
        self._nudges = Nudges(db, patience_seconds)
        self._domains = domains

    async def source(self, secret: str) -> str:
        """The connection that tells at this address. NotFound for an address that nobody was given."""
        found = await self._sources.connection(secret)
        if found is None:
            raise NotFound("there is nothing at this path", remedy="see /catalog for what there is")
        return found

    async def hear(self, connection: str, body: bytes) -> bool:
        """Keep what it hints at; whether it hints at anything. Returns once it is committed.

        Malformed when it is no JSON, Unavailable when it could not be kept.
        """
        model = model_of(body)
        domains = () if model is None else self._domains(model)
        if domains:
            await self._nudges.keep(connection, domains)
        return bool(domains)
