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
"""A postmaster whose owner died was told so by the kernel; it gets this long before we say it again."""

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


def clear(directory: Path, pid_file: Path, *more: Path) -> None:
    """Wait until no Postgres lives here, asking first and killing in the end; then drop its pid file and `more`.

    Postgres would believe these files while *any* process has the number in them: a stranger, or a dead postmaster
    whom nobody has buried because the container has no init.
    Only the holder of the state directory's lock may call this. Misconfigured when a process cannot be ended.
    """
    began = monotonic()
    said: set[int] = set()
    while alive := residents(directory):
        waited = monotonic() - began
        postmaster = _postmaster(pid_file)
        if waited > GIVE_UP_SECONDS:
            raise Misconfigured(
                f"Postgres processes {sorted(alive)} still use {directory}",
                remedy="end these processes, then start again",
            )
        if waited > FORCE_SECONDS:
            _tell(alive, said, dict.fromkeys(alive, signal.SIGKILL))
        elif postmaster not in alive:
            # Sessions without a postmaster are of no use to anybody; a busy one does not notice by itself.
            _tell(alive, said, dict.fromkeys(alive, signal.SIGTERM))
        elif waited > ASK_SECONDS:
            _tell(alive, said, {postmaster: signal.SIGINT})
        time.sleep(LOOK_SECONDS)
    for stale in (pid_file, *more):
        stale.unlink(missing_ok=True)


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
