"""The data directory of the embedded Postgres: whose it is, how it is made, what its server is told, where it listens.

As root the server runs as an unprivileged user that needs no way through the directories above the data directory:
every program starts inside it and speaks of it only as `/proc/self/cwd`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO
from urllib.parse import quote

from tillway.errors import Misconfigured

from . import launch
from .binaries import find_install, runnable

DATABASE = "tillway"
SUPERUSER = "postgres"

INITIALISE_SECONDS = 60.0
"""initdb takes 0.6 s on a quiet disk."""

SOCKET_PATH_BYTES = 107
"""Longest path of a unix socket that Linux connects to."""

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_directories": "socket",
    "unix_socket_permissions": "0700",
    "max_connections": "100",  # a process of the hub takes six: POOL_SIZE, listen and nudge
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    "log_min_messages": "log",  # a statement's error goes to its caller; the log must not hold values
    "log_error_verbosity": "terse",
}
DURABLE = {"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"}
FLEETING = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "on", "shared_buffers": "32MB"}
"""For tests: survives the death of any process, not of the machine."""

_HERE = "/proc/self/cwd"
_SOCKET = ".s.PGSQL.5432"
_ACCESS = "local all all trust\nlocal replication all trust\n"
_UNPRIVILEGED = ("nobody", "postgres", "daemon")
_ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/bin:/bin"}
_OVERFLOW_ID = 65534
"""The kernel's own id for "nobody", for systems without a user of that name."""


class Cluster:
    """One cluster under `home` (made 0700). `install` overrides where the binaries are."""

    def __init__(self, home: Path, *, durable: bool, install: Path | None = None) -> None:
        self.home = home
        self.data = home / "data"
        self.pid_file = self.data / "postmaster.pid"
        self.socket_files = tuple(self.data / "socket" / name for name in (_SOCKET, f"{_SOCKET}.lock"))
        self._durable = durable
        self._install = install
        self._ready_install: Path | None = None
        self._owner: tuple[int, int] | None = None

    def prepare(self) -> None:
        """Make the cluster unless it is there. A half-made one, of a crash, is made anew."""
        try:
            self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._owner = self._find_owner()
            uid, gid = self._owner or (None, None)
            self._ready_install = runnable(self._install or find_install(), uid, gid, self.home)
            if not self.data.is_dir():
                self._initialise()
            elif self._owner and self.data.stat().st_uid != uid:  # e.g. copied or restored by root
                self._give(self.data)
            self._make_socket_directory()
        except PermissionError as error:
            raise Misconfigured(
                f"no access to {self.home}", remedy="run as the user who made it, or choose another TILLWAY_STATE"
            ) from error

    def spawn(self, log: IO[bytes]) -> subprocess.Popen[bytes]:
        """Start the server; it shuts down cleanly when the calling thread dies."""
        settings = SETTINGS | (DURABLE if self._durable else FLEETING)
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return subprocess.Popen(  # noqa: S603 - our own binary and options
            self._command(signal.SIGINT, "postgres", "-D", _HERE, *options),
            cwd=self.data,
            env=_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # a Ctrl-C in the terminal is the hub's to handle, which stops the server last
        )

    def dsn(self, database: str = DATABASE) -> str:
        """How clients on this machine reach it."""
        return f"postgresql://{SUPERUSER}@/{database}?host={quote(str(self._reachable_socket()), safe='/')}"

    def _command(self, deathly: signal.Signals, program: str, *arguments: str) -> list[str]:
        uid, gid = self._owner or ("-", "-")
        install = self._ready_install or find_install()
        return [
            *(sys.executable, "-I", "-S", launch.__file__),
            *(str(os.getpid()), str(int(deathly)), str(uid), str(gid)),
            *(str(install / "bin" / program), *arguments),
        ]

    def _find_owner(self) -> tuple[int, int] | None:
        """The user and group to become, or None to stay who we are."""
        if os.geteuid() != 0:
            return None
        if self.data.is_dir() and (made := self.data.stat()).st_uid != 0:
            return made.st_uid, made.st_gid
        for name in _UNPRIVILEGED:
            try:
                user = pwd.getpwnam(name)
            except KeyError:
                continue
            return user.pw_uid, user.pw_gid
        return _OVERFLOW_ID, _OVERFLOW_ID

    def _initialise(self) -> None:
        fresh = self.home / "data.new"
        if fresh.exists():
            shutil.rmtree(fresh)
        fresh.mkdir(mode=0o700)
        self._give(fresh)
        options = ["-U", SUPERUSER, "-E", "UTF8", "--locale=C", "--auth=trust", "--no-instructions"]
        self._run(fresh, "initdb", "-D", _HERE, *options, *(() if self._durable else ("--no-sync",)))
        (fresh / "pg_hba.conf").write_text(_ACCESS, "utf-8")
        self._run(fresh, "postgres", "--single", "-D", _HERE, "postgres", feed=f"CREATE DATABASE {DATABASE}\n")
        fresh.rename(self.data)

    def _run(self, where: Path, program: str, *arguments: str, feed: str = "") -> None:
        done = subprocess.run(  # noqa: S603 - our own binaries and options
            self._command(signal.SIGTERM, program, *arguments),
            cwd=where,
            env=_ENVIRONMENT,
            input=feed.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=INITIALISE_SECONDS,
            check=False,
        )
        said = done.stdout.decode(errors="replace")
        if done.returncode != 0 or "ERROR:" in said:
            raise Misconfigured(
                f"{program} could not make {self.data}: {said.strip()[-500:]}",
                remedy="clear what it names, or set TILLWAY_DATABASE_URL to a Postgres of yours",
            )

    def _give(self, directory: Path) -> None:
        if self._owner is None:
            return
        for path in (directory, *directory.rglob("*")):
            os.chown(path, *self._owner, follow_symlinks=False)

    def _make_socket_directory(self) -> None:
        socket = self.data / "socket"
        socket.mkdir(mode=0o700, exist_ok=True)
        if self._owner:
            os.chown(socket, *self._owner)

    def _reachable_socket(self) -> Path:
        """The socket's directory by a path short enough to connect to: itself, or a link in a directory of ours."""
        socket = self.data / "socket"
        if len(os.fsencode(socket / _SOCKET)) <= SOCKET_PATH_BYTES:
            return socket
        note = self.home / "socket-directory"
        if note.is_file() and _is_ours(link := Path(note.read_text("utf-8")), socket):
            return link
        link = Path(tempfile.mkdtemp(prefix="tillway-")) / "pg"  # mkdtemp makes it 0700
        link.symlink_to(socket)
        note.write_text(str(link), "utf-8")
        return link


def _is_ours(link: Path, target: Path) -> bool:
    try:
        directory = link.parent.lstat()
        return directory.st_uid == os.geteuid() and directory.st_mode & 0o777 == 0o700 and link.readlink() == target  # noqa: PLR2004
    except OSError:
        return False


def text_tail(path: Path, size: int = 600) -> str:
    """The last characters of a log file, for a message."""
    return path.read_bytes()[-size:].decode(errors="replace").strip()
