"""What changed from release to release, in the words that machines found for each change. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from tillway.governance import Change, Release

# What partners build against; the rest (rights, quotas, shops) is the house's own.
OPEN_KINDS: Final = frozenset({"contract", "lifecycle", "event", "service-level"})


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that changed, and what it means for others."""

    path: str
    kind: str
    verdict: str
    text: str


class ReleaseView(msgspec.Struct, frozen=True, kw_only=True):
    """A release and what it brought. `hidden` counts what is not shown to strangers; `reason` and `by` are neither."""

    number: int
    at: datetime
    kind: str
    hash: str
    rolls_back_to: int | None
    changes: tuple[Changed, ...]
    hidden: int
    reason: str | None
    by: str | None
    agreed: int


def released(release: Release, change: Change | None, *, inside: bool) -> ReleaseView:
    """The release as it is shown to people of the house, or to strangers."""
    manifest = release.manifest
    touched = () if change is None else change.evidence.changes
    shown = [each for each in touched if inside or each.kind in OPEN_KINDS]
    left_off = 0 if change is None else change.evidence.left_off
    return ReleaseView(
        number=manifest.number,
        at=manifest.activated_at,
        kind=manifest.kind,
        hash=manifest.hash,
        rolls_back_to=manifest.rolls_back_to,
        changes=tuple(Changed(path=each.path, kind=each.kind, verdict=each.verdict, text=each.text) for each in shown),
        hidden=len(touched) - len(shown) + left_off,
        reason=change.reason if inside and change is not None else None,
        by=(change.proposer if change is not None else manifest.published_by) if inside else None,
        agreed=len(manifest.approvals),
    )
