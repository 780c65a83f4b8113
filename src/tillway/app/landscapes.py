"""The landscape in force in one process: read at the start, watched, swapped whole when its files change."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Final

from tillway.errors import TillwayError
from tillway.landscape import Active, SecretRef, fingerprint, read, reveal

log = logging.getLogger(__name__)

# A changed file is in force within this time on every process.
LOOK_SECONDS: Final = 0.5


class Watched:
    """An `Active` landscape and the directory it comes from."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.active = Active(read(directory))
        self._mark = fingerprint(directory, self.active.current)

    def reveal(self, ref: SecretRef) -> str:
        """The secret behind a reference in this landscape."""
        return reveal(ref, self.directory)

    async def run(self) -> None:
        """Until cancelled. A landscape that does not hold together is reported and the one in force stays."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                mark = await asyncio.to_thread(fingerprint, self.directory, self.active.current)
                if mark == self._mark:
                    continue
                self._mark = mark
                if self.active.swap(await asyncio.to_thread(read, self.directory)):
                    log.info("landscape %s is in force", self.active.current.hash[:12])
            except TillwayError as error:
                log.error("the landscape's files are not taken over: %s", error)  # noqa: TRY400 - an operator's error
