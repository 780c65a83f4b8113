"""What a failure of Postgres means for the caller: the driver's errors become ours, by what happens next."""

from __future__ import annotations

import asyncpg

from tillway.errors import OutcomeUnknown, TryAgain, Unavailable

CONNECTION_LOST = (
    asyncpg.PostgresConnectionError,  # 08...: the connection broke
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    OSError,  # refused, reset, no such socket; TimeoutError is one of these
    EOFError,
)
"""The connection ended: a commit that was in flight may or may not have happened."""

NOT_CONNECTED = (asyncpg.CannotConnectNowError, asyncpg.TooManyConnectionsError)
"""No session was given: nothing can have happened."""

NO_ROOM = (
    asyncpg.InsufficientResourcesError,  # 53...: disk full, out of memory
    asyncpg.QueryCanceledError,  # statement_timeout, or the cut of a transaction
    asyncpg.ReadOnlySQLTransactionError,  # the far side became a replica
)
"""The server answered that it did nothing for reasons that pass."""

CONTENTION = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.InvalidCachedStatementError,  # a migration ran between preparing the statement and using it
    asyncpg.OutdatedSchemaCacheError,
)
"""Another transaction was in the way; the same work may succeed at once."""


def translate(error: Exception, *, committing: bool = False) -> Exception:
    """The error to raise for this one; the same object when it is none of ours, e.g. UniqueViolationError.

    `committing` says that a commit was in flight: a connection lost then is OutcomeUnknown instead of Unavailable.
    """
    if isinstance(error, NOT_CONNECTED):
        return Unavailable("Postgres takes no connection just now")
    if isinstance(error, NO_ROOM):
        return Unavailable(f"Postgres could not do it just now ({type(error).__name__})")
    if isinstance(error, CONTENTION):
        return TryAgain(f"another transaction was in the way ({type(error).__name__})")
    if isinstance(error, CONNECTION_LOST):
        what = "Postgres did not answer in time" if isinstance(error, TimeoutError) else "Postgres was lost"
        return OutcomeUnknown(f"{what} while it committed") if committing else Unavailable(what)
    if _before_sending(error):
        return Unavailable("Postgres was lost")
    return error


def _before_sending(error: Exception) -> bool:
    """Did the driver itself notice, before it sent anything, that the connection is of no use?

    It says so in words only: "connection is closed", "pool is closing", or, when the server has said farewell and the
    line is not down yet, "cannot switch to state ...".
    """
    if isinstance(error, asyncpg.InterfaceError):
        return "clos" in str(error)
    return isinstance(error, asyncpg.InternalClientError) and "cannot switch to state" in str(error)
