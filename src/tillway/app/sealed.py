"""What this process seals with: the master key's file, made at the first start, and the data keys under it."""

from __future__ import annotations

from typing import Final

from tillway import clock, sealing
from tillway.app.private import write_private
from tillway.errors import Misconfigured
from tillway.identity import DataKeys, data_keys
from tillway.postgres import Database
from tillway.sealing import Master
from tillway.settings import Settings

# Group and others: a key that they may read is no secret.
_NOT_OURS: Final = 0o077


async def unsealed(given: Settings, db: Database) -> DataKeys:
    """Have this process seal and open; what keeps its keys current comes back, to be run.

    Misconfigured: the file is missing though this hub has sealed before, is open to others, or is another hub's.
    """
    path = given.sealing_key_path
    try:
        masters = _read(given)
    except FileNotFoundError:
        if await data_keys.are_kept(db):
            raise Misconfigured(
                f"this hub's data is sealed, and its key is not at {path}",
                remedy="copy the sealing key of another node, or of the backup, there; or set TILLWAY_SEALING_KEY_FILE",
            ) from None
        masters = (sealing.master(sealing.new_secret()),)
    ring = await data_keys.ring(db, masters, clock.now(), make=lambda: _keep(given, masters[0]))
    sealing.use(ring)
    return DataKeys(db, masters)


def masters_of(given: Settings) -> tuple[Master, ...]:
    """The master keys in this machine's file. Misconfigured when it is missing, open to others, or none."""
    try:
        return _read(given)
    except FileNotFoundError:
        remedy = "copy the sealing key of another node, or of the backup, there; or set TILLWAY_SEALING_KEY_FILE"
        raise Misconfigured(f"there is no sealing key at {given.sealing_key_path}", remedy=remedy) from None


def _read(given: Settings) -> tuple[Master, ...]:
    path = given.sealing_key_path
    if path.stat().st_mode & _NOT_OURS:
        raise Misconfigured(f"{path} can be read by others", remedy=f"chmod 600 {path}")
    return sealing.read_masters(path.read_text())


def _keep(given: Settings, made: Master) -> None:
    """Before anything is sealed under it. One that is there already stays."""
    path = given.sealing_key_path
    if not path.exists():
        write_private(path, sealing.master_text(made) + "\n")
