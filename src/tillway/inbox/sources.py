"""Who may tell: whoever knows an address that cannot be guessed. Odoo signs nothing, so the address is the secret.

The secret stands in the address alone, in Odoo. Here only its digest is kept: neither a copy of the database nor a log
opens anything, and looking one up takes the same time whatever was sent.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from hmac import compare_digest
from typing import Any, Final

from tillway import clock
from tillway.inbox.statements import SQL
from tillway.postgres import Database, Part, Tx

# Bits that nobody guesses.
SECRET_BYTES: Final = 32

# A secret is 43 characters of base64url; longer ones are not looked at.
SECRET_LENGTH_MAX: Final = 64

# What was read is good for so long (seconds): a secret that was removed is refused on all doors after that.
REMEMBERED_SECONDS: Final = 5.0

# One that is not known may have been made a moment ago by another door; so it is looked up, but no more often than
# this (seconds), whoever guesses.
LOOKED_SECONDS: Final = 1.0


def digest(secret: str) -> bytes:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def make(tx: Tx, connection: str) -> str:
    """A new secret for a connection, known once this commits."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    tx.stage(Part("inbox_source", SQL["add_source"], (digest(secret), connection)))
    return secret


def forget(tx: Tx, connection: str, *, but: Iterable[str] = ()) -> None:
    """No other secret of a connection than these is known any more."""
    kept = [digest(secret) for secret in but]
    tx.stage(Part("inbox_forgotten", SQL["drop_sources"], (connection, kept)))


async def known(db: Any) -> dict[bytes, str]:
    """Connections by the digests of their secrets."""
    return {row["digest"]: row["connection"] for row in await db.fetch(SQL["sources"])}


class Sources:
    """The sources as one door knows them."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._known: dict[bytes, str] = {}
        self._read_at = float("-inf")

    async def connection(self, secret: str) -> str | None:
        """Whose secret this is; None for nobody's. Errors as the database's."""
        if not secret or len(secret) > SECRET_LENGTH_MAX:
            return None
        asked = digest(secret)
        age = clock.monotonic() - self._read_at
        if age > REMEMBERED_SECONDS:
            await self._read()
        found = self._find(asked)
        if found is None and age > LOOKED_SECONDS:
            await self._read()
            found = self._find(asked)
        return found

    async def _read(self) -> None:
        now = clock.monotonic()
        self._known = await known(self._db)
        self._read_at = now

    def _find(self, asked: bytes) -> str | None:
        found = None
        for kept, connection in self._known.items():
            if compare_digest(kept, asked):
                found = connection
        return found
