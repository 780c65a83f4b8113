"""Places orders over HTTP on keep-alive connections, each with an Idempotency-Key of its own."""

from __future__ import annotations

from itertools import count
from typing import Any
from uuid import uuid4

from bench.client import serve
from bench.clients.counting import counted
from bench.clients.http_line import HttpLine


async def main(*, base_url: str, token: str, bodies: list[str], connections: int, seconds: float) -> dict[str, Any]:
    """Accepted orders a second."""
    numbers = count()
    run = uuid4().hex
    fixed = f"Content-Type: application/json\r\nAuthorization: Bearer {token}\r\n"
    contents = [body.encode() for body in bodies]
    lines = [await HttpLine.open(base_url) for _ in range(connections)]

    def placing(line: HttpLine) -> Any:
        async def place() -> None:
            number = next(numbers)
            status, answer = await line.post(
                "/orders/v1/orders",
                f"{fixed}Idempotency-Key: {run}-{number}\r\n",
                contents[number % len(contents)],
            )
            if status != 201:
                raise RuntimeError(f"{status}: {answer.decode()}")

        return place

    found = await counted([placing(line) for line in lines], seconds)
    for line in lines:
        line.close()
    return found


if __name__ == "__main__":
    serve(main)
