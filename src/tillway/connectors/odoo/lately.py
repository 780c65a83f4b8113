"""What many products refer to and few records are: read once for all pages that are asked for within seconds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final, Generic, TypeVar

from tillway import clock
from tillway.retail import Call

V = TypeVar("V")

KEPT_SECONDS: Final = 5.0
"""Some 40 pages of a sweep. Shorter than a silent node keeps its lease of reading: whoever reads on remembers nothing
from before another one's turn.
"""

KEPT_MOST: Final = 500
"""Records that are read together once more when a page names another one: some milliseconds, as a single one."""


class Lately(Generic[V]):
    """Related records by company, as they were read within the last seconds. For one event loop.

    A page may so be made with what changed up to `KEPT_SECONDS` before it. Whoever asks whether any of it has changed
    (`OdooCatalogue.related_versions`) has it forgotten first, so that what is read from then on is at least that new.
    """

    def __init__(self, read: Callable[[Call, Iterable[int]], Awaitable[Mapping[int, V]]]) -> None:
        self._read = read
        self._held: dict[str, tuple[float, frozenset[int], Mapping[int, V]]] = {}

    async def of(self, call: Call, wanted: Iterable[int]) -> Mapping[int, V]:
        """These, and maybe others, in the order in which the ERP tells them together."""
        asked, now = frozenset(wanted), clock.monotonic()
        read_at, held, found = self._held.get(call.company, (now, frozenset[int](), {}))
        fresh = now - read_at < KEPT_SECONDS
        if fresh and asked <= held:
            return found
        if fresh and len(asked | held) <= KEPT_MOST:
            asked |= held
        found = await self._read(call, asked)
        if len(asked) <= KEPT_MOST:
            self._held[call.company] = (now, asked, found)
        return found

    def forget(self) -> None:
        """From now on everything is read anew."""
        self._held.clear()
