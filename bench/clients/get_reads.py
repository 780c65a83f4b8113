"""Reads the same things over HTTP again and again on keep-alive connections."""

from __future__ import annotations

from itertools import count
from typing import Any

from bench.client import serve
from bench.clients.counting import counted
from bench.clients.http_line import HttpLine


async def main(
    *, base_url: str, paths: list[str], headers: list[str], connections: int, seconds: float
) -> dict[str, Any]:
    """Answers a second. `headers` are blocks of whole lines, taken in turn, one a request."""
    numbers = count()
    lines = [await HttpLine.open(base_url) for _ in range(connections)]

    def reading(line: HttpLine) -> Any:
        async def read() -> None:
            number = next(numbers)
            status, answer = await line.get(paths[number % len(paths)], headers[number % len(headers)])
            if status != 200:
                raise RuntimeError(f"{status}: {answer.decode()}")

        return read

    found = await counted([reading(line) for line in lines], seconds)
    for line in lines:
        line.close()
    return found


if __name__ == "__main__":
    serve(main)
