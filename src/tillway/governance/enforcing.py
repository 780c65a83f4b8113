"""One process among those that enforce the landscape: gives signs of life, prepares releases, takes them over.

Two clocks lead here: a nudge when something is published, and a beat a second that also looks, so that a lost nudge
delays nothing beyond two seconds. Compiling is work for a thread, and the beat goes on meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from tillway import __version__, clock, ids
from tillway.errors import OutcomeUnknown, TillwayError, TryAgain, report
from tillway.governance.bundles import Texts
from tillway.governance.change import InForce
from tillway.governance.releases import read_in_force, texts_of
from tillway.governance.statements import READY_CHANNEL, RELEASES_CHANNEL, SQL
from tillway.landscape import Landscape
from tillway.postgres import Database

log = logging.getLogger(__name__)

# A sign of life this often, with a look at what is published.
BEAT_SECONDS: Final = 1.0

# Processes that are silent for a day are history.
BURY_SECONDS: Final = 86_400.0

# What a node says of an error is read by people and kept in a row.
ERROR_CHARACTERS: Final = 2_000

Compile = Callable[[Texts], Landscape]
Take = Callable[[Landscape, InForce], None]


class Enforcing:
    """The node's part. `compile` is called in a thread, `take` in the loop when a release is in force.

    `take` gets the landscape that was prepared; from then on it is what this process enforces.
    """

    def __init__(self, db: Database, *, kind: str, directory: Path, compile: Compile, take: Take) -> None:  # noqa: A002 - it compiles
        self.id: UUID = ids.new()
        self.release: InForce | None = None
        self._db = db
        self._compile = compile
        self._take = take
        self._about = (kind, socket.gethostname(), os.getpid(), str(directory), __version__)
        self._hash = ""
        self._error: str | None = None
        self._prepared: tuple[str, Landscape] | None = None
        self._preparing: asyncio.Task[None] | None = None
        self._answered: UUID | None = None
        self._refused: int | None = None
        self._nudged = asyncio.Event()

    async def join(self) -> tuple[InForce, Landscape] | None:
        """What is in force when this process starts; None: the landscape of its files.

        Raises InvalidLandscape or Misconfigured when this process cannot enforce it.
        """
        await self._db.fetch(SQL["bury_nodes"], BURY_SECONDS)
        self.release = read_in_force(await self._db.fetchrow(SQL["head"]))
        if self.release is None:
            return None
        texts = await texts_of(self._db, self.release.bundle)
        return self.release, await asyncio.to_thread(self._compile, texts)

    def enforces(self, landscape: Landscape) -> None:
        """This is what the process enforces now; told with the next sign of life."""
        self._hash = landscape.hash

    async def sees(self, files: str | None, error: str | None) -> None:
        """The hash of the landscape that lies in the directory, or why it is none."""
        await self._db.fetch(SQL["see_files"], self._about[1], self._about[3], files, error)

    async def run(self) -> None:
        """Until cancelled; on leaving nobody waits for this process any more."""
        stop_listening = await self._db.listen(RELEASES_CHANNEL, self._nudged.set)
        try:
            while True:
                self._nudged.clear()
                try:
                    await self._look()
                except (TryAgain, OutcomeUnknown) as error:
                    log.warning("releases: %s", error.detail)
                await clock.wait(self._nudged, BEAT_SECONDS)
        finally:
            stop_listening()
            await self._leave()

    async def _leave(self) -> None:
        if self._preparing is not None:
            self._preparing.cancel()
        try:
            await self._db.fetch(SQL["leave"], self.id)
        except TillwayError as error:
            log.info("releases: left without a word (%s)", error.detail)

    async def _look(self) -> None:
        row = await self._beat()
        found = read_in_force(row)
        if found is not None and self._is_new(found):
            if self._prepared is not None and self._prepared[0] == found.bundle:
                self._put_in_force(self._prepared[1], found)
                await self._beat()
            else:
                self._begin(self._catch_up(found))
        elif row["activation"] is not None and row["activation"] != self._answered:
            self._begin(self._prepare(row["activation"], row["wanted"]))

    async def _beat(self) -> Any:
        number = None if self.release is None else self.release.release
        return await self._db.fetchrow(SQL["beat"], self.id, *self._about, number, self._hash, self._error)

    def _is_new(self, found: InForce) -> bool:
        known = self.release is not None and self.release.release == found.release
        return not known and self._refused != found.release

    def _begin(self, work: Any) -> None:
        if self._preparing is not None and not self._preparing.done():
            work.close()  # it is looked at again with the next beat
            return
        self._preparing = asyncio.create_task(work)

    async def _prepare(self, activation: UUID, bundle: str) -> None:
        """Compile what is to be published, and say how that went."""
        error = None
        try:
            self._prepared = (bundle, await self._compiled(bundle))
        except TryAgain as later:
            log.warning("releases: %s", later.detail)
            return
        except Exception as wrong:  # noqa: BLE001 - whatever it is, it stops the publication and is told
            error = _told(wrong)
            log.warning("a release cannot be taken over: %s", error)
        try:
            await self._db.fetch(SQL["say_ready"], activation, self.id, error)
        except (TryAgain, OutcomeUnknown) as later:
            log.warning("releases: %s", later.detail)
            return
        self._answered = activation
        self._db.nudge(READY_CHANNEL)

    async def _catch_up(self, found: InForce) -> None:
        """Compile what was put in force without this process having prepared it."""
        try:
            self._prepared = (found.bundle, await self._compiled(found.bundle))
        except TryAgain as later:
            log.warning("releases: %s", later.detail)
            return
        except Exception as wrong:  # noqa: BLE001 - what is enforced stays, and drift tells of it
            self._refused, self._error = found.release, _told(wrong)
            log.error("release %d is not taken over: %s", found.release, self._error)  # noqa: TRY400 - it is told whole
            return
        self._nudged.set()

    async def _compiled(self, bundle: str) -> Landscape:
        if self._prepared is not None and self._prepared[0] == bundle:
            return self._prepared[1]
        return await asyncio.to_thread(self._compile, await texts_of(self._db, bundle))

    def _put_in_force(self, landscape: Landscape, found: InForce) -> None:
        self.release, self._error = found, None
        self._hash = landscape.hash
        self._take(landscape, found)
        log.info("release %d is in force: landscape %s", found.release, landscape.hash[:12])


def _told(error: Exception) -> str:
    said = report(error)
    return (said.detail + (f" ({said.remedy})" if said.remedy else ""))[:ERROR_CHARACTERS]
