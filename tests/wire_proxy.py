"""Stands on the wire between the hub and what it talks to, and understands enough of it to count messages.

`PostgresProxy` stands before Postgres, `HttpProxy` before anything that speaks HTTP/1.1. Both tell an observer of
every exchange twice: when its request is whole and not yet passed on, and when its answer has left. The observer may
keep a request back, and `cut` ends everything at once, as when the process at the other end is killed.
"""

from __future__ import annotations

import asyncio
import struct
from abc import ABC, abstractmethod
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

SOCKET = ".s.PGSQL.5432"
CHUNK = 65_536
HEAD_END = b"\r\n\r\n"
CANCEL, SSL, GSS = 80_877_102, 80_877_103, 80_877_104
"""What a first packet of Postgres may ask for instead of a session."""


@dataclass(eq=False)
class Exchange:
    """One request and its answer.

    `asker` is who asks: the application's name at Postgres, the far side's name for HTTP. `says` are the statements
    that it executes, or method and path. `rows` counts what the answer holds; `in_transaction` tells whether the
    session still is in one once answered.
    """

    asker: str
    line: int
    says: tuple[str, ...]
    body: bytes = b""
    rows: int = 0
    failed: bool = False
    in_transaction: bool = False


class Observer(Protocol):
    """Who is told."""

    def arrives(self, exchange: Exchange) -> bool:
        """Its request is whole and was not passed on yet. False keeps it back for good."""

    def left(self, exchange: Exchange) -> None:
        """Its answer was passed on to the last byte."""


class Proxy(ABC):
    """Lines that are passed on until they are cut."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._count = 0
        self._ended = asyncio.Event()
        self.passing = True

    def cut(self) -> None:
        """End every line without another byte, and take no new ones until `resume`."""
        self.passing = False
        self._ended.set()
        for writer in self._writers:
            writer.transport.abort()

    def resume(self) -> None:
        """Take lines again."""
        self.passing = True
        self._ended = asyncio.Event()

    async def stop(self) -> None:
        """End for good."""
        if self._server is not None:
            self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A new line."""
        self._count += 1
        task = asyncio.get_running_loop().create_task(self._live(self._count, reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _live(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            if self.passing:
                await self._serve(number, reader, writer)
        except (OSError, EOFError):
            # One side is gone: the other learns it by the line's end.
            writer.transport.abort()
        finally:
            self._writers.discard(writer)
            writer.close()

    @abstractmethod
    async def _serve(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what one line says."""


class PostgresProxy(Proxy):
    """Passes on what ends with Sync, Query or Flush as one piece, each counted if it executes anything."""

    def __init__(self, dsn: str, observer: Observer) -> None:
        super().__init__(observer)
        self._parts = urlsplit(dsn)
        self._upstream = Path(parse_qs(self._parts.query)["host"][0]) / SOCKET

    async def start(self, directory: Path) -> str:
        """Listen in a directory (a short path); the DSN that leads through here."""
        self._server = await asyncio.start_unix_server(self.accept, directory / SOCKET)
        return f"postgresql://{self._parts.netloc}{self._parts.path}?host={directory}"

    async def _serve(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_unix_connection(self._upstream)
        self._writers.add(forth)
        session = _Session(number)
        try:
            first = await session.begin(reader)
            forth.write(first)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._requests(session, reader, forth))
                group.create_task(self._answers(session, back, writer))
        except* (OSError, EOFError):
            writer.transport.abort()
        finally:
            self._writers.discard(forth)
            forth.close()

    async def _requests(self, session: _Session, reader: asyncio.StreamReader, forth: asyncio.StreamWriter) -> None:
        piece = b""
        while self.passing:
            kind, message = await _message(reader)
            if not self.passing:
                return
            piece += message
            session.understand(kind, message[5:])
            if kind in b"SQ":
                exchange = session.ask()
                if exchange is not None and not self._observer.arrives(exchange):
                    await self._ended.wait()
                    return
            if kind in b"SQHXp":
                forth.write(piece)
                piece = b""
                await forth.drain()

    async def _answers(self, session: _Session, back: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while self.passing:
            kind, message = await _message(back)
            if not self.passing:
                return
            exchange = session.hear(kind, message[5:])
            writer.write(message)
            if exchange is not None:
                self._observer.left(exchange)
            await writer.drain()


@dataclass
class _Session:
    """What one session of Postgres means by its messages."""

    number: int
    asker: str = ""
    _statements: dict[bytes, str] = field(default_factory=dict)
    _portals: dict[bytes, str] = field(default_factory=dict)
    _says: list[str] = field(default_factory=list)
    _bound: bytes = b""
    _waiting: deque[Exchange | None] = field(default_factory=deque)

    async def begin(self, reader: asyncio.StreamReader) -> bytes:
        """The first packet. The session learns who it is for."""
        head = await reader.readexactly(8)
        size, code = struct.unpack("!II", head)
        rest = await reader.readexactly(size - 8)
        if code in (SSL, GSS):
            raise AssertionError("nobody encrypts on a local socket")
        if code != CANCEL:
            words = rest.split(b"\0")
            given = dict(zip(words[::2], words[1::2], strict=False))
            self.asker = given.get(b"application_name", b"").decode()
            self._waiting.append(None)  # the first "ready for query" answers the start
        return head + rest

    def understand(self, kind: bytes, body: bytes) -> None:
        """Remember what a message of the client names."""
        if kind == b"P":
            name, text = body.split(b"\0", 2)[:2]
            self._statements[name] = text.decode()
        elif kind == b"B":
            portal, name = body.split(b"\0", 2)[:2]
            self._portals[portal] = self._statements.get(name, "?")
            self._bound += body
        elif kind == b"E":
            self._says.append(self._portals.get(body.partition(b"\0")[0], "?"))
        elif kind == b"Q":
            self._says.append(body.rstrip(b"\0").decode())

    def ask(self) -> Exchange | None:
        """The exchange that has just been asked for whole; None when it executes nothing."""
        exchange = Exchange(self.asker, self.number, tuple(self._says), self._bound) if self._says else None
        self._says, self._bound = [], b""
        self._waiting.append(exchange)
        return exchange

    def hear(self, kind: bytes, body: bytes) -> Exchange | None:
        """Take note of a message of the server; the exchange that it ends, if any."""
        if kind == b"D" and self._waiting and self._waiting[0] is not None:
            self._waiting[0].rows += 1
        elif kind == b"E" and self._waiting and self._waiting[0] is not None:
            self._waiting[0].failed = True
        elif kind == b"Z":
            ended = self._waiting.popleft()
            if ended is not None:
                ended.in_transaction = body != b"I"
            return ended
        return None


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readexactly(5)
    size: int = struct.unpack("!I", head[1:])[0]
    return head[:1], head + await reader.readexactly(size - 4)


class HttpProxy(Proxy):
    """One exchange a line, each on a line of its own to the far side."""

    def __init__(self, name: str, observer: Observer) -> None:
        super().__init__(observer)
        self._name = name
        self._upstream = ("", 0)

    async def start(self) -> str:
        """Listen on loopback; the address that leads through here."""
        self._server = await asyncio.start_server(self.accept, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def lead_to(self, url: str) -> None:
        """Where everything is passed on to."""
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        self._upstream = (parts.hostname, parts.port)

    async def _serve(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(HEAD_END)
        lines = head.decode("latin-1").rstrip().split("\r\n")
        length = next((int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length:")), 0)
        body = await reader.readexactly(length)
        if not self.passing:
            return
        exchange = Exchange(self._name, number, (" ".join(lines[0].split(" ")[:2]),), body)
        if not self._observer.arrives(exchange):
            await self._ended.wait()
            return
        answer = await self._ask(lines, body)
        if not self.passing:
            return
        exchange.failed = int(answer.split(b" ", 2)[1]) >= 400
        exchange.rows = 1
        writer.write(answer)
        self._observer.left(exchange)
        await writer.drain()

    async def _ask(self, lines: list[str], body: bytes) -> bytes:
        """The far side's whole answer, which says that the line ends with it."""
        back, forth = await asyncio.open_connection(*self._upstream)
        self._writers.add(forth)
        try:
            forth.write(_closing(lines) + body)
            answer = await back.read(-1)
        finally:
            self._writers.discard(forth)
            forth.close()
        if not answer:
            raise EOFError("no answer")
        head, _, content = answer.partition(HEAD_END)
        return _closing(head.decode("latin-1").split("\r\n")) + content


def _closing(lines: list[str]) -> bytes:
    kept = [line for line in lines if not line.lower().startswith("connection:")]
    return "\r\n".join([*kept, "Connection: close"]).encode("latin-1") + HEAD_END
