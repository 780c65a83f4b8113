"""Every error Tillway raises on purpose, in one tree; the class says what happens next.

    TillwayError
    ├── Rejected              reject: the asker must change something first
    │   ├── Malformed         400  not the media type it claims to be
    │   ├── Unauthenticated   401  we do not know who asks
    │   ├── Forbidden         403  we know, and they may not
    │   ├── NotFound          404
    │   ├── Conflict          409  short stock, wrong state, or the same work still under way
    │   ├── Gone              410  retired version or expired cursor
    │   ├── TooLarge          413
    │   ├── UnsupportedMedia  415
    │   └── Invalid           422  understood and wrong; carries every violation with its JSON pointer
    ├── TryAgain              retry: nothing was done and the same call may succeed later
    │   ├── Unavailable       503  a part of ours or of the far side is down or busy
    │   └── LeaseLost              another node took the work over; this one must drop it
    ├── OutcomeUnknown        ask: an effect was asked for and no answer came; look it up by our reference
    ├── Poison                park: this very piece of work cannot succeed, its neighbours can
    └── Misconfigured         stop: an operator must act; says what, where and the remedy

Nothing secret or personal may be put into a message: messages travel to askers, logs and parked work.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal

Next = Literal["reject", "retry", "ask", "park", "stop"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Violation:
    """One thing that is wrong with a document: where (RFC 6901 pointer), what, and which rule says so."""

    pointer: str
    detail: str
    rule: str = ""


class TillwayError(Exception):
    """Base of all errors raised on purpose. `code` is stable and appears in problem types and exit reports."""

    next: ClassVar[Next] = "reject"
    code: ClassVar[str] = "error"
    title: ClassVar[str] = "Something went wrong"

    def __init__(self, detail: str = "", *, remedy: str = "") -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.remedy = remedy


class Rejected(TillwayError):
    """The asker must change something before asking again."""

    next = "reject"
    status: ClassVar[int] = 400


class Malformed(Rejected):
    """The body is not what its media type says."""

    code, title, status = "malformed", "The request could not be read", 400


class Unauthenticated(Rejected):
    """No usable proof of who is asking. RFC 6750 section 3 names the `error` values."""

    code, title, status = "unauthenticated", "Who is asking is not known", 401


class Forbidden(Rejected):
    """The asker is known and may not do this."""

    code, title, status = "forbidden", "Not allowed", 403


class NotFound(Rejected):
    """There is no such thing, or the asker may not know of it."""

    code, title, status = "not-found", "Not found", 404


class Conflict(Rejected):
    """The state does not allow it now. `retry_after` (seconds) is set when waiting alone can help."""

    code, title, status = "conflict", "Conflicts with the present state", 409

    def __init__(self, detail: str = "", *, remedy: str = "", retry_after: float | None = None) -> None:
        super().__init__(detail, remedy=remedy)
        self.retry_after = retry_after


class Gone(Rejected):
    """It was here and is not any more; the remedy names the successor."""

    code, title, status = "gone", "No longer here", 410


class TooLarge(Rejected):
    """The body is larger than the operation allows."""

    code, title, status = "too-large", "The request is too large", 413


class UnsupportedMedia(Rejected):
    """The operation does not read this media type."""

    code, title, status = "unsupported-media-type", "Media type not supported", 415


class Invalid(Rejected):
    """Understood and wrong. Carries every violation found, not only the first."""

    code, title, status = "invalid", "The request does not keep the contract", 422

    def __init__(self, detail: str = "", *, violations: tuple[Violation, ...] = (), remedy: str = "") -> None:
        super().__init__(detail, remedy=remedy)
        self.violations = violations


class TryAgain(TillwayError):
    """Nothing was done. `retry_after` is in seconds; None leaves it to the caller's own schedule."""

    next = "retry"
    code, title = "try-again", "Not possible just now"

    def __init__(self, detail: str = "", *, remedy: str = "", retry_after: float | None = None) -> None:
        super().__init__(detail, remedy=remedy)
        self.retry_after = retry_after


class Unavailable(TryAgain):
    """A part of ours or of the far side is down or busy; holds a follower on its schedule, parks nothing."""

    code, title = "unavailable", "A part that is needed is not available"


class LeaseLost(TryAgain):
    """Another node holds the lease now: drop what was in hand, write nothing."""

    code, title = "lease-lost", "Another node took this work over"


class OutcomeUnknown(TillwayError):
    """An effect was asked for and no answer came. Never repeat blindly: look it up by our reference first."""

    next = "ask"
    code, title = "outcome-unknown", "It is not known whether this was done"


class Poison(TillwayError):
    """This piece of work cannot succeed as it is; it is parked with its key and everything else goes on."""

    next = "park"
    code, title = "poison", "This piece of work cannot succeed"


class Misconfigured(TillwayError):
    """An operator must act: the message says what is wrong and where, the remedy what to do."""

    next = "stop"
    code, title = "misconfigured", "The configuration does not work"


@dataclass(frozen=True, slots=True)
class Report:
    """An error as it may be shown to anybody: no stack, no foreign text."""

    code: str
    next: Next
    detail: str
    remedy: str = ""
    violations: tuple[Violation, ...] = field(default=())


def report(error: BaseException) -> Report:
    """What may be said of any error. A foreign exception gives its class name only: its text may hold secrets."""
    if isinstance(error, Invalid):
        return Report(error.code, error.next, error.detail, error.remedy, error.violations)
    if isinstance(error, TillwayError):
        return Report(error.code, error.next, error.detail, error.remedy)
    return Report("unexpected", "park", f"unexpected {type(error).__name__}")
