"""Landscapes as texts, requests with evidence, and nodes of a hub that are objects of the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.pure.landscape.sample import YAML

from tillway import clock, ids
from tillway.errors import TillwayError
from tillway.governance import (
    Change,
    Enforcing,
    InForce,
    Observed,
    Vote,
    changes,
    compared,
    evidence,
    landscape_of,
    publishing,
    releases,
)
from tillway.governance.publishing import Publisher
from tillway.identity import Act
from tillway.landscape import Landscape
from tillway.postgres import Database

BASE = {"landscape.yaml": YAML}
PROPOSER, APPROVER = "person:ann", "person:bob"


def texts(name: str) -> dict[str, str]:
    """The base landscape with the organisation called otherwise."""
    return {"landscape.yaml": YAML.replace("name: Nordwind", f"name: {name}", 1)}


def act(by: str = PROPOSER) -> Act:
    return Act(by=by, reason="a test", at=clock.now(), correlation="c-1")


def sign(payload: bytes) -> str:
    return f"signed {len(payload)}"


async def proposed(db: Database, new: Mapping[str, str], old: Mapping[str, str] = BASE, **more: Any) -> Change:
    """A request that is kept, with a vote of somebody else."""
    given = compared(old, new)
    before, after = given.old, given.new
    found = evidence(given, Observed(), clock.now().date())
    async with db.transaction() as tx:
        made = Change(
            **{
                "id": ids.new(),
                "kind": "change",
                "state": "open",
                "proposer": PROPOSER,
                "proposer_kind": "person",
                "reason": "a test",
                "base": before.hash,
                "base_bundle": await releases.keep(tx, old),
                "hash": after.hash,
                "bundle": await releases.keep(tx, new),
                "rolls_back_to": None,
                "evidence": found,
                "proposed_at": clock.now(),
                **more,
            }
        )
        await changes.add(tx, made, act())
        vote = Vote(person=APPROVER, roles=(), decision="approve", hash=made.hash, reason="good", at=clock.now())
        await changes.vote(tx, made, vote, act(APPROVER))
    return await changes.change(db, made.id)


async def publish(db: Database, change: Change, *, seconds: float = 10.0) -> releases.Release:
    """Both phases, as the operation does them."""
    attempt = await publishing.begin(db, change, APPROVER, lambda *_: None)
    try:
        await publishing.prepared(db, attempt, clock.now() + timedelta(seconds=seconds))
        async with db.transaction() as tx:
            now = await changes.locked(tx, change.id)
            by = Publisher(APPROVER, landscape_of(BASE), sign, clock.now())
            made = await publishing.activate(tx, attempt, now, by)
            changes.tell_activated(tx, now, made, act())
    except TillwayError as error:
        await publishing.fail(db, attempt, error.detail)
        raise
    return made


@dataclass
class Process:
    """A node: what it enforces, and how often it compiled."""

    enforcing: Enforcing
    landscape: Landscape
    release: int | None = None
    compiled: list[str] = field(default_factory=list)

    async def runs(self, release: int, seconds: float = 2.0) -> None:
        async with asyncio.timeout(seconds):
            while self.release != release:
                await asyncio.sleep(0.002)


@asynccontextmanager
async def node(
    db: Database, *, compiling: Callable[[Mapping[str, str]], Landscape] = landscape_of, directory: str = "/etc/land"
) -> AsyncIterator[Process]:
    """A process that enforces what is in force and gives signs of life."""

    def take(landscape: Landscape, release: InForce) -> None:
        process.landscape, process.release = landscape, release.release

    enforcing = Enforcing(db, kind="door", directory=Path(directory), compile=compiling, take=take)
    process = Process(enforcing, landscape_of(BASE))
    found = await enforcing.join()
    if found is not None:
        process.landscape, process.release = found[1], found[0].release
    enforcing.enforces(process.landscape)
    running = asyncio.create_task(enforcing.run())
    async with asyncio.timeout(2):
        while not await db.fetchval("SELECT true FROM governance.nodes WHERE id = $1", enforcing.id):
            await asyncio.sleep(0.002)
    try:
        yield process
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
