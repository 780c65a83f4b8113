"""What anybody may ask: health, metrics, the catalogue, keys, metadata, and a token for those who prove themselves."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final, Protocol

import msgspec

from tillway import clock
from tillway.contracts import Document, Documents, catalog
from tillway.errors import NotFound, TillwayError
from tillway.gateway.answering import JSON, Headers, Outgoing
from tillway.gateway.consumer_state import Restricted
from tillway.gateway.context import text
from tillway.gateway.handing_out import HandingOut
from tillway.gateway.leaving import Leaving
from tillway.gateway.lives import as_served
from tillway.gateway.metrics import MEDIA_TYPE, Metrics
from tillway.gateway.notices import HOOK, HOOKS, Notices
from tillway.gateway.notices import serve as heard
from tillway.gateway.people import (
    CALLBACK_PATH,
    CONSOLE_TOKEN_PATH,
    SESSION_PATH,
    SIGN_IN_PATH,
    SIGN_OUT_PATH,
    People,
    Visitor,
)
from tillway.gateway.pipeline import Request
from tillway.gateway.presenting import PROOF, certificate
from tillway.identity import (
    FORM_BYTES_MAX,
    INTROSPECT_PATH,
    JWKS_PATH,
    METADATA_PATH,
    REVOKE_PATH,
    TOKEN_PATH,
    Key,
    Rules,
    SigningKeys,
    TokenAnswer,
    TokenEndpoint,
    TokenRequest,
    TokenStates,
    metadata,
    parse_form,
)
from tillway.inbox import BODY_BYTES_MAX
from tillway.landscape import Active, json_schema
from tillway.web import MethodNotAllowed

LIVE_PATH: Final = "/health/live"
READY_PATH: Final = "/health/ready"
METRICS_PATH: Final = "/metrics"
LANDSCAPE_PATH: Final = "/catalog/landscape.schema.json"

DRAINING: Final = "this node is being stopped"

_OWN_PAGES: Final = "gateway.own_pages"

_READS: Final = ("GET", "HEAD")

Ready = Callable[[], Awaitable[Sequence[str]]]
Secrets = Callable[[], Mapping[str, str]]
ClientKeys = Callable[[], Mapping[str, Sequence[Key]]]
Page = Callable[[Request], Awaitable[Outgoing]]
Who = Callable[[Request], Awaitable[Visitor | None]]
Shown = Callable[[Request, Who], Awaitable[Outgoing]]


class Pages(Protocol):
    """Pages that people look at, served beside the operations; a room above fills it."""

    def find(self, path: str) -> tuple[str, Shown] | None:
        """The page's name and the page; None when no page has this path."""


class Public:
    """The pages outside the operations, by path."""

    def __init__(
        self,
        *,
        documents: Documents,
        keys: SigningKeys,
        active: Active,
        secrets: Secrets,
        client_keys: ClientKeys,
        tokens: TokenEndpoint,
        states: TokenStates,
        restricted: Restricted,
        ready: Ready,
        metrics: Metrics,
        leaving: Leaving,
        people: People,
        handing_out: HandingOut,
        shown: Pages | None = None,
        notices: Notices | None = None,
    ) -> None:
        self._people = people
        self._notices = notices
        self._shown = shown
        self._keys = keys
        self._active = active
        self._secrets = secrets
        self._client_keys = client_keys
        self._tokens = tokens
        self._states = states
        self._metadata: tuple[str, bytes] | None = None
        self._restricted = restricted
        self._ready = ready
        self._metrics = metrics
        self._leaving = leaving
        self._handing_out = handing_out
        self._pages: dict[str, tuple[str, tuple[str, ...], Page]] = {
            LIVE_PATH: ("health", _READS, _fixed(b'{"status":"live"}')),
            READY_PATH: ("health", _READS, self._readiness),
            METRICS_PATH: ("metrics", _READS, self._numbers),
            TOKEN_PATH: ("token", ("POST",), self._token),
            INTROSPECT_PATH: ("introspect", ("POST",), self._introspect),
            REVOKE_PATH: ("revoke", ("POST",), self._revoke),
            JWKS_PATH: ("jwks", _READS, self._jwks),
            METADATA_PATH: ("metadata", _READS, self._described),
            SIGN_IN_PATH: ("signIn", ("GET",), people.sign_in),
            CALLBACK_PATH: ("signedIn", ("GET",), people.callback),
            SESSION_PATH: ("session", ("GET",), people.session),
            CONSOLE_TOKEN_PATH: ("personsToken", ("POST",), people.token),
            SIGN_OUT_PATH: ("signOut", ("POST",), people.sign_out),
        }
        for path, content in catalog.pages(documents).items():
            self._pages[path] = ("catalog", _READS, _fixed(content))
        self._pages[LANDSCAPE_PATH] = ("catalog", _READS, _fixed(msgspec.json.encode(json_schema("base"))))
        for document in documents.apis.values():
            path = catalog.path_of(document.api, document.version)
            self._pages[path] = ("catalog", _READS, self._promised(document))

    def find(self, method: str, path: str) -> tuple[str, Page] | None:
        """The page's name and the page; None when no page has this path. MethodNotAllowed."""
        found = self._pages.get(path)
        shown = None if self._shown is None else self._shown.find(path)
        if shown is not None:
            found = shown[0], _READS, self._seen_by(shown[1])
        if path.startswith(catalog.ROOT):
            found = self._own(path) or found
        if found is None and path.startswith(HOOKS) and self._notices is not None:
            found = HOOK, ("POST",), self._heard
        if found is None:
            return None
        name, methods, page = found
        if method not in methods:
            raise MethodNotAllowed(allow=methods)
        return name, page

    def _seen_by(self, shown: Shown) -> Page:
        async def page(request: Request) -> Outgoing:
            return await shown(request, self._people.visitor)

        return page

    async def reasons(self) -> tuple[str, ...]:
        """What keeps this node from being ready; empty when it is."""
        if self._leaving.now:
            return (DRAINING,)
        try:
            return tuple(await self._ready())
        except TillwayError as error:
            return (error.detail,)

    async def _readiness(self, _request: Request) -> Outgoing:
        reasons = await self.reasons()
        status = {"status": "not-ready", "reasons": reasons} if reasons else {"status": "ready", "reasons": ()}
        return Outgoing(503 if reasons else 200, [JSON], msgspec.json.encode(status))

    async def _numbers(self, _request: Request) -> Outgoing:
        return Outgoing(200, [(b"content-type", MEDIA_TYPE.encode())], self._metrics.page())

    async def _jwks(self, _request: Request) -> Outgoing:
        return Outgoing(200, [JSON], msgspec.json.encode(self._keys.ring.jwks()))

    async def _described(self, _request: Request) -> Outgoing:
        landscape = self._active.current
        if self._metadata is None or self._metadata[0] != landscape.hash:
            scopes = {operation.scope for _, operation in landscape.documents.operations() if not operation.public}
            described = metadata(self._keys.realm.issuer, scopes, landscape)
            self._metadata = (landscape.hash, msgspec.json.encode(described))
        return Outgoing(200, [JSON], self._metadata[1])

    async def _heard(self, request: Request) -> Outgoing:
        if self._notices is None:
            raise NotFound("nobody is told anything here")
        return await heard(request, self._notices, BODY_BYTES_MAX)

    def _own(self, path: str) -> tuple[str, tuple[str, ...], Page] | None:
        """The document or schema that stands at this path of the catalogue, if it is the retailer's own or extended."""
        landscape = self._active.current
        pages: dict[str, Page] | None = landscape.derived.get(_OWN_PAGES)
        if pages is None:
            pages = landscape.derived[_OWN_PAGES] = {}
            for own in (landscape.own_documents, landscape.extended_documents):
                pages |= {path: _fixed(content) for path, content in catalog.pages(own).items() if path != catalog.ROOT}
                for (api, version), document in own.apis.items():
                    pages[catalog.path_of(api, version)] = self._promised(document)
        page = pages.get(path)
        return None if page is None else ("catalog", _READS, page)

    def _promised(self, document: Document) -> Page:
        """The document as the landscape in force lets it be served: with what of it is on its way out."""
        whole, told = msgspec.json.encode(document.content), ("", b"")

        async def page(_request: Request) -> Outgoing:
            nonlocal told
            landscape = self._active.current
            if told[0] != landscape.hash:
                served = as_served(document, landscape)
                told = (landscape.hash, whole if served is None else msgspec.json.encode(served))
            return Outgoing(200, [JSON], told[1])

        return page

    async def _token(self, request: Request) -> Outgoing:
        answer = await self._tokens.answer(*await self._posted(request))
        if answer.issued is not None:
            await self._handing_out.put(request, answer.issued)
        return _told(answer)

    async def _introspect(self, request: Request) -> Outgoing:
        return _told(await self._states.introspect(*await self._posted(request)))

    async def _revoke(self, request: Request) -> Outgoing:
        return _told(await self._states.revoke(*await self._posted(request), request.context.correlation))

    async def _posted(self, request: Request) -> tuple[TokenRequest, Rules]:
        """What a client posted, and the rules that it is answered by."""
        headers, landscape = request.headers, self._active.current
        form = parse_form(await request.incoming.read(FORM_BYTES_MAX), text(headers, b"content-type"))
        posted = TokenRequest(
            form=form,
            authorization=text(headers, b"authorization"),
            proof=text(headers, PROOF),
            certificate=certificate(headers, request.hop, landscape),
        )
        rules = Rules(
            landscape=landscape,
            secrets=self._secrets(),
            keys=self._client_keys(),
            restrictions=self._restricted(),
            now=clock.now(),
        )
        return posted, rules


def _told(answer: TokenAnswer) -> Outgoing:
    own: Headers = [
        (name.lower().encode(), value.encode())
        for name, value in answer.headers.items()
        if name.lower() != "cache-control"  # every answer has it
    ]
    return Outgoing(answer.status, [JSON, *own], msgspec.json.encode(answer.body))


def _fixed(content: bytes) -> Page:
    async def page(_request: Request) -> Outgoing:
        return Outgoing(200, [JSON], content)

    return page
