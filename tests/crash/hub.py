"""The hub under test: `tillway up` with all its processes in one process group, started and killed with -9."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from tests.crash.waiting import until

from tillway.app.child import die_with

WORDS = 3_000
"""Characters of the log that are shown when something went wrong."""

TILLWAY = Path(sys.executable).parent / "tillway"
_STAT_STATE, _STAT_GROUP = 0, 2
"""Places in /proc/PID/stat behind the name: process state, process group."""


class Hub:
    """One hub on one state directory, always at the same port."""

    def __init__(self, state: Path, settings: Mapping[str, str]) -> None:
        self._state = state
        self._settings = settings
        self._port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.base_url = f"http://127.0.0.1:{self._port}"
        self.log = state / "hub.log"
        self.starts = 0

    def start(self) -> None:
        """Run `tillway up`; its words go to the log."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("TILLWAY_")}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [TILLWAY, "up", "--state", self._state, "--port", str(self._port)],
                env=clean | self._settings,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=partial(die_with, os.getpid()),  # noqa: PLW1509 - it makes one system call and no lock
            )
        self.starts += 1

    @property
    def pid(self) -> int:
        """Process id of the supervisor, which is the group's id too."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """-9 for supervisor, door and works in the same instant."""
        os.killpg(self.pid, signal.SIGKILL)

    async def gone(self) -> None:
        """Wait until none of its processes is left."""
        await until(self._is_gone, "the killed hub to be gone")

    async def stop(self) -> None:
        """Ask it to stop, as an operator does; fails when it complains."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        await self.gone()
        assert self._process.returncode == 0, self.log.read_text()

    def words(self) -> str:
        """The last of what it said."""
        return self.log.read_text()[-WORDS:] if self.log.exists() else ""

    def living(self) -> list[int]:
        """Its processes that are alive."""
        return [int(place.name) for place in Path("/proc").iterdir() if place.name.isdigit() and self._is_ours(place)]

    async def _is_gone(self) -> bool:
        assert self._process is not None
        return self._process.poll() is not None and not self.living()

    def _is_ours(self, place: Path) -> bool:
        try:
            stat = (place / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return False
        return int(stat[_STAT_GROUP]) == self.pid and stat[_STAT_STATE] not in "ZX"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
