"""What takes rights away at once: suspended consumers, revoked tokens, lost devices. Pure.

The landscape grants; this overlay only ever takes away, until a moment or until somebody lifts it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final, Literal

import msgspec

RestrictedKind = Literal["consumer", "token", "device", "session", "person"]
AccessState = Literal["suspended", "resumed", "revoked", "lost", "enrolled", "opened"]

EVENT: Final = "access.changed"

# The state that begins a restriction of each kind; `resumed` ends any.
BEGINS: Final[Mapping[RestrictedKind, AccessState]] = {
    "consumer": "suspended",
    "token": "revoked",
    "device": "lost",
    "session": "revoked",
    "person": "suspended",
}

# States that tell of access that began: they restrict nobody.
_BEGUN: Final[frozenset[AccessState]] = frozenset({"enrolled", "opened"})

_FOR_EVER: Final = datetime.max.replace(tzinfo=UTC)


class AccessChange(msgspec.Struct, frozen=True, kw_only=True):
    """The data of `access.changed`: who or what, its state from now on, and until when (None: until it is lifted)."""

    kind: RestrictedKind
    id: str
    state: AccessState
    until: datetime | None = None
    permanent: bool = False
    """Whether nobody can lift it: the consumer was off-boarded."""


class Restriction(msgspec.Struct, frozen=True, kw_only=True):
    """One restriction as it is kept and shown."""

    kind: RestrictedKind
    id: str
    state: AccessState
    reason: str
    by: str
    since: datetime
    until: datetime | None
    permanent: bool = False


@dataclass(frozen=True, slots=True)
class Restrictions:
    """All restrictions at one moment. A false value holds none, so that a door without any pays nothing."""

    ends: Mapping[tuple[RestrictedKind, str], datetime] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.ends)

    def holds(self, kind: RestrictedKind, restricted: str, now: datetime) -> bool:
        """Whether this one is restricted now."""
        until = self.ends.get((kind, restricted))
        return until is not None and now < until

    def consumers(self) -> frozenset[str]:
        """The consumers among them."""
        return frozenset(name for kind, name in self.ends if kind == "consumer")

    def after(self, change: AccessChange, now: datetime) -> Restrictions:
        """The restrictions after a change; those that have ended are left out. Access that began restricts nobody."""
        if change.state in _BEGUN:
            return self
        ends = {key: until for key, until in self.ends.items() if now < until}
        ends.pop((change.kind, change.id), None)
        if change.state == BEGINS[change.kind]:
            ends[change.kind, change.id] = change.until or _FOR_EVER
        return Restrictions(MappingProxyType(ends))


UNRESTRICTED: Final = Restrictions()


def restrictions(rows: Iterable[tuple[RestrictedKind, str, datetime | None]]) -> Restrictions:
    """The value of what is kept: kind, id and end (None: until it is lifted)."""
    return Restrictions(MappingProxyType({(kind, each): until or _FOR_EVER for kind, each, until in rows}))
