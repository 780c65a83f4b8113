"""Errors as answers: RFC 9457 problem documents with a stable `type`, and the headers that go with them. Pure.

What may be said is decided in `errors.report`: a foreign exception gives its class name, never its text or its stack.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar, Final

import msgspec

from tillway.errors import (
    Misconfigured,
    OutcomeUnknown,
    Poison,
    Rejected,
    Report,
    TillwayError,
    TryAgain,
    Unauthenticated,
    report,
)

MEDIA_TYPE: Final = b"application/problem+json"
_CHALLENGE: Final = 'Bearer realm="tillway"'

# Seconds a caller is asked to wait when the error itself does not say: long enough to matter, short enough for a till.
RETRY_AFTER_SECONDS: Final = 1

_UNEXPECTED: Final = 500
_UNAVAILABLE: Final = 503

_UNEXPECTED_TITLE: Final = "Something went wrong on our side"
_NOT_FOR_ASKERS: Final = (
    "the hub cannot do this as it is set up; its operators find the reason under this correlation id"
)
_OUTCOME_UNKNOWN_REMEDY: Final = "repeat the request with the same Idempotency-Key, or read what it was to create"

Headers = list[tuple[bytes, bytes]]


class MethodNotAllowed(Rejected):
    """The path exists, with other methods. `allow` names them (RFC 9110 section 15.5.6)."""

    code, title, status = "method-not-allowed", "This path has no such method", 405
    allow: ClassVar[tuple[str, ...]] = ()

    def __init__(self, detail: str = "", *, allow: tuple[str, ...] = (), remedy: str = "") -> None:
        super().__init__(detail, remedy=remedy)
        self.allow = allow  # type: ignore[misc]  # an instance says its own


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """An error, ready to send: HTTP status, headers (media type included) and the JSON body."""

    status: int
    headers: Headers
    body: bytes


def status_of(error: BaseException) -> int:
    """The HTTP status of an error: its own if it has one, 503 when waiting may help, 500 for everything else."""
    own: int | None = getattr(error, "status", None) if isinstance(error, TillwayError) else None
    if own is not None:
        return own
    return _UNAVAILABLE if isinstance(error, (TryAgain, OutcomeUnknown)) else _UNEXPECTED


def render(error: BaseException, *, correlation: str) -> Problem:
    """The problem document of any error. `correlation` is what the asker quotes when asking for help."""
    status = status_of(error)
    said = _sayable(error)
    document: dict[str, Any] = {
        "type": f"/problems/{said.code}",
        "status": status,
        "title": error.title if isinstance(error, TillwayError) else _UNEXPECTED_TITLE,
        "detail": said.detail,
        "correlation": correlation,
    }
    if said.remedy:
        document["remedy"] = said.remedy
    if said.violations:
        document["violations"] = [
            {"pointer": violation.pointer, "detail": violation.detail}
            | ({"rule": violation.rule} if violation.rule else {})
            for violation in said.violations
        ]
    headers: Headers = [(b"content-type", MEDIA_TYPE), *_extra_headers(error)]
    headers += getattr(error, "headers", ())
    return Problem(status=status, headers=headers, body=msgspec.json.encode(document))


def _sayable(error: BaseException) -> Report:
    said = report(error)
    if isinstance(error, (Misconfigured, Poison)) or said.next == "stop":
        return Report(said.code, said.next, _NOT_FOR_ASKERS)
    if isinstance(error, OutcomeUnknown) and not said.remedy:
        return Report(said.code, said.next, said.detail, _OUTCOME_UNKNOWN_REMEDY)
    return said


def _extra_headers(error: BaseException) -> Headers:
    if isinstance(error, MethodNotAllowed):
        return [(b"allow", ", ".join(error.allow).encode())]
    # RFC 6750 section 3: an error that knows its challenge carries it; a 401 has one in any case.
    challenge = getattr(error, "challenge", _CHALLENGE if isinstance(error, Unauthenticated) else "")
    if challenge:
        return [(b"www-authenticate", challenge.encode())]
    asked = getattr(error, "retry_after", None)
    if isinstance(error, (TryAgain, OutcomeUnknown)) or asked is not None:
        return [(b"retry-after", str(max(RETRY_AFTER_SECONDS, math.ceil(asked or 0))).encode())]
    return []
