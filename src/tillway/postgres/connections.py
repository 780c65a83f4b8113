"""One connection to Postgres as the hub wants it: settings that guard the server, and no reset between uses."""

from __future__ import annotations

import contextlib
import logging
import re
from typing import Any

import asyncpg

from tillway.errors import Misconfigured

from .failures import CONNECTION_LOST, translate

CONNECT_SECONDS = 5.0
"""Longest wait for a new session."""

IDLE_IN_TRANSACTION_SECONDS = 5
"""A transaction whose client fell silent holds locks; the server ends its session after this."""

RELEASE_SECONDS = 1.0
"""A connection whose statement was given up must answer within this, or it is thrown away."""

_log = logging.getLogger("tillway.postgres")
_PASSWORDS = ((re.compile(r"(://[^/@:]*):.*@"), r"\1:***@"), (re.compile(r"([?&]password=)[^&]*"), r"\1***"))


class Connection(asyncpg.Connection):
    """A pooled connection that goes back without a reset round trip: nobody sets anything on a session."""

    def get_reset_query(self) -> str:
        """Nothing to reset; an open transaction is still rolled back by the driver."""
        return ""


def session_settings(name: str, statement_timeout: float) -> dict[str, str]:
    """Run-time parameters of a session. `statement_timeout` is in seconds, 0 = none."""
    return {
        "application_name": f"tillway {name}"[:63],
        "timezone": "UTC",
        "jit": "off",  # compiling costs more than any of our statements
        "idle_in_transaction_session_timeout": str(IDLE_IN_TRANSACTION_SECONDS * 1000),
        "statement_timeout": str(int(statement_timeout * 1000)),
    }


async def connect(dsn: str, name: str, *, statement_timeout: float = 0) -> Connection:
    """A session of its own, outside any pool. Unavailable when there is none; Misconfigured when the DSN is wrong."""
    try:
        connection: Connection = await asyncpg.connect(
            dsn,
            timeout=CONNECT_SECONDS,
            connection_class=Connection,
            server_settings=session_settings(name, statement_timeout),
        )
    except Exception as error:
        raise refused(error, dsn) from error
    return connection


def drop(connection: Any) -> None:
    """Close a pooled connection at once, without a word to the server; the pool makes another when it needs one."""
    with contextlib.suppress(asyncpg.InterfaceError):  # the pool noticed first and has taken it back
        connection.terminate()


async def give_back(pool: asyncpg.Pool[Any], connection: Any) -> None:
    """Return a connection to its pool; one that does not answer any more is closed instead, and nobody waits for it."""
    try:
        await pool.release(connection, timeout=RELEASE_SECONDS)
    except (*CONNECTION_LOST, asyncpg.InterfaceError) as error:
        _log.info("a connection was dropped (%s)", type(error).__name__)


def refused(error: Exception, dsn: str) -> Exception:
    """Why no session was given: Misconfigured when waiting cannot help, else what `translate` says."""
    lasting = (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidCatalogNameError)
    if isinstance(error, (*lasting, asyncpg.ClientConfigurationError, ValueError)):
        return Misconfigured(
            f"Postgres refuses {shown(dsn)} ({type(error).__name__})",
            remedy="check user, password and database name in TILLWAY_DATABASE_URL",
        )
    return translate(error)


def shown(dsn: str) -> str:
    """The DSN without its password, for messages."""
    for pattern, instead in _PASSWORDS:
        dsn = pattern.sub(instead, dsn)
    return dsn
