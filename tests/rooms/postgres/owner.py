"""A hub as far as Postgres is concerned, to be killed: `python owner.py STATE` says DSN and postmaster, then waits."""

from __future__ import annotations

import sys
from pathlib import Path

from tillway.errors import Misconfigured
from tillway.postgres import Embedded

if __name__ == "__main__":
    server = Embedded(Path(sys.argv[1]), durable=False)
    try:
        server.begin()
        sys.stdout.write(f"{server.start()}\n{server.pid}\n")
    except Misconfigured as error:
        sys.stdout.write(f"refused: {error} | {error.remedy}\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.stop()
