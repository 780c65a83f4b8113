from __future__ import annotations

import asyncpg
import pytest

from tillway.errors import Misconfigured, OutcomeUnknown, TillwayError, TryAgain, Unavailable
from tillway.postgres.connections import refused, shown
from tillway.postgres.failures import translate

LOST = [
    asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
    asyncpg.AdminShutdownError("terminating"),
    asyncpg.CrashShutdownError("terminating"),
    ConnectionResetError(),
    TimeoutError(),
]
NOTHING_DONE = [
    asyncpg.InterfaceError("connection is closed"),
    asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
    asyncpg.CannotConnectNowError("starting up"),
    asyncpg.TooManyConnectionsError("too many"),
    asyncpg.QueryCanceledError("canceling statement"),
    asyncpg.DiskFullError("no space left"),
    asyncpg.ReadOnlySQLTransactionError("read only"),
]
CONTENTION = [
    asyncpg.SerializationError("x"),
    asyncpg.DeadlockDetectedError("x"),
    asyncpg.LockNotAvailableError("x"),
    asyncpg.InvalidCachedStatementError("x"),
]


def classes(errors: list[Exception], *, committing: bool) -> set[type[Exception]]:
    return {type(translate(error, committing=committing)) for error in errors}


def test_a_lost_connection_leaves_a_commit_unknown_and_anything_else_undone() -> None:
    assert classes(LOST, committing=False) == {Unavailable}
    assert classes(LOST, committing=True) == {OutcomeUnknown}


def test_an_answer_that_nothing_was_done_is_unavailable_even_for_a_commit() -> None:
    assert classes(NOTHING_DONE, committing=False) == {Unavailable}
    assert classes(NOTHING_DONE, committing=True) == {Unavailable}


def test_contention_may_be_tried_again_at_once() -> None:
    assert classes(CONTENTION, committing=True) == {TryAgain}


@pytest.mark.parametrize("error", [asyncpg.UniqueViolationError("x"), asyncpg.InterfaceError("wrong use"), KeyError()])
def test_what_is_not_ours_passes_through_as_it_is(error: Exception) -> None:
    assert translate(error) is error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (asyncpg.InvalidPasswordError("x"), Misconfigured),
        (asyncpg.InvalidCatalogNameError("x"), Misconfigured),
        (ValueError("invalid DSN"), Misconfigured),
        (ConnectionRefusedError(), Unavailable),
    ],
)
def test_a_wrong_dsn_needs_an_operator_and_a_missing_server_patience(
    error: Exception, expected: type[TillwayError]
) -> None:
    assert type(refused(error, "postgresql://hub:pw@db/tillway")) is expected


def test_a_dsn_is_shown_without_its_password() -> None:
    assert shown("postgresql://hub:s3cret@db:5432/tillway?x=y") == "postgresql://hub:***@db:5432/tillway?x=y"
    assert (
        shown("postgresql://hub:p@ss@db/tillway?password=s3cret&x=y")
        == "postgresql://hub:***@db/tillway?password=***&x=y"
    )
    assert shown("postgresql://hub@/tillway?host=/run/x") == "postgresql://hub@/tillway?host=/run/x"
