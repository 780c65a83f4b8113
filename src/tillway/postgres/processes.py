"""Which Postgres processes live in a data directory, and how to be rid of those that nobody owns any more (Linux)."""

from __future__ import annotations

import logging
import os
import signal
import time
from pathlib import Path

from tillway.clock import monotonic
from tillway.errors import Misconfigured

ASK_SECONDS = 2.0
"""Processes left over from a dead owner were told so by the kernel; they get this long before we say it again."""

FORCE_SECONDS = 6.0
"""After this they are killed: their owner is dead and crash recovery makes the data whole."""

GIVE_UP_SECONDS = 10.0
"""After this an operator has to look: a process that outlives SIGKILL hangs in the kernel."""

LOOK_SECONDS = 0.02
"""Pause between two looks."""

_log = logging.getLogger("tillway.postgres")


def residents(directory: Path) -> frozenset[int]:
    """Process ids of the Postgres processes whose working directory this is: postmaster, backends, helpers."""
    home = directory.stat()
    found: set[int] = set()
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            where = (process / "cwd").stat()
            if (where.st_dev, where.st_ino) != (home.st_dev, home.st_ino):
                continue
            command = (process / "comm").read_text("utf-8").strip()
        except OSError:  # it ended while we looked (a zombie has no directory either), or belongs to somebody else
            continue
        if command == "postgres":
            found.add(int(process.name))
    return frozenset(found)


def clear(directory: Path, pid_file: Path) -> None:
    """Wait until no Postgres lives here, asking first and killing in the end; then drop the stale pid file.

    Only the holder of the state directory's lock may call this. Misconfigured when a process cannot be ended.
    """
    began = monotonic()
    said: set[int] = set()
    while alive := residents(directory):
        waited = monotonic() - began
        if waited > GIVE_UP_SECONDS:
            raise Misconfigured(
                f"Postgres processes {sorted(alive)} still use {directory}",
                remedy="end these processes, then start again",
            )
        if waited > FORCE_SECONDS:
            _tell(alive, said, dict.fromkeys(alive, signal.SIGKILL))
        elif waited > ASK_SECONDS:
            postmaster = _postmaster(pid_file)
            # To a postmaster SIGINT means: end all sessions and shut down. SIGTERM ends a session.
            _tell(
                alive,
                said,
                {postmaster: signal.SIGINT} if postmaster in alive else dict.fromkeys(alive, signal.SIGTERM),
            )
        time.sleep(LOOK_SECONDS)
    pid_file.unlink(missing_ok=True)


def _tell(alive: frozenset[int], said: set[int], signals: dict[int, signal.Signals]) -> None:
    for pid, sign in signals.items():
        key = pid * 100 + sign
        if key in said or pid not in alive:
            continue
        said.add(key)
        _log.warning("a Postgres process of a dead owner is told to end: pid %d, %s", pid, sign.name)
        try:
            os.kill(pid, sign)
        except ProcessLookupError:  # gone by itself
            continue


def _postmaster(pid_file: Path) -> int:
    try:
        return int(pid_file.read_text("utf-8").split("\n", 1)[0])
    except (OSError, ValueError):
        return 0
