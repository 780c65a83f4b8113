"""Speaks to an ASGI application in this process: no socket, no server."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp
from tests.pure.sandbox.replaying import Answer, Send


def sending_to(app: ASGIApp) -> Send:
    """A Send that calls the application itself."""

    async def send(method: str, path: str, headers: dict[str, str], body: bytes | None) -> Answer:
        path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "path": unquote(path),
            "raw_path": path.encode(),
            "root_path": "",
            "scheme": "http",
            "query_string": query.encode(),
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body or b"", "more_body": False}

        async def take(message: Any) -> None:
            sent.append(message)

        await app(scope, receive, take)
        answered = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        raw = b"".join(message.get("body", b"") for message in sent[1:])
        kind = answered.get("content-type", "")
        return sent[0]["status"], kind, json.loads(raw) if kind.startswith("application/json") else raw.decode()

    return send
