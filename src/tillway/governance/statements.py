"""The room's SQL, and the channels on which its processes wake each other."""

from __future__ import annotations

from typing import Final

from tillway.postgres import load

SQL: Final = load("tillway.governance", "governance.sql")

# Told when a release is being prepared, or was activated: every node looks.
RELEASES_CHANNEL: Final = "governance_releases"

# Told when a node is ready, or cannot be: whoever publishes looks.
READY_CHANNEL: Final = "governance_ready"
