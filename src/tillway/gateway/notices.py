"""`POST /hooks/{source}`: the outside says that something changed. The last segment is a secret, named nowhere.

It is no operation: Odoo sends no token, cares for no answer and waits a second at most, with its own user behind it.
So nothing is done here but to keep that it came, and no slot of the door is held meanwhile.
"""

from __future__ import annotations

from typing import Final, Protocol

from tillway.gateway.answering import Outgoing
from tillway.gateway.pipeline import Request

HOOKS: Final = "/hooks/"

# What is counted of notices.
HOOK: Final = "hook"

_NO_CONTENT: Final = 204
_KEPT: Final = Outgoing(_NO_CONTENT, [], b"")


class Notices(Protocol):
    """Who hears; a room below fills it."""

    async def source(self, secret: str) -> str:
        """The connection that tells at this address. NotFound for an address that nobody was given."""
        ...

    async def hear(self, connection: str, body: bytes) -> bool:
        """Keep what it hints at; whether it hints at anything."""
        ...


async def serve(request: Request, notices: Notices, body_bytes_max: int) -> Outgoing:
    """Who tells is known before anything of the body is read. NotFound, TooLarge, Malformed, Unavailable."""
    connection = await notices.source(request.path.removeprefix(HOOKS))
    await notices.hear(connection, await request.incoming.read(body_bytes_max))
    return _KEPT
