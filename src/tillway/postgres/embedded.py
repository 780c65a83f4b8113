"""The embedded Postgres: the server from a wheel as a child of the hub, in the hub's state directory.

    state/hub.lock            held while a hub runs here; says its process id
    state/postgres/data       the cluster, below it `socket` with the only way in: no TCP, no passwords
    state/logs/postgres.log   what the server says of itself; never a statement nor its values

It dies with the hub, even when the hub is killed: the kernel tells the postmaster, which shuts down cleanly. When the
postmaster dies, `supervise` starts it again.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Self

from tillway.clock import monotonic
from tillway.errors import Misconfigured, TillwayError, Unavailable

from .cluster import DATABASE, Cluster, text_tail
from .launch import die_with
from .lock import Lock
from .processes import clear

START_SECONDS = 120.0
"""A start takes 0.1 s; after a crash up to max_wal_size of journal is replayed first."""

STOP_SECONDS = 15.0
"""A fast shutdown writes one checkpoint; after this the server is stopped without, and recovers at the next start."""

LOOK_SECONDS = 0.01
"""Pause between two looks at a server that starts or stops."""

WATCH_SECONDS = 0.05
"""A postmaster that died is noticed within this."""

FIRST_RETRY_SECONDS = 0.5
"""Pause after a restart that failed; it doubles up to LAST_RETRY_SECONDS."""

LAST_RETRY_SECONDS = 30.0
"""Longest pause between two attempts to restart a server that will not start."""

LOG_BYTES = 10_000_000
"""The server's log is put aside (one generation) when it is larger than this at a start."""

_STATUS_LINE = 7
"""Where postmaster.pid says how far the start is; the first line is the process id (Postgres, miscadmin.h)."""

_log = logging.getLogger("tillway.postgres")


class Embedded:
    """One embedded server under the state directory `state`. Start and supervise it from the main thread.

    `durable=False` gives up surviving a power cut. `install` overrides where the binaries are.
    """

    def __init__(self, state: Path, *, durable: bool = True, install: Path | None = None) -> None:
        self._state = state.absolute()
        self._cluster = Cluster(self._state / "postgres", durable=durable, install=install)
        self._log_file = self._state / "logs" / "postgres.log"
        self._lock = Lock(self._state / "hub.lock")
        self._server: subprocess.Popen[bytes] | None = None
        self._stopping = False
        self._preparing: int | None = None

    def dsn(self, database: str = DATABASE) -> str:
        """How this machine's processes reach the server; to be asked once it has started."""
        return self._cluster.dsn(database)

    @property
    def pid(self) -> int | None:
        """Process id of the postmaster while it runs."""
        return self._server.pid if self._server is not None and self._server.poll() is None else None

    def begin(self) -> None:
        """Take the state directory and let a fork make the cluster, if there is none; `start` waits for it.

        To be called where there are no threads yet. Misconfigured: another hub holds the directory.
        """
        self._take()
        parent = os.getpid()
        self._preparing = os.fork()
        if self._preparing == 0:
            try:
                die_with(parent, signal.SIGKILL)
                self._cluster.prepare()
            finally:
                # What went wrong goes wrong again in `start`, which tells of it.
                os._exit(0)

    def start(self) -> str:
        """Take the state directory, make the cluster at the first time, start it and return the DSN.

        Blocks until the server takes connections: 0.1 s, 1 s the first time, longer to recover from a crash.
        Misconfigured: another hub holds the directory, or the server will not start (its own words are in the message).
        """
        self._take()
        try:
            self._await_prepared()
            self._cluster.prepare()
            self._clear()
            self._spawn()
            self._await_ready()
        except BaseException:
            self.stop()
            raise
        return self.dsn()

    def stop(self) -> None:
        """End all sessions, shut the server down cleanly and let the state directory go. Does nothing when stopped."""
        self._stopping = True
        self._await_prepared()
        server, self._server = self._server, None
        if server is not None:
            for sign, patience in (
                (signal.SIGINT, STOP_SECONDS),
                (signal.SIGQUIT, STOP_SECONDS),
                (signal.SIGKILL, STOP_SECONDS),
            ):
                server.send_signal(sign)
                try:
                    server.wait(patience)
                    break
                except subprocess.TimeoutExpired:
                    _log.warning("Postgres did not end after %s within %d s", sign.name, patience)
        self._lock.release()

    async def supervise(self) -> None:
        """Restart the server whenever it dies, until cancelled or `stop`. To be awaited on the main thread's loop."""
        wait = FIRST_RETRY_SECONDS
        while not self._stopping:
            if self.pid is not None:
                await asyncio.sleep(WATCH_SECONDS)
                continue
            try:
                await self._restart()
                wait = FIRST_RETRY_SECONDS
            except (TillwayError, OSError) as error:
                _log.error("Postgres could not be restarted: %s", error)
                await asyncio.sleep(wait)
                wait = min(wait * 2, LAST_RETRY_SECONDS)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _take(self) -> None:
        try:
            self._state.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock.take()
            self._log_file.parent.mkdir(mode=0o700, exist_ok=True)
        except PermissionError as error:
            raise Misconfigured(
                f"no access to {self._state}", remedy="run as the user who made it, or choose another TILLWAY_STATE"
            ) from error
        self._stopping = False

    def _await_prepared(self) -> None:
        preparing, self._preparing = self._preparing, None
        if preparing is not None:
            os.waitpid(preparing, 0)

    async def _restart(self) -> None:
        code = self._server.returncode if self._server is not None else None
        _log.error("Postgres died (exit code %s); starting it again", code)
        await asyncio.to_thread(self._clear)
        if self._stopping:
            return
        self._spawn()
        await asyncio.to_thread(self._await_ready)
        _log.warning("Postgres is back")

    def _clear(self) -> None:
        clear(self._cluster.data, self._cluster.pid_file, *self._cluster.socket_files)

    def _spawn(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            # The kernel ends the server with the *thread* that started it.
            raise RuntimeError("the embedded Postgres is started from the main thread only")
        if self._log_file.is_file() and self._log_file.stat().st_size > LOG_BYTES:
            self._log_file.rename(self._log_file.with_suffix(".log.1"))
        with self._log_file.open("ab") as log:
            self._server = self._cluster.spawn(log)

    def _await_ready(self) -> None:
        server, deadline = self._server, monotonic() + START_SECONDS
        while server is not None and not self._stopping:
            if server.poll() is not None:
                raise Misconfigured(
                    f"the embedded Postgres does not start: {text_tail(self._log_file)}",
                    remedy=f"see {self._log_file}",
                )
            if self._says_ready(server.pid):
                return
            if monotonic() > deadline:
                raise Unavailable(f"the embedded Postgres still recovers after {START_SECONDS:.0f} s")
            time.sleep(LOOK_SECONDS)

    def _says_ready(self, pid: int) -> bool:
        try:
            lines = self._cluster.pid_file.read_text("utf-8").splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > _STATUS_LINE and lines[0] == str(pid) and lines[_STATUS_LINE].strip() == "ready"
