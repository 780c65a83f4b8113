"""The front door: one ASGI application, assembled from values handed in."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final

from prometheus_client import CollectorRegistry

from tillway import clock
from tillway.contracts import Documents
from tillway.errors import TillwayError
from tillway.gateway.admission import Admission
from tillway.gateway.answering import Outgoing, Send, put
from tillway.gateway.ask import Handler
from tillway.gateway.consumer_state import Restricted
from tillway.gateway.context import Context, context
from tillway.gateway.leaving import Leaving
from tillway.gateway.metrics import Metrics
from tillway.gateway.pipeline import Pipeline, Request, Seen
from tillway.gateway.public import Public, Ready, Secrets
from tillway.gateway.quota import Quotas
from tillway.gateway.routes import Routes
from tillway.identity import UNRESTRICTED, Restrictions, SigningKeys
from tillway.landscape import Active
from tillway.postgres import Database
from tillway.web import ClientGone, Incoming, render

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

Observer = Callable[[str, int, float, str | None, str], None]
"""Told of every answer: operation (or page, or `-`), status, seconds, consumer if known, correlation."""

# What is counted of requests that no operation or page was found for.
UNKNOWN: Final = "-"

_log = logging.getLogger("tillway.gateway")


def unobserved(_operation: str, _status: int, _seconds: float, _consumer: str | None, _correlation: str) -> None:
    """The observer of doors that nobody watches."""


def unrestricted() -> Restrictions:
    """The overlay of doors that have none."""
    return UNRESTRICTED


def build(
    *,
    documents: Documents,
    bindings: Mapping[str, Handler],
    keys: SigningKeys,
    active: Active,
    database: Database,
    secrets: Secrets,
    ready: Ready,
    restricted: Restricted = unrestricted,
    observer: Observer = unobserved,
    registry: CollectorRegistry | None = None,
    leaving: Leaving | None = None,
    quotas: Quotas | None = None,
    check_answers: bool = False,
) -> Door:
    """The door over these rooms. Misconfigured when documents and bindings do not cover one another.

    `secrets` gives the consumers' client secrets as they are now, `ready` what keeps this node from being ready,
    `restricted` what is suspended, revoked or lost now.
    `leaving` is the one that handlers which wait were bound with, `quotas` counts what consumers ask (none: nobody
    does). `check_answers` holds every answer against its
    contract: for tests.
    """
    metrics = Metrics(CollectorRegistry() if registry is None else registry)
    leaving = Leaving() if leaving is None else leaving
    if quotas is not None:
        quotas.tell(metrics.over_quota)
    return Door(
        routes=Routes(documents, bindings, metrics.cut),
        pipeline=Pipeline(
            keys=keys,
            active=active,
            restricted=restricted,
            database=database,
            quotas=quotas,
            admission=Admission(metrics.shed),
            check_answers=check_answers,
        ),
        public=Public(
            documents=documents,
            keys=keys,
            active=active,
            secrets=secrets,
            restricted=restricted,
            ready=ready,
            metrics=metrics,
            leaving=leaving,
        ),
        metrics=metrics,
        leaving=leaving,
        observer=observer,
    )


class Door:
    """The ASGI application. Use `build`."""

    def __init__(
        self,
        *,
        routes: Routes,
        pipeline: Pipeline,
        public: Public,
        metrics: Metrics,
        leaving: Leaving,
        observer: Observer,
    ) -> None:
        self._routes = routes
        self._pipeline = pipeline
        self._public = public
        self._metrics = metrics
        self._leaving = leaving
        self._observer = observer

    def drain(self) -> None:
        """Readiness fails from now on and long polls answer at once; everything else is served as ever."""
        self._leaving.begin()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection of ASGI: a request, or the server's life."""
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = clock.monotonic()
        headers: dict[bytes, bytes] = dict(scope["headers"])
        ids_of = context(headers)
        incoming = Incoming(receive, headers)
        seen = Seen(UNKNOWN)
        try:
            out = await self._answer(
                scope, Request(headers, scope["query_string"], incoming, ids_of, _peer(scope)), seen
            )
        except ClientGone:
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, the asker gets a problem and we get the stack
            out = _refused(error, seen.operation, ids_of)
        out.headers.extend(seen.fields)
        clean = incoming.done or await _drained(incoming)
        close = not clean and scope.get("http_version", "1.1").startswith("1")
        await put(send, out, correlation=ids_of.correlation, head=scope["method"] == "HEAD", close=close)
        seconds = clock.monotonic() - started
        self._metrics.observe(seen.operation, out.status, seconds)
        self._observer(seen.operation, out.status, seconds, seen.consumer, ids_of.correlation)

    async def _answer(self, scope: Scope, request: Request, seen: Seen) -> Outgoing:
        method = scope["method"]
        raw: bytes | None = scope.get("raw_path")
        path: str = scope["path"] if raw is None else raw.partition(b"?")[0].decode("latin-1")
        page = self._public.find(method, path)
        if page is not None:
            seen.operation, serve = page
            return await serve(request.headers, request.incoming)
        route, parameters = self._routes.find(method, path)
        seen.operation = route.checks.operation.id
        return await self._pipeline.run(route, parameters, request, seen)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                self.drain()
                await send({"type": "lifespan.shutdown.complete"})
                return


def _peer(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""


def _refused(error: Exception, operation: str, ids_of: Context) -> Outgoing:
    problem = render(error, correlation=ids_of.correlation)
    if problem.status >= 500 and not (isinstance(error, TillwayError) and error.next in {"retry", "ask"}):  # noqa: PLR2004 - 5xx
        _log.error("%s failed, correlation %s", operation, ids_of.correlation, exc_info=error)
    return Outgoing(problem.status, problem.headers, problem.body)


async def _drained(incoming: Incoming) -> bool:
    try:
        return await incoming.drain()
    except ClientGone:
        return False
