"""`tillway rotate-sealing-key`."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tillway import clock
from tillway.app.sealing_keys import rotate as rotated
from tillway.cli.asking import state_directory
from tillway.cli.telling import tell


def rotate(state: Path | None, reason: str, *, as_json: bool) -> None:
    """Make the next data key of the hub on this machine."""
    made, seals = asyncio.run(rotated(state_directory(state), reason))
    at = clock.iso(seals)
    tell({"key": made, "seals_from": at}, as_json=as_json, otherwise=f"the key {made} seals on all nodes from {at}")
