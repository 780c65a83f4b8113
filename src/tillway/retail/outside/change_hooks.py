"""Rules over there that tell us when something changed. What they say is a hint; reading is how we know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from tillway.retail.call import Call

ChangeHookState = Literal["in-place", "missing", "switched-off", "different", "doubled", "leftover", "no-module"]
"""How a rule is found: as it should be, not there, switched off, other than it should be, a second one of the same, one
that is not wanted any more, or not possible because a module is not installed there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeHook:
    """One rule over there, or the place where one should be."""

    name: str
    """What it is called over there."""
    model: str
    """Whose records it watches; empty for a leftover."""
    domains: tuple[str, ...]
    """What is read when it tells."""
    state: ChangeHookState
    """How it is found."""
    detail: str = ""
    """What is wrong with it, as a sentence; empty when nothing is."""
    address: str = ""
    """Where it posts to. It holds the secret: for no answer and no log."""


class ChangeHooks(Protocol):
    """The rules of one hub in one system. `hub` is the hub's address: rules of another hub are left alone."""

    async def look(self, call: Call, hub: str, address: str | None = None) -> tuple[ChangeHook, ...]:
        """Every rule that there should be, and every one of ours beyond those. `address`: where they should post to;
        None takes whatever each says. Misconfigured when the system has no such rules, Forbidden without the right.
        """
        ...

    async def install(self, call: Call, hub: str, address: str) -> int:
        """Have each rule there once, as it should be and posting to this address; how many were changed."""
        ...

    async def remove(self, call: Call, hub: str) -> int:
        """Have none of ours there; how many were removed."""
        ...
