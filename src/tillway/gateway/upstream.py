"""Interfaces of the retailer's own: a request that passed every stage is handed on to the service that answers it.

Handed on are the method, the path, parameters and a body that keep the contract, and headers it declares; never the
caller's token. The service is told who asks and which shops they may touch: it applies what the hub cannot. Its answer
has to keep the contract too, and is cut to the asker's classes of data like any other.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import quote, urlencode

import msgspec

from tillway import clock
from tillway.contracts import JSON_MEDIA_TYPE, Check, Document, Operation, checker, followed, resolve
from tillway.errors import (
    Conflict,
    Gone,
    Invalid,
    Malformed,
    Misconfigured,
    NotFound,
    OutcomeUnknown,
    Poison,
    Rejected,
    TillwayError,
    TryAgain,
    Unavailable,
    Violation,
)
from tillway.gateway.ask import Answer, Ask, Handler
from tillway.landscape import HEADERS_OF_OURS, SecretRef, Upstream
from tillway.outbound import Client, Limits, Reply, Request

log = logging.getLogger(__name__)

# Requests of one door that one service answers at a time: a third of the slots that the door has for the critical.
AT_ONCE: Final = 8

# The largest answer that is handed on; pages are for more.
ANSWER_BYTES_MAX: Final = 8 * 1024 * 1024

# Names of shops that are told to a service, in characters: servers take headers of 8 KB.
SHOPS_CHARACTERS_MAX: Final = 6_000

# Longer than this nobody is asked to wait for somebody else's service (seconds).
RETRY_AFTER_MAX: Final = 3_600

_OK, _REDIRECTS, _WRONG, _BROKEN = 200, 300, 400, 500
# The service does not know the hub, whatever the asker did.
_STRANGER: Final = frozenset({401, 407})
_FORBIDDEN: Final = 403
# It says that it did nothing, and when to come again.
_LATER: Final = frozenset({408, 425, 429, 503})
_DOTS: Final = frozenset({".", ".."})
# What no service sets for us.
_NOT_ANSWERED: Final = HEADERS_OF_OURS | {"set-cookie", "server", "date", "cache-control", "x-correlation-id"}
# What the hub says itself of each request, whatever the asker sent.
_TOLD_BY_US: Final = frozenset({"x-correlation-id", "x-causation-id", "x-deadline-ms", "traceparent", "accept"})

_REFUSALS: Final[Mapping[int, type[Rejected]]] = {404: NotFound, 409: Conflict, 410: Gone, 422: Invalid}

Reveal = Callable[[SecretRef], str]
Binder = Callable[[Document, Operation], Handler]


class BadGateway(TillwayError):
    """A service of the retailer's own broke its contract, or does not know the hub."""

    next = "stop"
    code, title = "bad-gateway", "The service behind this interface does not keep its contract"
    status = 502


class Upstreams:
    """Hands requests on. One of a door; `reveal` finds what the services know the hub by."""

    def __init__(self, client: Client, reveal: Reveal) -> None:
        self._client = client
        self._reveal = reveal
        self._running: dict[str, int] = {}
        self._keys: dict[tuple[str, SecretRef], str] = {}

    def forget(self) -> None:
        """Look for the services' keys anew: the landscape or a secret changed."""
        self._keys.clear()

    def bind(self, document: Document, operation: Operation) -> Handler:
        """The handler of one operation of a document of the retailer's own."""
        promised = _Promised(document, operation)

        async def forwarded(ask: Ask) -> Answer:
            api = ask.landscape.api(operation.api)
            upstream = ask.landscape.upstreams.get(api.upstream or "")
            if upstream is None:
                raise Misconfigured(f"no upstream answers {api.id}", remedy="name one in the landscape")
            request = self._request(ask, upstream)
            with self._held(upstream.id, api.id):
                reply = await self._sent(request, api.id)
            return promised.answer(reply, upstream)

        return forwarded

    def _request(self, ask: Ask, upstream: Upstream) -> Request:
        operation = ask.operation
        headers = _declared(ask) | _told(ask)
        if upstream.key is not None:
            headers["Authorization"] = f"Bearer {self._key(upstream.id, upstream.key)}"
        body = b""
        if operation.body is not None:
            headers["Content-Type"] = JSON_MEDIA_TYPE
            body = msgspec.json.encode(ask.body)
        return Request(
            method=operation.method,
            url=f"{upstream.url.rstrip('/')}{_path(ask)}",
            headers=headers,
            body=body,
            changes=operation.writes,
            deadline=ask.deadline,
            limits=Limits(total=upstream.timeout_seconds, answer=ANSWER_BYTES_MAX),
            upstream=f"upstream {upstream.id}",
        )

    def _key(self, upstream: str, ref: SecretRef) -> str:
        key = self._keys.get((upstream, ref))
        if key is None:
            key = self._keys[upstream, ref] = self._reveal(ref)
        return key

    @contextmanager
    def _held(self, upstream: str, api: str) -> Iterator[None]:
        running = self._running.get(upstream, 0)
        if running >= AT_ONCE:
            raise Unavailable(f"the service behind {api} has enough to do", retry_after=1)
        self._running[upstream] = running + 1
        try:
            yield
        finally:
            self._running[upstream] -= 1

    async def _sent(self, request: Request, api: str) -> Reply:
        """The reply. What went wrong is said without the service's address, which is nobody's but ours."""
        try:
            return await self._client.send(request)
        except TryAgain as error:
            log.info("behind %s: %s", api, error.detail)
            raise Unavailable(f"the service behind {api} is not available", retry_after=error.retry_after) from error
        except OutcomeUnknown as error:
            log.info("behind %s: %s", api, error.detail)
            raise _unknown(api) from error
        except Poison as error:
            raise BadGateway(f"the service behind {api} answers more than can be handed on") from error


class _Promised:
    """What one operation's contract promises of answers, compiled."""

    def __init__(self, document: Document, operation: Operation) -> None:
        self._operation = operation
        content = document.content
        self._checks: dict[str, Check] = {}
        self._business: set[str] = set()
        self._headers: dict[str, tuple[str, ...]] = {}
        place = _place(content, operation)
        for status, schema in operation.responses.items():
            response = resolve(content, followed(content, f"{place}/responses/{status}"))
            names = (name for name in response.get("headers", {}) if name.lower() not in _NOT_ANSWERED)
            self._headers[status] = tuple(names)
            if schema is not None:
                self._checks[schema] = checker(content, schema)
            if JSON_MEDIA_TYPE in response.get("content", {}):
                self._business.add(status)

    def answer(self, reply: Reply, upstream: Upstream) -> Answer:
        """The service's answer as ours, or what it means that it did not give one."""
        api, status = self._operation.api, reply.status
        if status in _LATER:
            raise Unavailable(f"the service behind {api} is not available", retry_after=_retry_after(reply))
        if status >= _BROKEN:
            if self._operation.writes:
                raise _unknown(api)
            raise Unavailable(f"the service behind {api} failed")
        if status in _STRANGER or (status == _FORBIDDEN and str(status) not in self._business):
            raise BadGateway(f"{upstream.id} does not let the hub in ({status}): check upstreams.{upstream.id}.key")
        if status >= _WRONG and str(status) not in self._business:
            raise _refusal(status, api)
        if status < _OK or _REDIRECTS <= status < _WRONG:
            raise BadGateway(f"{upstream.id} answers {status}, which nothing promises")
        return self._kept(reply, upstream)

    def _kept(self, reply: Reply, upstream: Upstream) -> Answer:
        key = self._key(reply.status)
        if key is None:
            raise BadGateway(f"{upstream.id} answers {reply.status}, which its contract does not promise")
        headers = tuple(
            (name, reply.headers[name.lower()]) for name in self._headers[key] if name.lower() in reply.headers
        )
        schema = self._operation.responses[key]
        if schema is None:
            return Answer(reply.status, None, headers)
        try:
            body: Any = msgspec.json.decode(reply.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadGateway(f"{upstream.id} answers {reply.status} with what is not JSON") from error
        wrong = self._checks[schema](body)
        if wrong:
            raise BadGateway(f"{upstream.id} answers {reply.status} against its contract: {_words(wrong)}")
        return Answer(reply.status, body, headers)

    def _key(self, status: int) -> str | None:
        for key in (str(status), f"{status // 100}XX", "default"):
            if key in self._operation.responses:
                return key
        return None


def _place(content: Mapping[str, Any], operation: Operation) -> str:
    for path, item in content["paths"].items():
        if item.get(operation.method.lower(), {}).get("operationId") == operation.id:
            return f"/paths/{path.replace('~', '~0').replace('/', '~1')}/{operation.method.lower()}"
    raise ValueError(operation.id)


def _path(ask: Ask) -> str:
    """Path and query, written anew from values that keep the contract: nothing else of what was sent gets through."""
    operation = ask.operation
    path = operation.path.removeprefix(f"/{operation.api}/v{operation.version}")
    for name, value in ask.path.items():
        text = _text(value)
        if text in _DOTS:
            # A server may take it for the folder above.
            raise NotFound("there is nothing at this path")
        path = path.replace(f"{{{name}}}", quote(text, safe=""))
    query = urlencode({name: _text(value) for name, value in ask.query.items()}, quote_via=quote, safe="")
    return f"{path}?{query}" if query else path


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(_text(each) for each in value) if isinstance(value, list) else str(value)


def _declared(ask: Ask) -> dict[str, str]:
    """The headers that the contract names and the asker sent."""
    names = {each.name for each in ask.operation.parameters if each.where == "header"}
    wanted = (name for name in names if name.lower() not in HEADERS_OF_OURS | _TOLD_BY_US)
    found = ((name, ask.headers.get(name.lower().encode())) for name in wanted)
    return {name: value.decode("latin-1") for name, value in found if value is not None}


def _told(ask: Ask) -> dict[str, str]:
    """What the hub says of the request."""
    grant = ask.grant
    shops = "*" if grant.shops is None else ",".join(sorted(grant.shops))
    if len(shops) > SHOPS_CHARACTERS_MAX:
        raise Misconfigured(
            f"{grant.consumer} may touch too many shops to tell {ask.operation.api} one by one",
            remedy='give it shops: "*", or fewer',
        )
    told = {
        "Accept": f"{JSON_MEDIA_TYPE}, application/problem+json;q=0.9",
        "X-Correlation-Id": ask.correlation,
        "traceparent": ask.traceparent,
        "X-Deadline-Ms": str(max(1, int((ask.deadline - clock.now()).total_seconds() * 1000))),
        "X-Tillway-Consumer": grant.consumer,
        "X-Tillway-Shops": shops,
    }
    return told if ask.causation is None else told | {"X-Causation-Id": ask.causation}


def _refusal(status: int, api: str) -> Rejected:
    """The service's no, in our words: its own may hold anything."""
    kind = _REFUSALS.get(status, Malformed)
    return kind(f"the service behind {api} refuses this ({status})", remedy="see its contract in /catalog")


def _unknown(api: str) -> OutcomeUnknown:
    remedy = "look whether it was done before you ask again"
    return OutcomeUnknown(f"the service behind {api} was asked and did not say what it did", remedy=remedy)


def _retry_after(reply: Reply) -> float | None:
    told = reply.headers.get("retry-after", "")
    return float(min(int(told), RETRY_AFTER_MAX)) if told.isdecimal() and len(told) < len("1" * 10) else None


def _words(wrong: tuple[Violation, ...]) -> str:
    """Places and rules; what stood there stays out of logs."""
    return ", ".join(f"{each.pointer or '/'} ({each.rule})" for each in wrong[:5])
