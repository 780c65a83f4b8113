"""What an answer of Odoo's JSON-2 door means for what happens next. Pure.

An error is judged by the `name` of Odoo's exception, never by the status alone: 404 is a missing record, model,
method or database; 500 is often a mistake in the call. An answer that is not JSON comes from something in front of
Odoo, which does not know whether Odoo did the work. `debug` (a traceback with paths) is dropped where it is decoded,
and of `message` only a scrubbed first line is kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from enum import Enum
from typing import Any, Final

import msgspec

from tillway.errors import (
    Forbidden,
    Invalid,
    NotFound,
    OutcomeUnknown,
    Poison,
    TillwayError,
    TryAgain,
    Unavailable,
)


class NotThere(Unavailable):
    """The model, method or database does not exist over there: an operator must act, all its calls fail alike."""

    title = "Odoo lacks what is asked for"


class KeyRefused(Unavailable):
    """The key is not accepted: another one may be."""


class Fate(Enum):
    """What became of a call that was answered with an error."""

    REFUSED = "refused"
    """Not done: the data or the state of the records does not allow it."""
    WRONG = "wrong"
    """Not done: the call itself does not fit this Odoo (field, argument, type)."""
    FORBIDDEN = "forbidden"
    """Not done: the user behind our key may not."""
    MISSING = "missing"
    """Not done: the record is gone."""
    ABSENT = "absent"
    """Not done: the model or method does not exist there; a module is not installed."""
    KEY = "key"
    """Not done: the key is not accepted."""
    BUSY = "busy"
    """Not done, rolled back for sure: the same call may succeed later."""
    UNSETTLED = "unsettled"
    """Odoo, or something before it, broke off: a change may have been committed."""


_BY_NAME: Final[Mapping[str, Fate]] = {
    "odoo.exceptions.AccessDenied": Fate.KEY,
    "odoo.exceptions.AccessError": Fate.FORBIDDEN,
    "odoo.exceptions.ConcurrencyError": Fate.BUSY,
    "odoo.exceptions.LockError": Fate.BUSY,
    "odoo.exceptions.MissingError": Fate.MISSING,
    "odoo.exceptions.RedirectWarning": Fate.REFUSED,
    "odoo.exceptions.UserError": Fate.REFUSED,
    "odoo.exceptions.ValidationError": Fate.REFUSED,
    "odoo.http.SessionExpiredException": Fate.KEY,
    "odoo.sql_db.PoolError": Fate.BUSY,
    "werkzeug.exceptions.BadRequest": Fate.WRONG,
    "werkzeug.exceptions.Forbidden": Fate.FORBIDDEN,
    "werkzeug.exceptions.MethodNotAllowed": Fate.WRONG,
    "werkzeug.exceptions.NotFound": Fate.ABSENT,
    "werkzeug.exceptions.RequestEntityTooLarge": Fate.WRONG,
    "werkzeug.exceptions.ServiceUnavailable": Fate.BUSY,
    "werkzeug.exceptions.TooManyRequests": Fate.BUSY,
    "werkzeug.exceptions.Unauthorized": Fate.KEY,
    "werkzeug.exceptions.UnprocessableEntity": Fate.WRONG,
    "werkzeug.exceptions.UnsupportedMediaType": Fate.WRONG,
    # Postgres says so before or instead of a commit: the transaction is rolled back.
    "psycopg2.errors.CannotConnectNow": Fate.BUSY,
    "psycopg2.errors.DeadlockDetected": Fate.BUSY,
    "psycopg2.errors.InFailedSqlTransaction": Fate.BUSY,
    "psycopg2.errors.LockNotAvailable": Fate.BUSY,
    "psycopg2.errors.QueryCanceled": Fate.BUSY,
    "psycopg2.errors.SerializationFailure": Fate.BUSY,
    "psycopg2.errors.TooManyConnections": Fate.BUSY,
    # The connection to Postgres broke, perhaps while it was committing.
    "psycopg2.InterfaceError": Fate.UNSETTLED,
    "psycopg2.OperationalError": Fate.UNSETTLED,
    "psycopg2.errors.AdminShutdown": Fate.UNSETTLED,
    "psycopg2.errors.ConnectionException": Fate.UNSETTLED,
    "psycopg2.errors.ConnectionFailure": Fate.UNSETTLED,
    "psycopg2.errors.CrashShutdown": Fate.UNSETTLED,
}

_BY_PREFIX: Final = (
    ("builtins.", Fate.WRONG),  # ValueError, KeyError, AttributeError...: an unknown field, operator or type
    ("psycopg2.", Fate.WRONG),  # what is not named above is about the data: InvalidTextRepresentation, DataError...
)

_SERVER_ERROR: Final = 500
_REDIRECT: Final = range(300, 400)
_SUCCESS: Final = range(200, 300)
_HTML_FATES: Final[Mapping[int, Fate]] = {
    # Statuses that Odoo and proxies give before any work: no database of that name, no such page, too large, slow down.
    400: Fate.WRONG,
    401: Fate.KEY,
    403: Fate.ABSENT,
    404: Fate.ABSENT,
    405: Fate.WRONG,
    413: Fate.WRONG,
    415: Fate.WRONG,
    429: Fate.BUSY,
}

MESSAGE_LENGTH: Final = 200
"""Characters kept of a message of theirs: one sentence."""

_decoder: Final = msgspec.json.Decoder(float_hook=Decimal)


class _Problem(msgspec.Struct, frozen=True):
    """The two members of an error body that are read. `debug`, `arguments` and `context` are not even decoded."""

    name: str = ""
    message: Any = ""


def decode(status: int, body: bytes, *, asked: str, changes: bool, retry_after: str | None = None) -> Any:
    """The value that Odoo answered, numbers with a point as Decimal; otherwise raises what the answer means.

    `asked` names model and method for the error's text. Forbidden, NotFound, Invalid, Poison: not done and never
    will be. Unavailable and TryAgain: not done. OutcomeUnknown: a change may have been done.
    """
    if status in _SUCCESS:
        try:
            return _decoder.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise _error(Fate.UNSETTLED, asked, "the answer is not JSON", changes=changes) from None
    problem = _problem(body)
    wait = float(retry_after) if retry_after is not None and retry_after.isdecimal() else None
    if problem is None:
        fate = _HTML_FATES.get(status, Fate.ABSENT if status in _REDIRECT else Fate.UNSETTLED)
        raise _error(fate, asked, f"status {status} without a word of Odoo's", changes=changes, retry_after=wait)
    raise _error(fate_of(status, problem.name), asked, scrub(problem.message), changes=changes, retry_after=wait)


def fate_of(status: int, name: str) -> Fate:
    """What an error of this name means; the status counts only for names never seen."""
    if name in _BY_NAME:
        return _BY_NAME[name]
    for prefix, fate in _BY_PREFIX:
        if name.startswith(prefix):
            return fate
    # Odoo answered by itself, so its transaction is rolled back whatever the exception was.
    return Fate.BUSY if status >= _SERVER_ERROR else Fate.REFUSED


class _RpcError(msgspec.Struct, frozen=True):
    data: _Problem = _Problem()


class _RpcAnswer(msgspec.Struct, frozen=True):
    """JSON-RPC answers 200 whatever happened; without `error`, a missing `result` is null."""

    result: msgspec.Raw = msgspec.Raw(b"null")
    error: _RpcError | None = None


_RPC_ABSENT: Final = (
    ("odoo.exceptions.UserError", re.compile(r"Object \S+ doesn't exist")),
    ("builtins.AttributeError", re.compile(r"The method '\S+' does not exist")),
)
"""What JSON-RPC says of a model or method that is not there."""


def decode_rpc(status: int, body: bytes, *, asked: str, changes: bool) -> Any:
    """As `decode`, of an answer of the JSON-RPC door."""
    if status not in _SUCCESS:
        return decode(status, body, asked=asked, changes=changes)
    try:
        answer = msgspec.json.decode(body, type=_RpcAnswer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _error(Fate.UNSETTLED, asked, "the answer is not JSON", changes=changes) from None
    if answer.error is None:
        return _decoder.decode(answer.result)
    problem = answer.error.data
    message = str(problem.message)
    if any(problem.name == name and words.match(message) for name, words in _RPC_ABSENT):
        fate = Fate.ABSENT
    else:
        fate = fate_of(_SERVER_ERROR, problem.name)
    raise _error(fate, asked, scrub(problem.message), changes=changes)


_SCRUBBED: Final = (
    re.compile(r"\S+@\S+"),  # e-mail addresses
    re.compile(r"\b[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE),  # URLs
    re.compile(r"(?:/[\w.+-]+){2,}"),  # paths on their server
    re.compile(r"\b[0-9a-fA-F]{20,}\b"),  # keys and tokens
    re.compile(r"\+?\d(?:[\d ()./-]{5,}\d)"),  # phone and card numbers, seven digits and more
)


def scrub(message: Any) -> str:
    """The first line of a message of theirs, at most 200 characters, without what can be a person, secret or path."""
    lines = str(message).strip().splitlines()
    text = "".join(character for character in (lines[0] if lines else "") if character.isprintable())
    for pattern in _SCRUBBED:
        text = pattern.sub("[...]", text)
    return text if len(text) <= MESSAGE_LENGTH else text[: MESSAGE_LENGTH - 3] + "..."


def _problem(body: bytes) -> _Problem | None:
    """The error body, or None when it is not one of Odoo's."""
    try:
        problem = msgspec.json.decode(body, type=_Problem)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return problem if problem.name else None


def _error(fate: Fate, asked: str, message: str, *, changes: bool, retry_after: float | None = None) -> TillwayError:
    text = f"Odoo, {asked}: {message}" if message else f"Odoo, {asked}"
    match fate:
        case Fate.REFUSED:
            return Invalid(text)
        case Fate.WRONG:
            return Poison(text, remedy="this Odoo does not understand the call: compare its version and modules")
        case Fate.FORBIDDEN:
            return Forbidden(text, remedy="give the user behind the connection's key the right that is missing")
        case Fate.MISSING:
            return NotFound(text)
        case Fate.ABSENT:
            remedy = "check the connection's url and database, and that the module is installed there"
            return NotThere(text, remedy=remedy)
        case Fate.KEY:
            return KeyRefused(f"Odoo refuses the key of this connection ({asked})", remedy="put a valid API key")
        case Fate.BUSY:
            return TryAgain(text, retry_after=retry_after)
        case Fate.UNSETTLED:
            return OutcomeUnknown(text) if changes else TryAgain(text, retry_after=retry_after)
