"""The last stage: an answer or a problem, put on the line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final

import msgspec

from tillway.contracts import OperationChecks
from tillway.gateway.ask import Answer
from tillway.gateway.idempotency import Kept

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

JSON: Final = (b"content-type", b"application/json")

# Answers hold business data of whoever asked: nobody in between keeps them or guesses at their type.
# They are data and no page: a browser that shows one runs nothing of it, and tells nobody its address.
_POLICY: Final = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_FIXED: Final = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"server", b"tillway"),
    _POLICY,
)

# Browsers that saw this ask by TLS only, for a year (RFC 6797); told where clients know the hub by https.
_STRICT: Final = (b"strict-transport-security", b"max-age=31536000")
_FIXED_NAMES: Final = frozenset(name for name, _ in (*_FIXED, _STRICT))
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
    headers = _on_the_line(answer.headers) if answer.headers else []
    if answer.body is None:
        return Outgoing(answer.status, headers, _NO_BODY)
    body = answer.body if isinstance(answer, Kept) else _encode(answer.body)
    return Outgoing(answer.status, [JSON, *headers], body)


def _on_the_line(headers: Iterable[tuple[str, str]]) -> Headers:
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]


def check(checks: OperationChecks, out: Outgoing) -> None:
    """Whether an answer keeps the contract; ValueError when it does not. For tests, not for production."""
    body = msgspec.json.decode(out.body) if out.body else None
    found = checks.response(out.status, body)
    if found:
        raise ValueError(f"{checks.operation.id} answers {out.status} against its contract: {found}")


def fixed(issuer: str) -> tuple[tuple[bytes, bytes], ...]:
    """The headers that every answer carries, of a hub that clients know by this address."""
    return (*_FIXED, _STRICT) if issuer.startswith("https://") else _FIXED


def _unsaid(always: Iterable[tuple[bytes, bytes]], own: Headers) -> Iterable[tuple[bytes, bytes]]:
    """Those headers of every answer that this one does not say itself."""
    for name, _ in own:
        if name in _FIXED_NAMES:
            said = {name for name, _ in own}
            return [each for each in always if each[0] not in said]
    return always


async def put(
    send: Send,
    out: Outgoing,
    *,
    correlation: str,
    head: bool,
    close: bool,
    always: Iterable[tuple[bytes, bytes]] = _FIXED,
) -> None:
    """Send it. `head`: the request was a HEAD, nothing but headers goes out. `close`: the line is not clean.

    `always` are the headers that every answer carries, unless it says itself what one of them says.
    """
    headers = [*out.headers, (b"x-correlation-id", correlation.encode()), *_unsaid(always, out.headers)]
    if out.body or out.status not in (204, 304):
        headers.append((b"content-length", str(len(out.body)).encode()))
    if close:
        headers.append(_CLOSE)
    await send({"type": "http.response.start", "status": out.status, "headers": headers})
    await send({"type": "http.response.body", "body": _NO_BODY if head else out.body})
