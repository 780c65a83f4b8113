"""What a shop writes without a hub: products out of a dictionary over HTTP, on the door's own server.

`starlette` checks nothing at all; `fastapi` checks a bearer token by hand, as tutorials show it, and answers a model.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from typing import Any

import uvloop
from granian.constants import Interfaces
from granian.server.embed import Server
from joserfc import jwt
from joserfc.jwk import KeySet
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


def plain(products: dict[str, dict[str, Any]]) -> Any:
    """A bare route: the bytes of a product."""
    made = {sku: json.dumps(product).encode() for sku, product in products.items()}

    async def read(request: Request) -> Response:
        return Response(made[request.path_params["sku"]], media_type="application/json")

    return Starlette(routes=[Route("/products/v1/products/{sku}", read)])


def by_hand(products: dict[str, dict[str, Any]], jwks: dict[str, Any]) -> Any:
    """FastAPI, a model, and a dependency that verifies the hub's own tokens on each request."""
    from fastapi import Depends, FastAPI, HTTPException  # noqa: PLC0415 - the other side runs without it
    from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer  # noqa: PLC0415
    from pydantic import BaseModel  # noqa: PLC0415

    class Product(BaseModel):
        sku: str
        name: str
        gtin: str | None
        list_price: str
        currency: str
        taxes: list[dict[str, Any]]

    app, keys = FastAPI(), KeySet.import_key_set(jwks)  # type: ignore[arg-type]
    bearer = HTTPBearer()

    def allowed(credentials: HTTPAuthorizationCredentials = Depends(bearer)) -> str:
        claims = jwt.decode(credentials.credentials, keys, algorithms=["ES256"]).claims
        if "products:read" not in claims["scope"].split():
            raise HTTPException(403)
        return str(claims["sub"])

    # Annotations of functions inside functions are found only where FastAPI is told of them.
    allowed.__annotations__ = {"credentials": HTTPAuthorizationCredentials, "return": str}

    async def read(sku: str, who: str = Depends(allowed)) -> Any:
        return products[sku]

    read.__annotations__ = {"sku": str, "who": str, "return": Product}
    app.get("/products/v1/products/{sku}", response_model=Product)(read)
    return app


async def main(*, kind: str, core: int, products: dict[str, dict[str, Any]], jwks: dict[str, Any]) -> None:
    """Serve on a free port, told on stdout, on one core of the machine, until terminated."""
    os.sched_setaffinity(0, {core})
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = plain(products) if kind == "starlette" else by_hand(products, jwks)
    server = Server(app, address="127.0.0.1", port=port, interface=Interfaces.ASGI, log_enabled=False, websockets=False)
    serving = asyncio.ensure_future(server.serve())
    sys.stdout.write(json.dumps({"base_url": f"http://127.0.0.1:{port}"}) + "\n")
    sys.stdout.flush()
    await serving


if __name__ == "__main__":
    uvloop.run(main(**json.loads(sys.argv[1])))
