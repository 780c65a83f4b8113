"""The last stage: an answer or a problem, put on the line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

import msgspec

from tillway.contracts import OperationChecks
from tillway.gateway.ask import Answer
from tillway.gateway.idempotency import Kept

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

JSON: Final = (b"content-type", b"application/json")

# Answers hold business data of whoever asked: nobody in between keeps them or guesses at their type.
_FIXED: Final = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
_CLOSE: Final = (b"connection", b"close")
_NO_BODY: Final = b""

_encode: Final = msgspec.json.Encoder().encode


class Outgoing(msgspec.Struct, frozen=True):
    """What goes on the line: status, headers of its own and the bytes of the body."""

    status: int
    headers: Headers
    body: bytes


def outgoing(answer: Answer | Kept) -> Outgoing:
    """An answer of a handler, or a kept one, with its body as JSON."""
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    if answer.body is None:
        return Outgoing(answer.status, headers, _NO_BODY)
    body = answer.body if isinstance(answer, Kept) else _encode(answer.body)
    return Outgoing(answer.status, [JSON, *headers], body)


def check(checks: OperationChecks, out: Outgoing) -> None:
    """Whether an answer keeps the contract; ValueError when it does not. For tests, not for production."""
    body = msgspec.json.decode(out.body) if out.body else None
    found = checks.response(out.status, body)
    if found:
        raise ValueError(f"{checks.operation.id} answers {out.status} against its contract: {found}")


async def put(send: Send, out: Outgoing, *, correlation: str, head: bool, close: bool) -> None:
    """Send it. `head`: the request was a HEAD, nothing but headers goes out. `close`: the line is not clean."""
    headers = [*out.headers, *_FIXED, (b"x-correlation-id", correlation.encode())]
    if out.body or out.status not in (204, 304):
        headers.append((b"content-length", str(len(out.body)).encode()))
    if close:
        headers.append(_CLOSE)
    await send({"type": "http.response.start", "status": out.status, "headers": headers})
    await send({"type": "http.response.body", "body": _NO_BODY if head else out.body})
