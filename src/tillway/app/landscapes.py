"""The landscape in force in one process: the release in force, or, until one was ever published, that of its files.

The files are watched all the same: secrets and keys are read from beside them, and what lies there beside a release is
drift.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, Final, Self
from uuid import UUID

from tillway.app.vault import vault_of
from tillway.errors import Misconfigured, OutcomeUnknown, TryAgain
from tillway.governance import Enforcing, InForce, landscape_of
from tillway.identity import decider
from tillway.landscape import Active, Landscape, PublicKeyRef, SecretRef, fingerprint, public_keys, reveal, texts
from tillway.postgres import Database
from tillway.settings import Settings

log = logging.getLogger(__name__)

# Files are looked at this often: what changed is in force on every process within this and the time to settle.
LOOK_SECONDS: Final = 0.5

# Changed files are taken over only when they stay as they are for this long: an editor empties a file before it writes
# it, and a checkout writes many, so what lies there meanwhile may well be a landscape, but not the one that was meant.
SETTLE_SECONDS: Final = 0.2

Preparing = Callable[[Landscape], None]


def nothing(_landscape: Landscape) -> None:
    """Works nothing out."""


class Watched:
    """An `Active` landscape, where it comes from, and the directory beside; `generation` counts every change."""

    def __init__(self, given: Settings, db: Database, kind: str) -> None:
        self.directory = directory = given.landscape_directory
        self._environment = given.environment or None
        self._vault = vault_of(given.vault)
        self._prepare: Preparing = nothing
        self.generation = 0
        self.active: Active
        self.texts: Mapping[str, str] = {}
        self._mark = ""
        self._sight: tuple[str | None, str | None] | None = None
        self._listeners: list[Callable[[], None]] = []
        self._enforcing = Enforcing(db, kind=kind, directory=directory, compile=self._compiled, take=self._take)

    @classmethod
    async def open(cls, given: Settings, db: Database, kind: str) -> Self:
        """What is in force now. `kind` of process. Misconfigured, InvalidLandscape: it cannot be enforced here."""
        made = cls(given, db, kind)
        found = await made._enforcing.join()
        if found is not None:
            made.active = Active(found[1])
        else:
            made.texts, landscape = await asyncio.to_thread(made._read)
            made.active = Active(landscape)
            made._mark = made._fingerprint()
            made._sight = (landscape.hash, None)
        made._enforcing.enforces(made.active.current)
        return made

    @property
    def node(self) -> UUID:
        """The name of this process among those that enforce."""
        return self._enforcing.id

    @property
    def release(self) -> int | None:
        """The number of the release that this process enforces; None: the landscape of its files."""
        return None if self._enforcing.release is None else self._enforcing.release.release

    async def prepares(self, preparing: Preparing) -> None:
        """`preparing` works on every landscape from now on, in a thread, before it is put in force: this one first."""
        self._prepare = preparing
        await asyncio.to_thread(preparing, self.active.current)

    def reveal(self, ref: SecretRef) -> str:
        """The secret behind a reference in this landscape."""
        return reveal(ref, self.directory, self._vault)

    def public_keys(self, ref: PublicKeyRef) -> Any:
        """The JWK or JWK set behind a reference in this landscape."""
        return public_keys(ref, self.directory)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` after what is in force changed: also when only a secret was exchanged."""
        self._listeners.append(listener)

    async def run(self) -> None:
        """Until cancelled: look at the files. Those that do not hold together are reported, and nothing changes."""
        while True:
            mark = await asyncio.to_thread(self._fingerprint)
            if mark != self._mark and await self._settled(mark):
                self._mark = mark
                await self._changed()
            await self._say()
            await asyncio.sleep(LOOK_SECONDS)

    async def _settled(self, mark: str) -> bool:
        """Whether nobody is at the files any more; if somebody is, the next look tells."""
        await asyncio.sleep(SETTLE_SECONDS)
        return await asyncio.to_thread(self._fingerprint) == mark

    async def enforce(self) -> None:
        """Until cancelled: give signs of life, and take over what is released."""
        await self._enforcing.run()

    def _fingerprint(self) -> str:
        try:
            return fingerprint(self.directory, self.active.current, self._environment)
        except Misconfigured as error:
            return f"unreadable: {error.detail}"

    async def _changed(self) -> None:
        """Files of the landscape, or of its secrets, are not what they were."""
        try:
            found, landscape = await asyncio.to_thread(self._read)
        except Misconfigured as error:
            log.error("the landscape's files are not taken over: %s", error)  # noqa: TRY400 - an operator's error
            self._sight = (None, error.detail)
            if self.release is not None:
                self._tell()
            return
        self._sight = (landscape.hash, None)
        if self.release is None:
            self.texts = found
            self._swap(landscape)
        else:
            self._tell()

    async def _say(self) -> None:
        """What lies in the directory, for whoever looks for drift; said again until it was heard."""
        if self._sight is None:
            return
        try:
            await self._enforcing.sees(*self._sight)
        except (TryAgain, OutcomeUnknown) as error:
            log.warning("the landscape's files: %s", error.detail)
        else:
            self._sight = None

    def _read(self) -> tuple[Mapping[str, str], Landscape]:
        found = texts(self.directory, self._environment)
        return found, self._compiled(found)

    def _compiled(self, given: Mapping[str, str]) -> Landscape:
        """The landscape of texts with all that would hold up the loop worked out: thousands of shops take 100 ms."""
        landscape = landscape_of(given)
        # Its hash is worked out on the first look, and kept.
        log.debug("landscape %s was read", landscape.hash[:12])
        decider(landscape)
        self._prepare(landscape)
        for path, ref in landscape.secret_refs():
            if ref.vault is not None:
                self._look_up(path, ref)
        return landscape

    def _look_up(self, path: str, ref: SecretRef) -> None:
        """Ask the vault now: whoever needs the secret later does not wait."""
        try:
            self.reveal(ref)
        except Misconfigured as error:
            # Whoever needs it is told so again; all others go on.
            log.error("%s: %s", path, error.detail)  # noqa: TRY400 - an operator's error

    def _take(self, landscape: Landscape, _release: InForce) -> None:
        self._swap(landscape)

    def _swap(self, landscape: Landscape) -> None:
        if self.active.swap(landscape):
            log.info("landscape %s is in force", landscape.hash[:12])
        self._enforcing.enforces(landscape)
        self._tell()

    def _tell(self) -> None:
        self.generation += 1
        for listener in self._listeners:
            listener()
