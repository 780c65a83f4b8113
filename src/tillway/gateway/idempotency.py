"""Idempotency keys: one effect and one answer for however many repetitions of a request.

Nothing is looked up before. The claim of a key commits in the transaction of the effect, so that neither a crash nor
another node can part the two; whoever comes second finds out by the primary key. An identical request in flight is
waited for by Postgres itself: the second insert stands behind the first one's row.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg
import msgspec

from tillway.contracts import Operation
from tillway.errors import Conflict, Invalid, Unavailable, Violation
from tillway.masking import truncate_pan
from tillway.postgres import Database, Part, load
from tillway.sealing import digest, opened, seal

SQL: Final = load("tillway.gateway", "gateway.sql")

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = ("Idempotency-Replayed", "true")

# How long an answer is kept: a client that was cut off on a Friday evening may repeat after the weekend.
KEPT: Final = timedelta(days=7)

# Rows forgotten in one statement, so that it stays well under the cut of a transaction.
FORGET_LIMIT: Final = 5_000

# Seconds after which to ask again when an identical request is still in flight after the longest wait.
RETRY_AFTER_SECONDS: Final = 2

# Where the body of an answer lies: sealed, since it may hold whatever the asker may read.
BODY_AT: Final = "gateway.idempotency.body"

_CONSTRAINT: Final = "idempotency_pkey"
_KEY: Final = re.compile(r"[!-~]{1,255}\Z")

_encoder: Final = msgspec.json.Encoder()
_canonical: Final = msgspec.json.Encoder(order="deterministic")


class KeyReused(Invalid):
    """The key was used before for a request with other content."""

    code, title = "idempotency-key-reused", "The Idempotency-Key was used for another request"


class Claim(msgspec.Struct, frozen=True):
    """A consumer's key and the SHA-256 of what was asked under it."""

    consumer: str
    key: str
    fingerprint: bytes


class Kept(msgspec.Struct, frozen=True):
    """A stored answer: status, headers and the JSON text of its body (None: no body)."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes | None


def claim(operation: Operation, consumer: str, key: str | None, path: Any, body: Any) -> Claim | None:
    """The claim of a request; None without a key or when the operation honours none. Invalid for a key that is none."""
    if key is None or operation.idempotency == "none":
        return None
    if not _KEY.match(key):
        detail = "must be 1 to 255 visible ASCII characters"
        raise Invalid(violations=(Violation(pointer=f"/header/{HEADER}", detail=detail, rule="pattern"),))
    content = _canonical.encode((operation.id, path, body))
    return Claim(consumer, _kept_key(key), hashlib.sha256(content).digest())


def claiming(claimed: Claim, status: int, headers: Sequence[tuple[str, str]], body: Any) -> Part:
    """The part that keeps an answer under a claim; it fails the whole write when the key is taken."""
    text = None if body is None else seal(BODY_AT, _row(claimed), _encoder.encode(body).decode()).encode()
    args = (claimed.consumer, claimed.key, claimed.fingerprint, status, _encoder.encode(headers).decode(), text)
    return Part("gateway_idempotency", SQL["claim"], args)


async def replay(database: Database, claimed: Claim) -> Kept | None:
    """The answer kept for this claim; None when there is none. KeyReused when the key stands for something else."""
    row = await database.fetchrow(SQL["kept"], claimed.consumer, claimed.key)
    if row is None:
        return None
    if row["fingerprint"] != claimed.fingerprint:
        raise KeyReused(
            "this Idempotency-Key was used before with other content",
            violations=(Violation(pointer=f"/header/{HEADER}", detail="was used before", rule="unique"),),
            remedy="use a new key for a new request, and the same content for a repetition",
        )
    headers = msgspec.json.decode(row["headers"], type=tuple[tuple[str, str], ...])
    body = None if row["body"] is None else opened(BODY_AT, _row(claimed), row["body"].decode()).encode()
    return Kept(row["status"], (*headers, REPLAYED), body)


def _kept_key(key: str) -> str:
    """The key as it is kept: one that holds an address or a card number, as its digest."""
    telling = "@" in key or truncate_pan(key) != key
    return f"digest:{digest('idempotency', key)}" if telling else key


def _row(claimed: Claim) -> str:
    """What tells the row of a claim from all others."""
    return f"{claimed.consumer} {claimed.key}"


def taken(error: Exception) -> bool:
    """Whether a write failed because its key is taken."""
    return isinstance(error, asyncpg.UniqueViolationError) and error.constraint_name == _CONSTRAINT


def in_flight(error: Exception) -> Conflict | None:
    """The answer when a write with a claim was cut: an identical one may be in flight. None for any other error."""
    if isinstance(error, Unavailable) and isinstance(error.__cause__, (asyncpg.QueryCanceledError, TimeoutError)):
        return Conflict(
            "a request with the same Idempotency-Key may still be under way",
            remedy="repeat it with the same key",
            retry_after=RETRY_AFTER_SECONDS,
        )
    return None


async def forget(database: Database, now: datetime) -> int:
    """Drop all answers older than KEPT, FORGET_LIMIT in a statement; how many there were."""
    dropped = 0
    while True:
        count: int = await database.fetchval(SQL["forget"], now - KEPT, FORGET_LIMIT)
        dropped += count
        if count < FORGET_LIMIT:
            return dropped
