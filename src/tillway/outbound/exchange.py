"""One exchange with the outside: what is asked, what comes back, and how long it may take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final

CONNECT_SECONDS: Final = 5.0
"""To resolve, connect and shake hands. A far side that takes longer is down for our purposes; nothing was done yet."""

TOTAL_SECONDS: Final = 15.0
"""For the whole exchange when nothing else is said: a healthy far side needs a third of it at its 99th percentile."""

ANSWER_BYTES: Final = 16 * 1024 * 1024
"""The largest answer kept: a page of 500 products is under 1 MiB, a booked sale under 100 KiB. More is not for us."""


def _no_headers() -> Mapping[str, str]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a call may take (seconds) and how large its answer may be (bytes)."""

    connect: float = CONNECT_SECONDS
    total: float = TOTAL_SECONDS
    answer: int = ANSWER_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A call to the outside. Its headers and body never show in a representation, so they can't slip into a log."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=_no_headers, repr=False)
    body: bytes = field(default=b"", repr=False)
    changes: bool
    """Whether it may change something over there: a call without an answer is then of unknown outcome."""
    deadline: datetime | None = None
    """When nobody waits any more; cuts `limits.total` short."""
    limits: Limits = field(default_factory=Limits)
    upstream: str = ""
    """The far side's name, under which its failures count; empty: the URL's scheme, host and port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back, whatever its status. Header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=_no_headers, repr=False)
    body: bytes = field(default=b"", repr=False)
