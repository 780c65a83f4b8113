"""The supervisor's side of its nursery: children are started, told to stop and waited for by way of it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from typing import Final, Self

import msgspec

from tillway.app import nursery
from tillway.app.nursery import READ_BYTES, Ended, Sign, Start

log = logging.getLogger(__name__)

# What the kernel does to children whose nursery is gone.
ORPHANED: Final = -signal.SIGKILL

_news: Final = msgspec.json.Decoder(Ended)


class Child:
    """One child. `returncode` is None while it runs and negative when a signal ended it."""

    def __init__(self, ended: asyncio.Future[int], sign: Callable[[int], None]) -> None:
        self._ended = ended
        self._sign = sign

    @property
    def returncode(self) -> int | None:
        """Its exit code once it has ended."""
        return self._ended.result() if self._ended.done() else None

    async def wait(self) -> int:
        """Its exit code, when it has ended."""
        return await asyncio.shield(self._ended)

    def terminate(self) -> None:
        """Ask it to stop. Does nothing when it has ended."""
        self._sign(signal.SIGTERM)

    def kill(self) -> None:
        """Stop it now. Does nothing when it has ended."""
        self._sign(signal.SIGKILL)


class Nursery:
    """Use as `with Nursery(modules...) as nursery:` around the event loop of the main thread.

    The modules are imported and the nursery is forked on entering, when there is no loop and no thread yet. One that
    dies, and its children with it, is replaced at the next start: by a program of its own, because by then a fork would
    take along more than memory.
    """

    def __init__(self, *modules: str) -> None:
        self._modules = modules
        self._ended: dict[int, asyncio.Future[int]] = {}
        self._started = 0
        self._wire: socket.socket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._unread = b""
        self._pid = 0

    def __enter__(self) -> Self:
        nursery.load(self._modules)
        parent = os.getpid()
        ours, theirs = socket.socketpair()
        self._pid = os.fork()
        if self._pid == 0:
            ours.close()
            nursery.run(theirs, parent)
        theirs.close()
        self._wire = ours
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int | None:
        """Its process id while it is thought to live."""
        return self._pid if self._wire is not None else None

    def start(self, module: str, *arguments: str, environment: Mapping[str, str]) -> Child:
        """Run a module's `main` in a child with these `sys.argv[1:]` and this environment."""
        loop = asyncio.get_running_loop()
        wire = self._wire or self._replace()
        if self._loop is None:
            loop.add_reader(wire, self._read)
            self._loop = loop
        self._started += 1
        number = self._started
        self._ended[number] = loop.create_future()
        self._tell(Start(number, module, arguments, dict(environment)))
        return Child(self._ended[number], lambda sign: self._sign(number, sign))

    def _sign(self, number: int, sign: int) -> None:
        if number in self._ended:
            self._tell(Sign(number, sign))

    def _tell(self, order: Start | Sign) -> None:
        # A nursery that is gone takes no orders: the reader learns of it, and all children count as ended.
        if self._wire is not None:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self._wire.sendall(msgspec.json.encode(order) + b"\n")

    def _read(self) -> None:
        if self._wire is None:
            return
        try:
            taken = self._wire.recv(READ_BYTES)
        except ConnectionResetError:
            taken = b""
        if not taken:
            self._lost()
        *lines, self._unread = (self._unread + taken).split(b"\n")
        for line in lines:
            ended = _news.decode(line)
            self._ended.pop(ended.number).set_result(ended.code)

    def _lost(self) -> None:
        log.error("the nursery died, and %d children with it", len(self._ended))
        self.close()
        while self._ended:
            self._ended.popitem()[1].set_result(ORPHANED)

    def close(self) -> None:
        """End the nursery, and what still runs of its children with it. Does nothing the second time."""
        wire, self._wire = self._wire, None
        loop, self._loop = self._loop, None
        self._unread = b""
        if wire is None:
            return
        if loop is not None and not loop.is_closed():
            loop.remove_reader(wire)
        wire.close()
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)

    def _replace(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            theirs.set_inheritable(True)
            words = [sys.executable, "-m", nursery.__name__, str(os.getpid()), str(theirs.fileno()), *self._modules]
            self._pid = os.posix_spawn(sys.executable, words, os.environ)
        self._wire = ours
        return ours
