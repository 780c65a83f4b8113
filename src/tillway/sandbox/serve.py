"""`python -m tillway.sandbox.serve`: the sandbox as a process of its own, on loopback.

Writes `{"url", "db", "key", "sign_in_url"}` to the ready file once it listens, dies with its parent, stops on SIGTERM.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import os
import secrets
import signal
import socket
from datetime import date
from pathlib import Path
from typing import Any, Final

import msgspec
import uvloop
from granian.constants import Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server
from starlette.applications import Starlette

from tillway import clock
from tillway.sandbox import registry, retailer, sign_in
from tillway.sandbox.faults import Panel
from tillway.sandbox.hooks import Hooks
from tillway.sandbox.json2 import Sandbox
from tillway.sandbox.keeping import Kept
from tillway.sandbox.store import Store

LOOPBACK: Final = "127.0.0.1"
DATABASE: Final = "retail"
KEY_BYTES: Final = 20
"""As long as a real API key: 40 hexadecimal digits."""
PARENT_DEATH: Final = 1
"""PR_SET_PDEATHSIG of prctl(2)."""
LISTEN_DEADLINE: Final = 10.0
"""Seconds within which the socket must listen."""


def die_with_parent(parent: int) -> None:
    """Ask the kernel for SIGTERM when the parent ends; end at once when it already has."""
    ctypes.CDLL(None, use_errno=True).prctl(PARENT_DEATH, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit(0)


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tillway.sandbox.serve", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port on loopback; 0 takes a free one")
    parser.add_argument("--ready-file", type=Path, help="where to write url, db and key once listening")
    parser.add_argument("--key", default="", help="the API key; empty makes one")
    parser.add_argument("--db", default=DATABASE, help="name of the database")
    parser.add_argument("--date", type=date.fromisoformat, help="the day around which promotions run; today")
    parser.add_argument("--keep", type=Path, help="a file to keep all rows in, and to begin with when it is there")
    parser.add_argument("--only-sign-in", action="store_true", help="people sign in here, there is no ERP")
    parser.add_argument("--orphan", action="store_true", help="go on when the parent process ends")
    return parser


def build(*, key: str, database: str = DATABASE, today: date | None = None, keep: Path | None = None) -> Sandbox:
    """A sandbox with the sample retailer in it, or with what was kept in a file."""
    store = Store(registry.MODELS)
    kept = None if keep is None else Kept(keep)
    restored = kept is not None and kept.restore(store)
    if kept is not None:
        store.keep = kept.keep
    if not restored:
        now = clock.now()
        retailer.fill(store, today=today or now.date(), now=now)
    panel = Panel()
    hooks = Hooks(store, panel, store.models)
    return Sandbox(store=store, key=key, database=database, panel=panel, hooks=hooks)


def content(options: argparse.Namespace, url: str) -> tuple[Starlette, dict[str, str]]:
    """What is served at this address, and what is told of it."""
    issuer = url + sign_in.PATH
    routes = sign_in.routes(sign_in.SignIn(issuer))
    told = {"url": url, "sign_in_url": issuer}
    if options.only_sign_in:
        return Starlette(routes=routes), told
    key = options.key or secrets.token_hex(KEY_BYTES)
    sandbox = build(key=key, database=options.db, today=options.date, keep=options.keep)
    return sandbox.app(*routes), told | {"db": sandbox.database, "key": sandbox.key}


async def serve(options: argparse.Namespace) -> None:
    """Listen until told to stop."""
    with socket.socket() as holder:
        # Holding the port from here on keeps others off it until the server has bound it too.
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind((LOOPBACK, options.port))
        port = int(holder.getsockname()[1])
        app, ready = content(options, f"http://{LOOPBACK}:{port}")
        server = Server(
            app,
            address=LOOPBACK,
            port=port,
            interface=Interfaces.ASGINL,
            websockets=False,
            log_enabled=False,
            http1_settings=HTTP1Settings(keep_alive=False),
        )
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, server.stop)
        serving = asyncio.create_task(server.serve())
        await listening(port)
        if options.ready_file:
            announce(options.ready_file, ready)
        await serving


async def listening(port: int) -> None:
    """Wait until somebody listens on the port of loopback."""
    deadline = clock.monotonic() + LISTEN_DEADLINE
    while True:
        try:
            _, writer = await asyncio.open_connection(LOOPBACK, port)
        except ConnectionRefusedError:
            if clock.monotonic() > deadline:
                raise
            await asyncio.sleep(0.01)
        else:
            writer.close()
            return


def announce(path: Path, ready: dict[str, Any]) -> None:
    """Write all of it at once: who waits for the file never reads half of it."""
    partial = path.with_name(f"{path.name}.partial")
    partial.write_bytes(msgspec.json.encode(ready))
    partial.chmod(0o600)
    partial.replace(path)


def main() -> None:
    """Run until SIGTERM."""
    parent = os.getppid()
    options = arguments().parse_args()
    if not options.orphan:
        die_with_parent(parent)
    uvloop.run(serve(options))


if __name__ == "__main__":
    main()
