"""The door behind the real server, on a real socket: what ASGI alone cannot show."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from granian.constants import Interfaces
from granian.server.embed import Server
from tests.pure.gateway.front_door import front, token

from tillway.gateway import Answer


async def told(ask):
    """Answers what the path says, in a field that the contract knows."""
    return Answer(200, {"sku": ask.path["sku"]})


@asynccontextmanager
async def served(door, port: int) -> AsyncIterator[aiohttp.ClientSession]:
    server = Server(door, address="127.0.0.1", port=port, interface=Interfaces.ASGI, log_enabled=False)
    serving = asyncio.create_task(server.serve())
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client, asyncio.timeout(20):
            while True:
                try:
                    async with client.get("/health/live"):
                        break
                except aiohttp.ClientConnectorError:
                    await asyncio.sleep(0.02)
            yield client
    finally:
        server.stop()
        await serving


async def pieces(size, piece=64 * 1024):
    for _ in range(size // piece):
        yield b"x" * piece


async def test_the_real_server_brings_what_the_door_needs(unused_tcp_port):
    bearer = {"Authorization": f"Bearer {token()}"}
    async with served(front(getProduct=told, placeOrder=told).door, unused_tcp_port) as client:
        async with client.get("/products/v1/products/A%2FB%20%C3%BC", headers=bearer) as reply:
            assert (reply.status, await reply.json()) == (200, {"sku": "A/B ü"})
        # Too large, declared and streamed: answered on a connection that stays usable.
        for data in (io.BytesIO(b"x" * 6_000_000), pieces(6_000_000)):
            sent = {"data": data, "headers": bearer | {"Content-Type": "application/json"}}
            async with client.post("/orders/v1/orders", **sent) as reply:
                assert (reply.status, (await reply.json())["type"]) == (413, "/problems/too-large")
        # Refused before its body was read.
        async with client.post("/orders/v1/orders", data=pieces(6_000_000)) as reply:
            assert reply.status == 401
        async with client.head("/health/ready") as reply:
            assert (reply.status, await reply.read()) == (200, b"")
        async with client.get("/catalog") as reply:
            assert reply.headers["X-Correlation-Id"]
