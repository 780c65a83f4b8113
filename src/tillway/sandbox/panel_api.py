"""The panel over HTTP, for loopback: `GET /panel` shows, `POST /panel` changes, `POST /panel/reset` starts anew."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tillway.sandbox.faults import Panel

JSON = "application/json"


def routes(panel: Panel) -> list[Route]:
    """The panel's routes. They need no key, wait in no queue and are struck by no fault."""

    async def shown(_request: Request) -> Response:
        return _shown(panel)

    async def changed(request: Request) -> Response:
        try:
            await panel.change(msgspec.json.decode(await request.body(), type=dict))
        except msgspec.MsgspecError as error:
            return Response(msgspec.json.encode({"error": str(error)}), 422, media_type=JSON)
        return _shown(panel)

    async def reset(_request: Request) -> Response:
        await panel.reset()
        return _shown(panel)

    return [
        Route("/panel", shown),
        Route("/panel", changed, methods=["POST"]),
        Route("/panel/reset", reset, methods=["POST"]),
    ]


def _shown(panel: Panel) -> Response:
    return Response(msgspec.json.encode(panel.shown()), media_type=JSON)
