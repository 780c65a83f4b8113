"""Requests of nobody known: counted by the second instead of told one by one, so that no attacker fills the table."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from tillway.audit.entry import Entry

# Different ones told in a second; what comes beyond is counted as "-".
KINDS_MAX: Final = 32

OTHERS: Final = "-"


class Strangers:
    """Counts of one door. For one asyncio loop."""

    def __init__(self, node: UUID) -> None:
        self._node = node
        self._counts: dict[tuple[str, int, str | None, str, str], int] = {}

    def count(self, *, operation: str, status: int, code: str | None, network: str, release: str) -> None:
        """One more request of somebody unknown."""
        key = (operation, status, code, network, release)
        counts = self._counts
        if key not in counts and len(counts) >= KINDS_MAX:
            key = (OTHERS, status // 100 * 100, None, network, release)
        counts[key] = counts.get(key, 0) + 1

    def take(self, now: datetime) -> list[Entry]:
        """An entry for each kind since the last take."""
        counts, self._counts = self._counts, {}
        return [
            Entry(
                kind_of="refusal",
                at=now,
                node=self._node,
                operation=operation,
                status=status,
                code=code,
                network=network,
                release=release,
                count=count,
            )
            for (operation, status, code, network, release), count in counts.items()
        ]
