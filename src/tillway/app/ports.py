"""Ports that a process of ours had before: who is named by an address should be found there again."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

LOOPBACK: Final = "127.0.0.1"

SECONDS: Final = 1.0
"""Loopback answers or refuses at once."""


def port_before(ready: Path) -> int:
    """The port of the last run when nobody listens there now, else 0: releases keep the addresses they name."""
    try:
        port = urlsplit(str(json.loads(ready.read_text())["url"])).port or 0
        socket.create_connection((LOOPBACK, port), timeout=SECONDS).close()
    except ConnectionRefusedError:
        return port
    except (OSError, ValueError, KeyError, TypeError):
        return 0
    return 0
