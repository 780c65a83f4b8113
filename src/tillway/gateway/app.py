"""The front door: one ASGI application, assembled from values handed in."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any, Final
from uuid import UUID

from prometheus_client import CollectorRegistry

from tillway import clock
from tillway.contracts import Documents
from tillway.errors import TillwayError, Unavailable
from tillway.gateway import cors, framing
from tillway.gateway.addresses import client_of
from tillway.gateway.admission import Admission
from tillway.gateway.answering import Outgoing, Send, fixed, put
from tillway.gateway.ask import Handler
from tillway.gateway.auditing import Auditor
from tillway.gateway.consumer_state import Restricted
from tillway.gateway.context import Context, context
from tillway.gateway.handing_out import HandingOut
from tillway.gateway.leaving import Leaving
from tillway.gateway.lifecycle import Lifecycle
from tillway.gateway.metrics import Metrics
from tillway.gateway.notices import Notices
from tillway.gateway.own_routes import OwnRoutes
from tillway.gateway.people import ClientSecret, People
from tillway.gateway.pipeline import Pipeline, Request, Seen, Stages
from tillway.gateway.presenting import joined
from tillway.gateway.public import ClientKeys, Pages, Public, Ready, Secrets
from tillway.gateway.quota import Quotas
from tillway.gateway.routes import Routes
from tillway.gateway.trail import Trail, network_class
from tillway.gateway.upstream import Binder
from tillway.identity import UNRESTRICTED, Issuers, Key, Restrictions, SigningKeys, TokenEndpoint, TokenStates
from tillway.identity.people import Provider
from tillway.landscape import Active, Landscape, SignIn
from tillway.postgres import Database
from tillway.web import ClientGone, Incoming, render

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

Observer = Callable[[str, int, float, str | None, str], None]
"""Told of every answer: operation (or page, or `-`), status, seconds, consumer if known, correlation."""

# What is counted of requests that no operation or page was found for.
UNKNOWN: Final = "-"

# What is counted of browsers that ask whether a page may ask.
PREFLIGHT: Final = "preflight"

_log = logging.getLogger("tillway.gateway")


def unobserved(_operation: str, _status: int, _seconds: float, _consumer: str | None, _correlation: str) -> None:
    """The observer of doors that nobody watches."""


def no_keys() -> Mapping[str, Sequence[Key]]:
    """The public keys of consumers that have none."""
    return {}


def no_secret(_sign_in: SignIn) -> str | None:
    """The hub's secret at a provider that asks for none."""
    return None


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
    client_keys: ClientKeys = no_keys,
    issuers: Issuers | None = None,
    restricted: Restricted = unrestricted,
    observer: Observer = unobserved,
    registry: CollectorRegistry | None = None,
    leaving: Leaving | None = None,
    provider: Provider | None = None,
    provider_secret: ClientSecret = no_secret,
    quotas: Quotas | None = None,
    auditor: Auditor | None = None,
    own: Binder | None = None,
    shown: Pages | None = None,
    notices: Notices | None = None,
    check_answers: bool = False,
) -> Door:
    """The door over these rooms. Misconfigured when documents and bindings do not cover one another.

    `secrets` and `client_keys` give the consumers' secrets and public keys as they are now, `issuers` the keys of those
    who vouch for consumers (none: nobody does), `provider` signs people in (none: nobody does), knowing the hub by
    `provider_secret`, `ready` what keeps this node from being ready, `restricted` what is suspended, revoked or lost.
    `leaving` is the one that handlers which wait were bound with. None means: no quotas are counted, only writes are
    put down (`auditor`), the retailer's own documents (`own`) are not served, there are no pages for people (`shown`),
    and nobody outside tells of changes (`notices`). `check_answers` is for tests.
    """
    metrics, leaving = Metrics(CollectorRegistry() if registry is None else registry), leaving or Leaving()
    tokens, out = TokenEndpoint(database, keys, issuers), HandingOut(auditor, active)
    people = People(
        keys=keys, database=database, provider=provider, secret=provider_secret, restricted=restricted, handing_out=out
    )
    stages = Stages(
        lifecycle=Lifecycle(database), keys=keys, active=active, restricted=restricted, database=database, quotas=quotas
    )
    return Door(
        routes=OwnRoutes(Routes(documents, bindings, metrics.cut), own, metrics.cut),
        pipeline=_pipeline(stages, metrics, check_answers=check_answers),
        public=Public(
            documents=documents,
            keys=keys,
            active=active,
            secrets=secrets,
            client_keys=client_keys,
            tokens=tokens,
            states=TokenStates(database, tokens),
            restricted=restricted,
            ready=ready,
            metrics=metrics,
            leaving=leaving,
            people=people,
            shown=shown,
            notices=notices,
            handing_out=out,
        ),
        metrics=metrics,
        leaving=leaving,
        observer=observer,
        auditor=auditor,
        node=out.node,
        active=active,
        restricted=restricted,
        issuer=keys.realm.issuer,
    )


def _pipeline(stages: Stages, metrics: Metrics, *, check_answers: bool) -> Pipeline:
    if stages.quotas is not None:
        stages.quotas.tell(metrics.over_quota)
    return Pipeline(stages, Admission(metrics.shed), check_answers=check_answers)


class Door:
    """The ASGI application. Use `build`."""

    def __init__(
        self,
        *,
        routes: OwnRoutes,
        pipeline: Pipeline,
        public: Public,
        metrics: Metrics,
        leaving: Leaving,
        observer: Observer,
        auditor: Auditor | None,
        node: UUID,
        active: Active,
        restricted: Restricted,
        issuer: str,
    ) -> None:
        self._routes = routes
        self._pipeline = pipeline
        self._public = public
        self._metrics = metrics
        self._leaving = leaving
        self._observer = observer
        self._auditor = auditor
        self._node = node
        self._active = active
        self._restricted = restricted
        self._fixed = fixed(issuer)

    def drain(self) -> None:
        """Readiness fails from now on and long polls answer at once; everything else is served as ever."""
        self._leaving.begin()

    def prepare(self, landscape: Landscape) -> None:
        """Compile what this landscape serves of the retailer's own. Long: for a thread, before it is put in force."""
        self._routes.of(landscape)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection of ASGI: a request, or the server's life."""
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = clock.monotonic()
        headers = joined(scope["headers"])
        ids_of = context(headers)
        incoming = Incoming(receive, headers)
        landscape, hop = self._active.current, _peer(scope)
        peer = client_of(hop, headers, landscape.transport)
        trail = Trail(node=self._node, correlation=ids_of.correlation, network=network_class(peer))
        seen, framed = Seen(UNKNOWN, trail), True
        try:
            framing.refuse(scope["method"], scope["headers"], headers)
            query, method, path = scope["query_string"], scope["method"], _path(scope)
            request = Request(headers, query, incoming, ids_of, peer, method, path, hop)
            out = await self._answer(request, seen)
        except Exception as error:  # noqa: BLE001 - whatever it is, the asker gets a problem and we get the stack
            failure = framing.BrokenOff("the body broke off") if isinstance(error, ClientGone) else error
            trail.failed(failure)
            out = _refused(failure, seen.operation, ids_of)
            framed = not isinstance(failure, framing.Unframed)
        if self._auditor is not None:
            try:
                await self._auditor.record(trail, seen.operation, out)
            except Unavailable as error:
                out = _refused(error, seen.operation, ids_of)
        out.headers.extend(seen.fields)
        out.headers.extend(cors.readable(headers, trail.principal, landscape))
        clean = framed and (incoming.done or await _drained(incoming))
        close = not clean and scope.get("http_version", "1.1").startswith("1")
        head, always = scope["method"] == "HEAD", self._fixed
        await put(send, out, correlation=ids_of.correlation, head=head, close=close, always=always)
        seconds = clock.monotonic() - started
        self._metrics.observe(seen.operation, out.status, seconds)
        self._observer(seen.operation, out.status, seconds, seen.consumer, ids_of.correlation)

    async def _answer(self, request: Request, seen: Seen) -> Outgoing:
        page = self._public.find(request.method, request.path)
        if page is not None:
            seen.operation, serve = page
            return await serve(request)
        if request.method == "OPTIONS" and (allowed := self._preflight(request)) is not None:
            seen.operation = PREFLIGHT
            return allowed
        route, parameters = self._routes.of(self._active.current).find(request.method, request.path)
        seen.operation, seen.trail.outlines = route.checks.operation.id, route.outlines
        return await self._pipeline.run(route, parameters, request, seen)

    def _preflight(self, request: Request) -> Outgoing | None:
        methods = self._routes.of(self._active.current).methods(request.path)
        return cors.preflight(request.headers, methods, self._active.current, self._restricted(), clock.now())

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                self.drain()
                await send({"type": "lifespan.shutdown.complete"})
                return


def _path(scope: Scope) -> str:
    """As sent: percent-encoded, without the query."""
    raw: bytes | None = scope.get("raw_path")
    path: str = scope["path"] if raw is None else raw.partition(b"?")[0].decode("latin-1")
    return path


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
