"""Tells the same notice again and again over HTTP, as an ERP's automation rule does."""

from __future__ import annotations

from typing import Any

from bench.client import serve
from bench.clients.counting import counted
from bench.clients.http_line import HttpLine


async def main(*, base_url: str, path: str, body: str, connections: int, seconds: float) -> dict[str, Any]:
    """Answers a second, and how long each took."""
    lines = [await HttpLine.open(base_url) for _ in range(connections)]

    def telling(line: HttpLine) -> Any:
        async def tell() -> None:
            status, answer = await line.post(path, "Content-Type: application/json\r\n", body.encode())
            if status != 204:
                raise RuntimeError(f"{status}: {answer.decode()}")

        return tell

    found = await counted([telling(line) for line in lines], seconds)
    for line in lines:
        line.close()
    return found


if __name__ == "__main__":
    serve(main)
