"""A subscriber: receives webhooks, checks their signatures by its own code, and remembers what came.

`python -m tillway.sandbox.subscriber --port 0 --secret whsec_... --ready-file PATH`. `POST /` receives, `GET /received`
lists, `POST /panel {"fail": N, "status": 503}` lets the next N deliveries fail.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import hashlib
import hmac
import os
import signal
import socket
from collections import deque
from pathlib import Path
from typing import Any, Final

import msgspec
import uvloop
from granian.constants import Interfaces
from granian.server.embed import Server
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tillway import clock
from tillway.sandbox.serve import LOOPBACK, announce, die_with_parent, listening

# Deliveries remembered, the newest.
REMEMBERED: Final = 10_000

# Older or newer timestamps are refused (Standard Webhooks 1.0: five minutes).
TOLERANCE_SECONDS: Final = 300


class Subscriber:
    """What was received, newest last."""

    def __init__(self, secret: str) -> None:
        self._secret = base64.b64decode(secret.removeprefix("whsec_"))
        self._received: deque[dict[str, Any]] = deque(maxlen=REMEMBERED)
        self._count = 0
        self._fail = 0
        self._status = 503

    def app(self) -> Starlette:
        """The ASGI application."""
        return Starlette(
            routes=[
                Route("/", self._receive, methods=["POST"]),
                Route("/received", self._list, methods=["GET"]),
                Route("/panel", self._panel, methods=["POST"]),
            ]
        )

    def verified(self, identity: str, timestamp: str, body: bytes, signatures: str) -> bool:
        """Whether one of the signatures is right and the timestamp is of now."""
        if not timestamp.isdecimal() or abs(int(timestamp) - clock.now().timestamp()) > TOLERANCE_SECONDS:
            return False
        signed = f"{identity}.{timestamp}.".encode() + body
        expected = "v1," + base64.b64encode(hmac.new(self._secret, signed, hashlib.sha256).digest()).decode()
        return any(hmac.compare_digest(expected, each) for each in signatures.split(" "))

    async def _receive(self, request: Request) -> Response:
        body = await request.body()
        headers = request.headers
        identity, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        well = self.verified(identity, timestamp, body, headers.get("webhook-signature", ""))
        failing = self._fail > 0
        self._fail -= failing
        status = self._status if failing else (204 if well else 401)
        self._count += 1
        self._received.append(
            {
                "number": self._count,
                "at": clock.iso(clock.now()),
                "id": identity,
                "verified": well,
                "answered": status,
                "event": msgspec.json.decode(body) if well else None,
            }
        )
        return Response(status_code=status)

    async def _list(self, request: Request) -> Response:
        after = int(request.query_params.get("after", "0"))
        found = [entry for entry in self._received if entry["number"] > after]
        return Response(msgspec.json.encode({"received": found}), media_type="application/json")

    async def _panel(self, request: Request) -> Response:
        asked = msgspec.json.decode(await request.body())
        self._fail, self._status = int(asked.get("fail", 0)), int(asked.get("status", 503))
        return Response(status_code=204)


async def serve(options: argparse.Namespace) -> None:
    """Listen until SIGTERM."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind((LOOPBACK, options.port))
        port = int(holder.getsockname()[1])
        app = Subscriber(options.secret).app()
        server = Server(app, address=LOOPBACK, port=port, interface=Interfaces.ASGINL, log_enabled=False)
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, server.stop)
        serving = asyncio.create_task(server.serve())
        await listening(port)
        announce(options.ready_file, {"url": f"http://{LOOPBACK}:{port}/"})
        await serving


def main() -> None:
    """The command line."""
    parent = os.getppid()
    parser = argparse.ArgumentParser(prog="python -m tillway.sandbox.subscriber", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--secret", required=True)
    parser.add_argument("--ready-file", type=Path, required=True)
    options = parser.parse_args()
    die_with_parent(parent)
    uvloop.run(serve(options))


if __name__ == "__main__":
    main()
