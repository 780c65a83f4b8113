"""The hub of these tests behind the real server, on a thread of its own, for clients that know nothing of asyncio."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from granian.constants import Interfaces
from granian.server.embed import Server
from tests.contract.small_hub import opened


@contextmanager
def served(dsn: str) -> Iterator[str]:
    """The base URL of a running hub; every answer is held against the contract."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    failures: list[BaseException] = []
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    listening = threading.Event()

    async def serve() -> None:
        async with opened(dsn) as hub:
            server = Server(hub.door, address="127.0.0.1", port=port, interface=Interfaces.ASGI, log_enabled=False)
            serving = asyncio.create_task(server.serve())
            async with asyncio.timeout(20):
                while not _answers(port):
                    await asyncio.sleep(0.01)
            listening.set()
            await stop.wait()
            server.stop()
            await serving

    def run() -> None:
        try:
            loop.run_until_complete(serve())
        except BaseException as error:  # noqa: BLE001 - told to the test, on its own thread
            failures.append(error)
            listening.set()
        finally:
            loop.close()

    thread = threading.Thread(target=run, name="hub")
    thread.start()
    listening.wait(20)
    try:
        assert not failures, failures
        yield f"http://127.0.0.1:{port}"
    finally:
        if not loop.is_closed():
            loop.call_soon_threadsafe(stop.set)
        thread.join(20)
    assert not failures, failures


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
