"""May a version be retired? Not while anybody who was observed calls it: they are named, down to the till. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec

from tillway.audit import Caller
from tillway.landscape import Landscape

OBSERVED: Final = timedelta(days=30)
"""Whoever called within this time still depends on it: a month has an end, a stocktaking and every weekday in it."""

# Tills named in one finding; the rest is counted.
TILLS_NAMED: Final = 5

_OFFERED: Final = frozenset({"published", "deprecated"})


class StillUsed(msgspec.Struct, frozen=True, kw_only=True):
    """One consumer that keeps a version from being retired. `tills` are its devices, `<device> at <shop>`."""

    path: str
    version: str
    consumer: str
    owner: str | None
    contact: str | None
    calls: int
    last_seen: datetime
    tills: tuple[str, ...]
    successor: str | None
    moved: bool
    """Whether it calls the successor already."""

    @property
    def text(self) -> str:
        """What is wrong, in one sentence that names who is to be spoken to."""
        who = self.consumer if self.owner is None else f"{self.consumer} (owner {self.owner}, {self.contact})"
        named, more = self.tills[:TILLS_NAMED], len(self.tills) - TILLS_NAMED
        tills = f", from {', '.join(named)}" + (f" and {more} more" if more > 0 else "") if named else ""
        return f"{self.version} is still called by {who}: {self.calls} calls, last {self.last_seen:%Y-%m-%d}{tills}"

    @property
    def remedy(self) -> str:
        """What to do."""
        if self.successor is None:
            return "name a successor, or ask them to stop"
        begun = "has begun with" if self.moved else "has not called"
        return f"it {begun} {self.successor}; wait until it calls nothing else, or rehearse with a brown-out"


def ended(old: Landscape, new: Landscape) -> tuple[tuple[str, int], ...]:
    """The versions that may be called under the old landscape, and under the new one by nobody or testers alone.

    Blocking is no retirement: it is done when nothing can wait, and undone.
    """
    return tuple(
        (api.id, int(version[1:]))
        for api in old.apis.values()
        for version, life in api.versions.items()
        if life.lifecycle in _OFFERED and _state(new, api.id, version) in {"retired", "draft", None}
    )


def still_used(old: Landscape, new: Landscape, seen: Iterable[Caller], now: datetime) -> tuple[StillUsed, ...]:
    """Every consumer that was observed calling what the new landscape ends, by version and consumer.

    `seen` is what the census says of those versions; calls before OBSERVED do not count.
    """
    ending = frozenset(ended(old, new))
    found: dict[tuple[str, int, str], list[Caller]] = {}
    for each in seen:
        if (each.api, each.version) in ending and now - each.last_seen <= OBSERVED:
            found.setdefault((each.api, each.version, each.consumer), []).append(each)
    return tuple(_finding(old, new, lines) for _, lines in sorted(found.items()))


def _finding(old: Landscape, new: Landscape, lines: list[Caller]) -> StillUsed:
    first = lines[0]
    version = f"v{first.version}"
    consumer = new.consumers.get(first.consumer) or old.consumers.get(first.consumer)
    following = [each.following_seen for each in lines if each.following_seen is not None]
    return StillUsed(
        path=f"apis.{first.api}.versions.{version}",
        version=f"{first.api}/{version}",
        consumer=first.consumer,
        owner=None if consumer is None else consumer.owner,
        contact=None if consumer is None else consumer.contact,
        calls=sum(each.calls for each in lines),
        last_seen=max(each.last_seen for each in lines),
        tills=tuple(f"{each.device} at {each.shop}" for each in lines if each.device),
        successor=successor_of(new, first.api, version) or successor_of(old, first.api, version),
        moved=bool(following),
    )


def successor_of(landscape: Landscape, api: str, version: str) -> str | None:
    """What follows a version, e.g. `orders/v2`; None when nothing is declared."""
    versions: Mapping[str, object] = {} if api not in landscape.apis else landscape.apis[api].versions
    return landscape.apis[api].versions[version].successor if version in versions else None


def _state(landscape: Landscape, api: str, version: str) -> str | None:
    entry = landscape.apis.get(api)
    life = None if entry is None else entry.versions.get(version)
    return None if life is None else life.lifecycle
