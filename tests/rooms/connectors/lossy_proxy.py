"""A proxy between connector and Odoo that loses answers, the way networks do: after the work was done, or before."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

HEAD_END = b"\r\n\r\n"


class LossyProxy:
    """Passes everything on, but for the calls that it was told to lose, by the model and method they ask for."""

    def __init__(self, upstream: str) -> None:
        parts = urlsplit(upstream)
        assert parts.hostname is not None
        self._upstream = (parts.hostname, parts.port or 80)
        self._lose: dict[str, int] = {}
        self._cut: dict[str, int] = {}
        self._before: dict[str, Callable[[], object]] = {}
        self._delays: dict[str, float] = {}
        self.delaying = asyncio.Event()
        self.lost: list[str] = []
        self.asked: list[tuple[str, bytes]] = []
        self._server: asyncio.Server | None = None
        self._working: set[asyncio.Task[bytes]] = set()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def lose_answer(self, call: str, times: int = 1) -> None:
        """The next calls of `model/method` are done over there; their answers vanish."""
        self._lose[call] = times

    def cut_off(self, call: str, times: int = 1) -> None:
        """The next calls of `model/method` are passed on whole, and the asker is cut off while they are worked on."""
        self._cut[call] = times

    def before(self, call: str, act: Callable[[], object]) -> None:
        """Before the next call of `model/method` is passed on, somebody else does this."""
        self._before[call] = act

    def delay(self, call: str, seconds: float) -> None:
        """The next call of `model/method` is answered so much later; `delaying` is set when it was done over there."""
        self._delays[call] = seconds

    async def idle(self) -> None:
        """Wait until nothing is worked on over there for somebody who was cut off."""
        while self._working:
            await asyncio.wait(set(self._working))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[LossyProxy]:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        try:
            yield self
        finally:
            await self.idle()
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(HEAD_END)
        except asyncio.IncompleteReadError:
            writer.close()
            return
        lines = head.decode("latin-1").split("\r\n")
        length = next((int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length:")), 0)
        body = await reader.readexactly(length)
        call = named(lines[0].split(" ")[1], body)
        self.asked.append((call, body))
        if (act := self._before.pop(call, None)) is not None:
            await asyncio.to_thread(act)
        asking = asyncio.create_task(self._ask(lines, body))
        self._working.add(asking)
        asking.add_done_callback(self._working.discard)
        if self._due(self._cut, call):
            writer.close()
            return
        answer = await asking
        if (seconds := self._delays.pop(call, 0.0)) > 0:
            self.delaying.set()
            await asyncio.sleep(seconds)
        if not self._due(self._lose, call):
            writer.write(answer)
            await writer.drain()
        writer.close()

    def _due(self, plan: dict[str, int], call: str) -> bool:
        if plan.get(call, 0) < 1:
            return False
        plan[call] -= 1
        self.lost.append(call)
        return True

    async def _ask(self, lines: list[str], body: bytes) -> bytes:
        """What is answered over there; nothing by one that is not there, or goes in the middle of it."""
        kept = [line for line in lines if line and not line.lower().startswith("connection:")]
        try:
            reader, writer = await asyncio.open_connection(*self._upstream)
            writer.write("\r\n".join([*kept, "Connection: close"]).encode("latin-1") + HEAD_END + body)
            answer = await reader.read(-1)
        except OSError:
            return b""
        writer.close()
        return answer


def named(path: str, body: bytes) -> str:
    """`model/method` of a call: the end of its path at one door, within the body at the other."""
    if path != "/jsonrpc":
        return "/".join(path.split("/")[-2:])
    params = json.loads(body)["params"]
    if params["service"] != "object":
        return f"{params['service']}/{params['method']}"
    model, method = params["args"][3:5]
    return f"{model}/{method}"
