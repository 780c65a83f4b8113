"""One hub per state directory: a file lock that the kernel drops when its holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from tillway.errors import Misconfigured


class Lock:
    """A lock file that names its holder's process id. Programs the holder starts do not inherit it; forks would."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None

    def take(self) -> None:
        """Hold it until `release` or death. Misconfigured, naming the holder, when another process has it."""
        if self._file is not None:
            return
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(file, 20, 0).decode().strip() or "unknown"
            os.close(file)
            raise Misconfigured(
                f"a hub already runs on {self._path.parent}: process {holder}",
                remedy=f"stop process {holder}, or give this hub a directory of its own with TILLWAY_STATE",
            ) from error
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._file = file

    def release(self) -> None:
        """Let the next one in. The file stays: removing it would let two processes lock two files of one name."""
        file, self._file = self._file, None
        if file is not None:
            os.ftruncate(file, 0)
            os.close(file)
