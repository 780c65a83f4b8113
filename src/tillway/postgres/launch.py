"""Becomes a server that dies with its parent: `python -I -S launch.py PARENT SIGNAL UID GID PROGRAM ARGUMENT...`.

Run as a file of its own, with nothing but the standard library, because this has to happen between fork and exec and
Python's own `preexec_fn` may deadlock in a process with threads. UID and GID are `-` to stay who we are.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""prctl(2): the signal this process gets when the thread that started it dies."""


def die_with(parent: int, deathly: int) -> None:
    """Get this signal when the parent dies; leave at once if it is already gone."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, deathly, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    if os.getppid() != parent:  # it died before we asked
        raise SystemExit(1)


def main(arguments: list[str]) -> None:
    """Give up root, ask for the signal, make sure the parent still lives, become the program."""
    parent, deathly, uid, gid, program, *rest = arguments
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.umask(0o077)
    if uid != "-":
        os.setgroups([])
        os.setgid(int(gid))
        os.setuid(int(uid))
    # After setuid, which would forget it; exec keeps it.
    die_with(int(parent), int(deathly))
    os.execv(program, [program, *rest])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main(sys.argv[1:])
