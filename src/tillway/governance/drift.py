"""Drift: where files, release and runtime are not the same, and since when. Pure but for one read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final, Literal, NamedTuple

import msgspec

from tillway.governance import releases
from tillway.governance.change import Change, Files, InForce, Node
from tillway.governance.changes import owed
from tillway.governance.publishing import LIVE_SECONDS
from tillway.governance.statements import SQL
from tillway.identity import Restriction, restricted_now
from tillway.postgres import Database

DriftKind = Literal["files", "runtime", "overlay", "review"]

# Within this every node has taken a release over; what differs for longer is drift.
SETTLED_SECONDS: Final = 2.0


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """One finding: what differs, where, from what, since when."""

    kind: DriftKind
    place: str
    expected: str | None
    found: str | None
    detail: str
    since: datetime
    age_seconds: float


async def nodes(db: Database) -> tuple[Node, ...]:
    """Every process that enforces the landscape, also those that fell silent lately."""
    return tuple(Node(**dict(row.items())) for row in await db.fetch(SQL["nodes"], LIVE_SECONDS))


async def drifts(db: Database, now: datetime) -> tuple[Drift, ...]:
    """Everything that differs now, the oldest first."""
    files = tuple(Files(**dict(row.items())) for row in await db.fetch(SQL["files"]))
    alive = tuple(node for node in await nodes(db) if node.alive)
    found = await releases.in_force(db)
    told = [*of_files(files, alive, found, now), *of_nodes(alive, found, now)]
    told += of_overlay(await restricted_now(db, now), now)
    told += of_reviews(await owed(db), now)
    return tuple(sorted(told, key=lambda each: (each.since, each.kind, each.place)))


def of_files(files: Iterable[Files], alive: Iterable[Node], found: InForce | None, now: datetime) -> Iterator[Drift]:
    """Directories of live nodes whose landscape is not the one that those nodes enforce.

    A node works out both hashes, so that two versions of Tillway never differ about the same texts.
    """
    enforced = {(node.host, node.directory): node.hash for node in alive}
    for each in files:
        expected = enforced.get((each.host, each.directory))
        if expected is None or each.hash == expected:
            continue
        since = each.since if found is None else max(each.since, found.activated_at)
        if (now - since).total_seconds() < SETTLED_SECONDS:
            continue
        named = "the files" if found is None else f"release {found.release}"
        detail = each.error or f"what lies there is not {named}: propose it, or bring the directory up to date"
        yield _Since(since, now).drift("files", f"{each.host}:{each.directory}", detail, expected, each.hash)


def of_nodes(alive: Iterable[Node], found: InForce | None, now: datetime) -> Iterator[Drift]:
    """Live nodes that do not enforce the release in force."""
    if found is None:
        return
    for node in alive:
        since = max(node.started_at, found.activated_at)
        if node.release == found.release or (now - since).total_seconds() < SETTLED_SECONDS:
            continue
        detail = node.error or "it has not taken the release over yet"
        runs = "files" if node.release is None else str(node.release)
        place = f"{node.kind} {node.pid} on {node.host}"
        yield _Since(since, now).drift("runtime", place, detail, str(found.release), runs)


def of_overlay(restricted: Iterable[Restriction], now: datetime) -> Iterator[Drift]:
    """Consumers that the landscape allows and operations suspended. Whoever left for good is told by the registry."""
    for each in restricted:
        if each.kind == "consumer" and not each.permanent:
            yield _Since(each.since, now).drift("overlay", each.id, each.reason, "allowed", each.state)


def of_reviews(changes: Iterable[Change], now: datetime) -> Iterator[Drift]:
    """Emergencies whose after-review is overdue."""
    for each in changes:
        if each.review is not None and each.review.due <= now:
            detail = "the after-review of this emergency is overdue"
            yield _Since(each.review.due, now).drift("review", str(each.id), detail, "reviewed", "not reviewed")


class _Since(NamedTuple):
    since: datetime
    now: datetime

    def drift(self, kind: DriftKind, place: str, detail: str, expected: str | None, found: str | None) -> Drift:
        age = round(max(0.0, (self.now - self.since).total_seconds()), 3)
        return Drift(
            kind=kind,
            place=place,
            expected=expected,
            found=found,
            detail=detail,
            since=self.since,
            age_seconds=age,
        )
