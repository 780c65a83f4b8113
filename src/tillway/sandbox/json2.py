"""The HTTP surface: `POST /json/2/<model>/<method>` and what else a client may ask, with the real one's statuses."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tillway import clock
from tillway.sandbox import generic, panel_api, registry
from tillway.sandbox.calls import Caller
from tillway.sandbox.connections import cut
from tillway.sandbox.environment import Env
from tillway.sandbox.faults import MILLISECONDS, Panel
from tillway.sandbox.hooks import Hooks
from tillway.sandbox.methods import Call
from tillway.sandbox.refusals import Refusal, bad_request, not_found, server_error, unauthorized
from tillway.sandbox.store import Store, Transaction
from tillway.sandbox.traceback_text import debug_text

JSON: Final = "application/json; charset=utf-8"
HTML: Final = "text/html; charset=utf-8"
VERSION: Final = {"version_info": [19, 0, 0, "final", 0, ""], "version": "19.0"}
FAULT_IN_SERVER: Final = 500
WRONG_TYPE_PAGE: Final = (
    "<!doctype html>\n<html lang=en>\n<title>415 Unsupported Media Type</title>\n<h1>Unsupported Media Type</h1>\n"
    "<p>Request inferred type is compatible with [&#39;http&#39;] but "
    "&#39;/json/2/&lt;__model__&gt;/&lt;__method__&gt;&#39; is type=&#39;json2&#39;.<br><br>"
    "Please verify the Content-Type request header and try again.</p>\n"
)
NO_DATABASE_PAGE: Final = (
    "<!DOCTYPE html>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n"
    "<p>No database is selected and the requested URL was not found in the server-wide controllers.</p>\n"
    "<p>Please verify the hostname, <a href=/web/login>login</a> and try again.</p>\n\n"
    "<!-- Alternatively, use the X-Odoo-Database header. -->\n"
)
NO_PAGE: Final = "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n"
BROKEN_PAGE: Final = (
    "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n</body>\r\n</html>\r\n"
)
REASONS: Final = {500: "500 Internal Server Error", 502: "502 Bad Gateway", 503: "503 Service Temporarily Unavailable"}

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(kw_only=True)
class Sandbox:
    """One server: its store, its fault panel, who may come in."""

    store: Store
    key: str
    database: str
    panel: Panel
    hooks: Hooks

    def __post_init__(self) -> None:
        self.caller = Caller(
            store=self.store, work=self.panel.work, backoff=self.panel.backoff, committed=self.hooks.collect
        )

    def app(self, *beside: BaseRoute) -> Starlette:
        """The ASGI application, with what is served beside it."""
        routes = [
            Route("/json/2/{model}/{method}", self._guarded(self._call), methods=["POST"]),
            Route("/json/2/{rest:path}", self._guarded(self._misdirected), methods=["GET", "POST", "PUT", "DELETE"]),
            Route("/web/version", self._guarded(_version)),
            Route("/json/version", self._guarded(_version)),
            Route("/web/health", self._guarded(_health)),
            Route("/doc-bearer/index.json", self._guarded(self._index)),
            Route("/doc-bearer/{model}.json", self._guarded(self._document)),
            *panel_api.routes(self.panel),
            *beside,
        ]
        return Starlette(routes=routes, exception_handlers={HTTPException: _no_page})

    def _guarded(self, endpoint: Endpoint) -> Endpoint:
        """A worker for every request, refusals as Odoo's error bodies, and one connection per call."""

        async def serve(request: Request) -> Response:
            if self.panel.switches.stopped:
                return _silence(request)
            async with self.panel.worker():
                await asyncio.sleep(self.panel.latency())
                try:
                    response = await endpoint(request)
                except Refusal as refusal:
                    response = _refused(refusal)
            response.headers["Connection"] = "close"
            return response

        return serve

    async def _call(self, request: Request) -> Response:
        method = f"{request.path_params['model']}/{request.path_params['method']}"
        count = self.panel.count(method)
        count.calls += 1
        started = clock.monotonic()
        try:
            return await self._faulty_call(request, method)
        except Refusal as refusal:
            if refusal.status >= FAULT_IN_SERVER:
                count.failed += 1
            else:
                count.refused += 1
            return _refused(refusal)
        finally:
            count.milliseconds = round(count.milliseconds + (clock.monotonic() - started) * MILLISECONDS, 3)

    async def _faulty_call(self, request: Request, method: str) -> Response:
        panel, switches = self.panel, self.panel.switches
        if panel.strikes(switches.drop_before, method):
            panel.count(method).dropped_before += 1
            return _silence(request)
        if status := panel.fails(method):
            panel.count(method).failed += 1
            return _broken(status)
        response = await self._done(request)
        if panel.strikes(switches.drop_after_commit, method):
            panel.count(method).dropped_after += 1
            return _silence(request)
        panel.count(method).done += 1
        return response

    async def _done(self, request: Request) -> Response:
        if page := self._no_database(request):
            return page
        if not request.headers.get("content-type", "").startswith("application/json"):
            return Response(WRONG_TYPE_PAGE, 415, {"Accept": "application/json"}, HTML)
        self._authenticate(request)
        raw = await request.body()
        body = _parsed(raw)
        result = await self.caller.run(request.path_params["model"], request.path_params["method"], body)
        await self.hooks.post()
        return _json(result)

    def _no_database(self, request: Request) -> Response | None:
        wanted = request.headers.get("x-odoo-database", self.database)
        return None if wanted == self.database else Response(NO_DATABASE_PAGE, 404, media_type=HTML)

    def _authenticate(self, request: Request) -> None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise unauthorized("User not authenticated, use an API Key with a Bearer Authorization header.")
        if not compare_digest(key.strip().encode(), self.key.encode()):
            raise unauthorized("Invalid apikey")

    async def _misdirected(self, request: Request) -> Response:
        if page := self._no_database(request):
            return page
        raise not_found("Did you mean POST /json/2/<model>/<method>?")

    async def _index(self, request: Request) -> Response:
        self._authenticate(request)
        models = [self._described(name) for name in sorted(self.store.models)]
        rows = self.store.tables["ir.module.module"].rows.values()
        modules = [row["name"] for row in rows if row["state"] == "installed"]
        return _with_tag(request, {"modules": modules, "models": models})

    def _described(self, name: str) -> dict[str, Any]:
        model = self.store.models[name]
        fields = {
            each.name: {"string": each.label} for each in sorted(model.fields.values(), key=lambda each: each.name)
        }
        return {"model": name, "name": model.label, "fields": fields, "methods": registry.method_names(name)}

    async def _document(self, request: Request) -> Response:
        self._authenticate(request)
        name = request.path_params["model"]
        if name not in self.store.models:
            raise not_found(f"the model {name!r} does not exist")
        env = Env(store=self.store, models=self.store.models, hooks={}, transaction=Transaction(self.store), now="")
        fields = generic.fields_get(Call(env=env, model=name))
        document = {"model": name, "name": self.store.models[name].label, "doc": None, "fields": fields}
        return _with_tag(request, {**document, "methods": {each: {} for each in registry.method_names(name)}})


def _parsed(raw: bytes) -> dict[str, Any]:
    if not raw:
        return {}
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise bad_request(f"could not parse the body as json: {error}") from error
    # Anything but an object counts as no arguments at all.
    return body if isinstance(body, dict) else {}


def _json(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type=JSON)


def _with_tag(request: Request, value: Any) -> Response:
    encoded = msgspec.json.encode(value)
    tag = f'"{hashlib.sha256(encoded).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache, private"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(encoded, 200, headers, JSON)


def _refused(refusal: Refusal) -> Response:
    body = {
        "name": refusal.name,
        "message": refusal.message,
        "arguments": list(refusal.arguments),
        "context": {},
        "debug": debug_text(refusal),
    }
    response = _json(body, refusal.status)
    if refusal.status == 401:  # noqa: PLR2004 - the challenge that belongs to it
        response.headers["WWW-Authenticate"] = "Bearer "
    return response


def _broken(status: int) -> Response:
    """A failure of the server (JSON) or of a proxy before it (HTML)."""
    if status == FAULT_IN_SERVER:
        return _refused(server_error("psycopg2.OperationalError", "server closed the connection unexpectedly\n"))
    return Response(BROKEN_PAGE.format(REASONS.get(status, f"{status} Error")), status, media_type=HTML)


def _silence(request: Request) -> Response:
    """No answer: the connection is closed. The response is for the framework only, nobody is there to read it."""
    cut(request.scope)
    return Response(status_code=503)


async def _version(_request: Request) -> Response:
    return _json(VERSION)


async def _health(request: Request) -> Response:
    status: dict[str, Any] = {"status": "pass"}
    if "db_server_status" in request.query_params:
        status["db_server_status"] = True
    return Response(msgspec.json.encode(status), 200, {"Cache-Control": "no-store"}, "application/json")


async def _no_page(_request: Request, _error: Exception) -> Response:
    return Response(NO_PAGE, 404, {"Connection": "close"}, HTML)
