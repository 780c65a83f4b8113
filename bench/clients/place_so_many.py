"""Places a number of orders over HTTP on keep-alive connections, each with an Idempotency-Key of its own."""

from __future__ import annotations

import asyncio
import time
from statistics import quantiles
from typing import Any
from uuid import uuid4

from bench.client import serve
from bench.clients.http_line import HttpLine


async def main(*, base_url: str, token: str, bodies: list[str], connections: int, orders: int) -> dict[str, Any]:
    """Accepted orders a second, and how long each took."""
    run, numbers = uuid4().hex, iter(range(orders))
    fixed = f"Content-Type: application/json\r\nAuthorization: Bearer {token}\r\n"
    lines = [await HttpLine.open(base_url) for _ in range(connections)]
    taken: list[float] = []

    async def place(line: HttpLine) -> None:
        for number in numbers:
            body = bodies[number % len(bodies)].encode()
            began = time.monotonic()
            headers = f"{fixed}Idempotency-Key: {run}-{number}\r\n"
            status, answer = await line.post("/orders/v1/orders", headers, body)
            if status != 201:
                raise RuntimeError(f"{status}: {answer.decode()}")
            taken.append(time.monotonic() - began)

    began = time.monotonic()
    await asyncio.gather(*(place(line) for line in lines))
    seconds = time.monotonic() - began
    for line in lines:
        line.close()
    return {"rate": orders / seconds, "p99_ms": quantiles(taken, n=100, method="inclusive")[98] * 1000}


if __name__ == "__main__":
    serve(main)
