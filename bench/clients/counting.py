"""So many hands doing the same act again and again: warmed up, then counted for a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from statistics import quantiles
from typing import Any, Final

# Not counted: connections warm up, statements are prepared, caches fill.
WARM_SECONDS: Final = 1.0


async def counted(acts: Sequence[Callable[[], Awaitable[None]]], seconds: float, *, each: int = 1) -> dict[str, Any]:
    """Repeat every act on a hand of its own; acts a second times `each`, and milliseconds an act took."""
    loop = asyncio.get_running_loop()
    begin = loop.time() + WARM_SECONDS
    end = begin + seconds
    taken: list[float] = []

    async def hand(act: Callable[[], Awaitable[None]]) -> None:
        while (began := loop.time()) < end:
            await act()
            now = loop.time()
            if began >= begin and now <= end:
                taken.append(now - began)

    processor = time.process_time()
    await asyncio.gather(*(hand(act) for act in acts))
    processor = time.process_time() - processor
    cuts = quantiles(taken, n=100)
    return {
        "rate": len(taken) * each / seconds,
        "p50_ms": cuts[49] * 1000,
        "p99_ms": cuts[98] * 1000,
        "client_core": processor / (seconds + WARM_SECONDS),
    }
