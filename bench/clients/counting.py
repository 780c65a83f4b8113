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
    # Not the loop's time: uvloop tells it in whole milliseconds.
    now = time.perf_counter
    begin = now() + WARM_SECONDS
    end = begin + seconds
    taken: list[float] = []

    async def hand(act: Callable[[], Awaitable[None]]) -> None:
        while (began := now()) < end:
            await act()
            ended = now()
            if began >= begin and ended <= end:
                taken.append(ended - began)

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
