"""Who keeps guessing waits: wrong codes are counted by the address they come from, in each door by itself."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Final

from tillway.errors import Rejected

# Wrong codes an address may bring in the time below; a person who mistypes needs three.
FAILURES_MAX: Final = 10
WINDOW: Final = timedelta(minutes=10)

# Addresses remembered at once, about 200 B each; the longest silent go first.
ADDRESSES_MAX: Final = 10_000


class TooManyFailures(Rejected):
    """This address brought too many wrong codes. `retry_after` is in seconds."""

    code, title, status = "too-many-failures", "Too many wrong codes", 429

    def __init__(self, retry_after: float) -> None:
        super().__init__("too many wrong codes came from this address", remedy="wait, then bring a fresh code")
        self.retry_after = retry_after


class Failures:
    """Wrong codes by address. For one asyncio loop."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, tuple[datetime, int]] = OrderedDict()

    def refuse(self, address: str, now: datetime) -> None:
        """Raise TooManyFailures for an address that has used up its window."""
        began, count = self._seen.get(address, (now, 0))
        if count >= FAILURES_MAX and now < began + WINDOW:
            raise TooManyFailures((began + WINDOW - now).total_seconds())

    def note(self, address: str, now: datetime) -> None:
        """Count a wrong code; the window begins with the first."""
        began, count = self._seen.pop(address, (now, 0))
        self._seen[address] = (now, 1) if now >= began + WINDOW else (began, count + 1)
        if len(self._seen) > ADDRESSES_MAX:
            self._seen.popitem(last=False)
