"""A child for a test's nursery: does what its argument says."""

from __future__ import annotations

import json
import os
import random
import secrets
import signal
import sys
import threading
import uuid
from pathlib import Path

from tillway import ids

AT_IMPORT = (ids.random_bytes(16), random.random(), uuid.uuid4())
"""All these generators have been used before the fork."""


def main() -> None:
    act, argument = sys.argv[1:]
    if act == "leave":
        sys.exit(int(argument))
    elif act == "fail":
        raise RuntimeError(argument)
    elif act == "wait":
        _tell(argument, None)
        signal.pause()
    elif act == "draw":
        drawn = ids.random_bytes(16).hex(), random.random(), str(uuid.uuid4()), str(ids.new()), secrets.token_hex()
        _tell(argument, drawn)
    elif act == "look":
        seen = {
            "descriptors": [_target(each) for each in list(Path("/proc/self/fd").iterdir()) if int(each.name) > 2],
            "blocked": [int(each) for each in signal.pthread_sigmask(signal.SIG_BLOCK, ())],
            "threads": threading.active_count(),
            "environment": dict(os.environ),
            "name": Path("/proc/self/cmdline").read_text().strip("\0"),
        }
        _tell(argument, seen)


def _target(link: Path) -> str:
    """What an open descriptor is; nothing for the one that was listing them."""
    return str(link.readlink()) if link.is_symlink() else ""


def _tell(path: str, words: object) -> None:
    partial = Path(f"{path}.partial")
    partial.write_text(json.dumps(words))
    partial.rename(path)
