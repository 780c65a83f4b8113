"""What the census says of versions that are about to end: the evidence that `retiring` judges."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from tillway import audit
from tillway.audit import Caller
from tillway.governance.retiring import OBSERVED, StillUsed, ended, still_used, successor_of
from tillway.landscape import Landscape

# Callers read at once, and of one version at all: who still calls is known long before.
PAGE: Final = 500
CALLERS_MAX: Final = 10_000


async def retirements(db: Any, old: Landscape, new: Landscape, now: datetime) -> tuple[StillUsed, ...]:
    """Who keeps the versions that the new landscape ends from being retired; empty when nobody does."""
    seen: list[Caller] = []
    for api, version in ended(old, new):
        seen += await observed(db, new if api in new.apis else old, api, version, now)
    return still_used(old, new, seen, now)


async def observed(db: Any, landscape: Landscape, api: str, version: int, now: datetime) -> tuple[Caller, ...]:
    """Who called a version within OBSERVED, by consumer and device, at most CALLERS_MAX."""
    since, following = (now - OBSERVED).date(), numbered(successor_of(landscape, api, f"v{version}"))
    found: list[Caller] = []
    after = ("", "")
    while len(found) < CALLERS_MAX:
        page = await audit.callers(db, api, version, since, successor=following, after=after, limit=PAGE)
        found += page
        if len(page) < PAGE:
            break
        after = (page[-1].consumer, page[-1].device)
    return tuple(found)


def numbered(version: str | None) -> tuple[str, int] | None:
    """(`orders`, 2) of `orders/v2`. Pure."""
    if version is None:
        return None
    api, _, number = version.rpartition("/v")
    return api, int(number)
