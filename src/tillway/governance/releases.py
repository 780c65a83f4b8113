"""Releases: texts kept once, manifests that are signed, and which of them is in force."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from typing import Any, Final, Literal

import msgspec

from tillway.errors import Misconfigured, NotFound
from tillway.governance.bundles import Texts, digest, packed, unpacked
from tillway.governance.change import InForce, Manifest, Release
from tillway.governance.statements import SQL
from tillway.postgres import Database, Tx

Sign = Callable[[bytes], str]
"""A signed token that carries these bytes."""

Unsign = Callable[[str], tuple[bytes, bool] | None]
"""The bytes a token carries, and whether a key that is known signed them; None when a signature does not hold."""

Signed = Literal["valid", "key-gone", "invalid"]

# Releases in one answer.
LISTED_MAX: Final = 100

_manifest = msgspec.json.Decoder(Manifest).decode


async def in_force(db: Database | Tx) -> InForce | None:
    """The release in force; None as long as none was ever published in this database."""
    return read_in_force(await db.fetchrow(SQL["head"]))


def read_in_force(row: Any) -> InForce | None:
    """The release in force of a row of `head` or `beat`."""
    if row["release"] is None:
        return None
    return InForce(release=row["release"], hash=row["hash"], bundle=row["bundle"], activated_at=row["activated_at"])


async def keep(tx: Tx, texts: Texts) -> str:
    """Keep texts; their digest, by which `texts_of` gives them again."""
    kept = packed(texts)
    name = digest(kept)
    await tx.execute(SQL["keep_bundle"], name, kept)
    return name


async def texts_of(db: Database, bundle: str) -> dict[str, str]:
    """The texts that were kept under this digest. Misconfigured when they are not what they were."""
    kept = await db.fetchval(SQL["bundle"], bundle)
    if kept is None or await asyncio.to_thread(digest, kept) != bundle:
        raise Misconfigured(
            f"the texts {bundle[:12]} of a release are not what was released", remedy="restore the database"
        )
    return unpacked(kept)


async def release(db: Database | Tx, number: int) -> Release:
    """One release. NotFound when there is none of this number."""
    row = await db.fetchrow(SQL["release"], number)
    if row is None:
        raise NotFound(f"there is no release {number}")
    return _release(row)


async def releases(db: Database, before: int) -> tuple[Release, ...]:
    """The releases with numbers below this one, newest first, at most LISTED_MAX."""
    return tuple(_release(row) for row in await db.fetch(SQL["releases"], before, LISTED_MAX))


async def add(tx: Tx, manifest: Manifest, sign: Sign) -> Release:
    """Keep a release for ever, signed."""
    text = msgspec.json.encode(manifest)
    made = Release(manifest=manifest, text=text.decode(), signature=sign(text))
    await tx.execute(
        SQL["add_release"],
        manifest.number,
        manifest.hash,
        manifest.bundle,
        made.text,
        made.signature,
        manifest.activated_at,
    )
    return made


def digest_of(made: Release) -> str:
    """What the next manifest names this one by."""
    return hashlib.sha256(made.text.encode()).hexdigest()


def signed(made: Release, unsign: Unsign) -> Signed:
    """Whether the hub signed this manifest: keys are dropped in time, then the next manifest vouches for it."""
    found = unsign(made.signature)
    if found is None or found[0] != made.text.encode():
        return "invalid"
    return "valid" if found[1] else "key-gone"


def _release(row: Any) -> Release:
    return Release(manifest=_manifest(row["manifest"]), text=row["manifest"], signature=row["signature"])
