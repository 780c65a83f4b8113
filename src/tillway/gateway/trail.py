"""The trail of one request: what each stage found out, and the entry of the audit that comes of it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import msgspec

from tillway import clock
from tillway.audit import Class, Entry, class_of, staging
from tillway.contracts import Operation, Outlines
from tillway.errors import Invalid, TillwayError, Violation, report
from tillway.gateway.strange import places
from tillway.identity import Grant, Principal
from tillway.masking import scrub, truncate_pan
from tillway.postgres import Part

# What an entry says of a request that was answered with the answer of the first one.
REPLAYED: Final = "idempotency-replayed"

# Rules of violations that tell of a field no contract knows.
STRANGE: Final = frozenset({"additionalProperties", "unknown"})

_NO_RELEASE: Final = "-"
_NO_PARAMETERS: Final[Mapping[str, str]] = {}

# Our ids, references and SKUs. Anything else in a path may be anything, and counts as personal.
_ID: Final = re.compile(r"[\w.:/+-]{1,128}\Z", re.ASCII)

# The shortest card numbers; article numbers have 14 digits at most.
_LONG: Final = re.compile("[0-9]{15}")

# Characters kept of what is personal.
_SUBJECT_MAX: Final = 200
_REASON_MAX: Final = 500

# Addresses whose class is remembered.
_ADDRESSES: Final = 4_096


class Trail(msgspec.Struct, kw_only=True):
    """What is known of one request so far; each stage adds what it finds out.

    `calls`: it counts as a call of its version; `endings` are the members on their way out that it holds.
    """

    node: UUID
    correlation: str
    network: str
    at: datetime | None = None
    operation: Operation | None = None
    principal: Principal | None = None
    grant: Grant | None = None
    release: str = _NO_RELEASE
    parameters: Mapping[str, str] = _NO_PARAMETERS
    query: Mapping[str, Any] = _NO_PARAMETERS
    body: Any = None
    settled: int | None = None
    subject: str | None = None
    staged: int | None = None
    outlines: Outlines | None = None
    code: str | None = None
    strange: frozenset[str] = frozenset()
    calls: bool = False
    endings: tuple[str, ...] = ()

    def asked(self, operation: Operation, parameters: Mapping[str, str], release: str, at: datetime) -> None:
        """It is known what is asked for."""
        self.operation, self.parameters, self.release, self.at = operation, parameters, release, at

    def settle(self, status: int, headers: tuple[tuple[str, str], ...]) -> None:
        """A transaction of this request ends with this answer."""
        self.settled = status
        for name, value in headers:
            if name == "Location":
                self.subject = value.rpartition("/")[2]

    def repeated(self) -> None:
        """The answer is that of an earlier request: what this one staged was not done."""
        self.code, self.staged = REPLAYED, None

    def failed(self, error: Exception) -> None:
        """This is why there is no answer. The error itself is not kept: it holds on to all that led to it."""
        self.code = error.code if isinstance(error, TillwayError) else report(error).code
        if isinstance(error, Invalid):
            self.found(error.violations)

    def found(self, violations: Iterable[Violation]) -> None:
        """Something was wrong with what was sent; counted is what no contract knows."""
        self.met(each.pointer for each in violations if each.rule in STRANGE)

    def met(self, pointers: Iterable[str]) -> None:
        """These fields were sent and no contract knows them."""
        self.strange |= places(pointers)

    def closing(self) -> Part:
        """The last part of each transaction of this request: its entry, as it will be when this commits."""
        if self.operation is None:
            raise RuntimeError("a transaction before it was known what is asked for")
        status = self.settled or _promised(self.operation)
        self.staged = status
        return staging(self.entry(status))

    def entry(self, status: int) -> Entry:
        """The entry, for an outcome."""
        operation, principal, grant = self.operation, self.principal, self.grant
        if operation is None:
            raise RuntimeError("an entry before it was known what is asked for")
        subject = self.subject
        if subject is None and self.parameters:
            subject = "/".join(self.parameters.values())
        named = subject is None or _is_id(subject)
        kind_of: Class = class_of(operation.api, status, writes=operation.writes)
        return Entry(
            kind_of=kind_of,
            at=self.at or clock.now(),
            node=self.node,
            operation=operation.id,
            status=status,
            network=self.network,
            release=self.release,
            principal=None if principal is None else principal.id,
            kind=None if principal is None else principal.kind,
            actor=None if principal is None or principal.holder in {"", principal.id} else principal.holder,
            api=operation.api,
            subject=subject if named else None,
            code=self.code,
            policies=() if grant is None else grant.policies,
            correlation=self.correlation,
            personal=None if named and kind_of != "act" else self._personal(None if named else subject, kind_of),
        )

    def _personal(self, subject: str | None, kind_of: Class) -> str | None:
        """What may tell of a person: why somebody acted, in their words, and a subject that is no id of ours."""
        reason = self.body.get("reason") if kind_of == "act" and isinstance(self.body, Mapping) else None
        if subject is None and reason is None:
            return None
        told = {
            "subject": subject and scrub(subject)[:_SUBJECT_MAX],
            "reason": reason and scrub(str(reason))[:_REASON_MAX],
        }
        return (
            msgspec.json.encode({name: value for name, value in told.items() if value}).decode().replace("\\u0000", "")
        )


def _is_id(subject: str) -> bool:
    """Whether a subject may be one of our ids, and not a card number in the place of one."""
    return bool(_ID.match(subject)) and not (_LONG.search(subject) and truncate_pan(subject) != subject)


@lru_cache(maxsize=_ADDRESSES)
def network_class(host: str) -> str:
    """Where an address belongs: loopback, private, public, or unknown for what is none."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "unknown"
    if address.is_loopback:
        return "loopback"
    return "private" if address.is_private else "public"


def _promised(operation: Operation) -> int:
    """The status of an answer that tells of success."""
    return min((int(status) for status in operation.responses if status.isdigit() and status[0] == "2"), default=200)
