"""What is compared: a subject of the business with its two sides, and how what differs is put right."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Literal, NamedTuple, Protocol

import msgspec

from tillway.reconcile.breaks import Break
from tillway.reconcile.entry import BreakType, Entry, Finding
from tillway.reconcile.runs import Run
from tillway.reconcile.staging import Staging

Fix = Literal["none", "take-theirs", "re-send"]
"""How a difference is put right: by a person, by reading theirs again, or by sending ours again."""


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What the retailer declared of one domain."""

    owner: str
    tolerance: Decimal
    cut_off: timedelta
    window: timedelta
    """How far back a run looks that nobody gave a beginning."""
    every: float | None
    """Seconds between two runs of the schedule; None for none."""
    fix: Fix
    sample: int
    """Of what is asked one by one, how many."""


class Sides(NamedTuple):
    """Both sides in the order of their keys; `keys` are all that is compared, None for everything there is."""

    left: AsyncIterator[Entry]
    right: AsyncIterator[Entry]
    keys: Sequence[str] | None = None
    whole: bool = False
    """Whether both are all there is, whenever it began: then the run's beginning limits nothing."""


class Domain(Protocol):
    """One subject, as it is compared in one run."""

    @property
    def fixes(self) -> Collection[BreakType]:
        """What can be put right without a person, when the policy says so."""
        ...

    async def sides(self, run: Run, staging: Staging) -> Sides:
        """Read both sides, as far as they must be read ahead."""
        ...

    async def still(self, run: Run, found: Finding) -> bool:
        """Whether it is so now as well: what was read a minute ago may have been overtaken."""
        ...

    async def put_right(self, run: Run, found: Break, fix: Fix) -> str | None:
        """Correct one break, as it was seen and only then; None when done, else why not."""
        ...


class Domains(Protocol):
    """The subjects that can be compared, as the landscape of this moment declares them."""

    def policies(self) -> Sequence[tuple[str, str, Policy]]:
        """Each declared (domain, connection) with its policy."""
        ...

    def policy(self, domain: str, connection: str) -> Policy:
        """The policy of one. Misconfigured when it is not declared."""
        ...

    def domain(self, run: Run) -> Domain:
        """What a run compares. Misconfigured when it is not declared any more."""
        ...
