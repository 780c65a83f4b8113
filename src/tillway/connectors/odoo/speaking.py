"""Which door an Odoo is spoken to through, and with which key: both may change while we run.

A call goes over JSON-2 until there is no such door; then the server is asked for its version, and below 19 JSON-RPC is
used from there on. A key that is refused is laid aside for the next one, so that keys overlap and nobody restarts.
Both refusals mean that nothing was done, so the same call is said again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from tillway.errors import Misconfigured, TryAgain
from tillway.outbound import Gate, Limits, Reply, Request, Terms, origin

from .classify import KeyRefused, NotThere, decode, decode_rpc
from .dialects import JSON2_SINCE, Dialect, major_of
from .places import Connection
from .transports import OverJson2, OverJsonRpc, Said, Transport, speaks_otherwise

log = logging.getLogger(__name__)

VERSION_SECONDS: Final = 5.0
"""The version is answered without a database; an Odoo that can't within this is not there."""

SAID_AGAIN: Final = 3
"""The same call is said at most so often: through another door, and with another key."""


class Speaker:
    """One connection's way to speak."""

    def __init__(self, connection: Connection, gate: Gate, now: Callable[[], datetime]) -> None:
        self._connection = connection
        self._gate = gate
        self._now = now
        self._base = connection.url.rstrip("/")
        self._keys = [connection.key, *([connection.next_key] if connection.next_key else [])]
        self._users: dict[str, int] = {}
        self._json2, self._rpc = OverJson2(connection.database), OverJsonRpc(connection.database)
        self._transport: Transport = self._rpc if connection.protocol == "jsonrpc" else self._json2
        self._dialect = Dialect(JSON2_SINCE)

    @property
    def key(self) -> str:
        """The key in use."""
        return self._keys[0]

    async def say(
        self,
        terms: Callable[[], Terms],
        asked: str,
        body: Callable[[], dict[str, Any]],
        *,
        changes: bool,
        deadline: datetime,
        seconds: float,
    ) -> Any:
        """The answer to a call; raises what it means."""
        model, _, method = asked.partition("/")
        for left in reversed(range(SAID_AGAIN)):
            transport, dialect, key = self._transport, self._dialect, self.key
            try:
                user = await self._user(terms, key, deadline) if transport.needs_user else 0

                def request(
                    transport: Transport = transport, dialect: Dialect = dialect, key: str = key, user: int = user
                ) -> Request:
                    said = transport.say(model, method, dialect.body(model, body()), key, user)
                    return self._request(said, changes=changes, deadline=deadline, seconds=seconds)

                reply = await self._gate.send(terms(), request)
                if left and speaks_otherwise(reply) and await self._otherwise(transport, terms, deadline):
                    continue
                return dialect.answer(model, transport.answer(reply, asked, changes=changes))
            except KeyRefused:
                if not left or not self._laid_aside(key):
                    raise
        raise TryAgain("neither door nor key could be settled")

    async def version(self, terms: Callable[[], Terms], deadline: datetime) -> str:
        """What Odoo says its version is, e.g. `19.0`; it needs no key."""
        reply = await self._ask("GET", Said("/web/version", {}, b""), terms, deadline)
        if speaks_otherwise(reply):
            said = Said("/web/webclient/version_info", {"Content-Type": "application/json"}, b"{}")
            reply = await self._ask("POST", said, terms, deadline)
            told = decode_rpc(reply.status, reply.body, asked="version", changes=False)
            return str(told.get("server_version", "")) if isinstance(told, dict) else ""
        told = decode(reply.status, reply.body, asked="version", changes=False)
        return str(told.get("version", "")) if isinstance(told, dict) else ""

    async def _ask(self, method: str, said: Said, terms: Callable[[], Terms], deadline: datetime) -> Reply:
        request = self._request(said, changes=False, deadline=deadline, seconds=VERSION_SECONDS, method=method)
        return await self._gate.send(terms(), lambda: request)

    async def _otherwise(self, used: Transport, terms: Callable[[], Terms], deadline: datetime) -> bool:
        """Whether the version says that another door is to be used; from now on it is."""
        try:
            major = major_of(await self.version(terms, deadline))
        except NotThere:
            return False
        if major is None or self._connection.protocol != "auto":
            return False
        self._dialect = Dialect(major)
        self._transport = self._json2 if major >= JSON2_SINCE else self._rpc
        if self._transport is not used:
            log.warning(
                "%s is Odoo %d and is called over %s", origin(self._base), major, type(self._transport).__name__
            )
        return self._transport is not used

    async def _user(self, terms: Callable[[], Terms], key: str, deadline: datetime) -> int:
        """The id of the user whose key it is. JSON-RPC wants it, and tells it only for a login."""
        if key not in self._users:
            login = self._connection.login
            if not login:
                raise Misconfigured(
                    f"{origin(self._base)} is called over JSON-RPC, which needs the login of the key's user",
                    remedy="put it as `login` of the connection in the landscape",
                )
            reply = await self._ask("POST", self._rpc.log_in(login, key), terms, deadline)
            user = decode_rpc(reply.status, reply.body, asked="common/authenticate", changes=False)
            if not isinstance(user, int) or isinstance(user, bool):
                raise KeyRefused("Odoo refuses the key of this connection (log in)", remedy="put a valid API key")
            self._users[key] = user
        return self._users[key]

    def _laid_aside(self, key: str) -> bool:
        """Whether there is another key; from now on it is used first."""
        others = [each for each in self._keys if each != key]
        if not others:
            return False
        if self.key == key:
            self._keys = [*others, key]
            log.warning("%s refuses a key; the other one is used from now on", origin(self._base))
        return True

    def _request(
        self, said: Said, *, changes: bool, deadline: datetime, seconds: float, method: str = "POST"
    ) -> Request:
        return Request(
            method=method,
            url=f"{self._base}{said.path}",
            headers=said.headers,
            body=said.body,
            changes=changes,
            deadline=deadline,
            limits=Limits(total=seconds),
        )
