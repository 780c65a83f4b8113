"""The landscape in force in one process: read at the start, watched, swapped whole when its files change."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from tillway.errors import TillwayError
from tillway.identity import decider
from tillway.landscape import Active, Landscape, PublicKeyRef, SecretRef, fingerprint, public_keys, read, reveal

log = logging.getLogger(__name__)

# A changed file is in force within this time on every process.
LOOK_SECONDS: Final = 0.5


def _ready(directory: Path) -> Landscape:
    """The landscape there with everything worked out that would hold up the loop: thousands of shops take 100 ms."""
    landscape = read(directory)
    # Its hash is worked out on the first look, and kept.
    log.debug("landscape %s was read", landscape.hash[:12])
    decider(landscape)
    return landscape


class Watched:
    """An `Active` landscape and the directory it comes from; `generation` counts every change of its files."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.active = Active(_ready(directory))
        self._mark = fingerprint(directory, self.active.current)
        self._listeners: list[Callable[[], None]] = []
        self.generation = 0

    def reveal(self, ref: SecretRef) -> str:
        """The secret behind a reference in this landscape."""
        return reveal(ref, self.directory)

    def public_keys(self, ref: PublicKeyRef) -> Any:
        """The JWK or JWK set behind a reference in this landscape."""
        return public_keys(ref, self.directory)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` after the files changed and hold together: also when only a secret was exchanged."""
        self._listeners.append(listener)

    async def run(self) -> None:
        """Until cancelled. A landscape that does not hold together is reported and the one in force stays."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                mark = await asyncio.to_thread(fingerprint, self.directory, self.active.current)
                if mark == self._mark:
                    continue
                self._mark = mark
                fresh = await asyncio.to_thread(_ready, self.directory)
                self.generation += 1
                if self.active.swap(fresh):
                    log.info("landscape %s is in force", self.active.current.hash[:12])
                for listener in self._listeners:
                    listener()
            except TillwayError as error:
                log.error("the landscape's files are not taken over: %s", error)  # noqa: TRY400 - an operator's error
