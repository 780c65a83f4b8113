"""Releases: published on every node, rolled back, looked at; nodes and drift. Part of `operations.v1`."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from tillway import clock, governance
from tillway.apis.access import act
from tillway.apis.acts import by
from tillway.apis.changes import Proposing, proposed, situation
from tillway.errors import Conflict, Forbidden, TillwayError
from tillway.gateway import Answer, Ask, Handler
from tillway.governance import Change, InForce, Release, Situation, changes, drift, publishing, releases
from tillway.governance.publishing import Attempt, Publisher
from tillway.governance.releases import Sign, Unsign
from tillway.postgres import Database

# Of the time that the asker waits, this is left for the activation itself.
ACTIVATE_SECONDS: Final = 1.0

_NEXT: Final = 2_147_483_647


def bind(db: Database, proposing: Proposing, sign: Sign, unsign: Unsign) -> dict[str, Handler]:
    """The handlers."""
    acts, looks = _Acts(db, proposing, sign), _Looks(db, unsign)
    return {
        "publishChange": acts.publish,
        "rollbackRelease": acts.roll_back,
        "listReleases": looks.several,
        "getRelease": looks.one,
        "listNodes": looks.nodes,
        "listDrift": looks.drift,
    }


class _Looks:
    """Answers to who looks; nothing is changed."""

    def __init__(self, db: Database, unsign: Unsign) -> None:
        self._db = db
        self._unsign = unsign

    async def several(self, ask: Ask) -> Answer:
        found = await releases.releases(self._db, ask.query.get("before", _NEXT))
        in_force = await releases.in_force(self._db)
        return Answer(200, {"releases": [_told(each, in_force) for each in found]})

    async def one(self, ask: Ask) -> Answer:
        found = await releases.release(self._db, ask.path["number"])
        shown = _told(found, await releases.in_force(self._db))
        shown |= {
            "manifest": found.text,
            "signature": found.signature,
            "signed": releases.signed(found, self._unsign),
            "files": await releases.texts_of(self._db, found.manifest.bundle),
        }
        return Answer(200, shown)

    async def nodes(self, _ask: Ask) -> Answer:
        return Answer(200, {"nodes": await drift.nodes(self._db)})

    async def drift(self, ask: Ask) -> Answer:
        return Answer(200, {"findings": await drift.drifts(self._db, ask.now)})


class _Acts:
    """What changes what is in force; people alone do it."""

    def __init__(self, db: Database, proposing: Proposing, sign: Sign) -> None:
        self._db = db
        self._proposing = proposing
        self._sign = sign

    async def publish(self, ask: Ask) -> Answer:
        _by_people(ask, "publish")
        began = clock.monotonic()
        change = await changes.change(self._db, UUID(ask.path["id"]))
        overdue = await changes.overdue(self._db, ask.now)

        def check(found: InForce | None) -> None:
            _publishable(change, _at(ask, found, overdue))

        await self._not_called(ask, change)
        attempt = await publishing.begin(self._db, change, by(ask), check)
        until = min(
            clock.now() + timedelta(seconds=publishing.PREPARE_SECONDS),
            ask.deadline - timedelta(seconds=ACTIVATE_SECONDS),
        )
        try:
            nodes = await publishing.prepared(self._db, attempt, until)
            return await self._activated(ask, attempt, nodes, began)
        except TillwayError as error:
            await publishing.fail(self._db, attempt, error.detail)
            raise

    async def _not_called(self, ask: Ask, change: Change) -> None:
        """Conflict while anybody calls what this ends, also who began since it was proposed. A way back is free."""
        if change.kind == "rollback":
            return
        texts = await releases.texts_of(self._db, change.bundle)
        new = await asyncio.to_thread(governance.landscape_of, texts)
        held = await governance.retirements(self._db, ask.landscape, new, ask.now)
        if held:
            raise Conflict(held[0].text, remedy=held[0].remedy)

    async def _activated(self, ask: Ask, attempt: Attempt, nodes: int, began: float) -> Answer:
        async with ask.transaction(self._db) as tx:
            change = await changes.locked(tx, attempt.change)
            # Votes may have changed while the nodes prepared.
            _publishable(change, await situation(ask, tx))
            publisher = Publisher(by(ask), ask.landscape, self._sign, clock.now())
            made = await publishing.activate(tx, attempt, change, publisher)
            changes.tell_activated(tx, change, made, act(ask))
            after = await changes.change(tx, change.id)
            body = {
                "release": made.manifest.number,
                "hash": made.manifest.hash,
                "change": change.id,
                "nodes": nodes,
                "milliseconds": round((clock.monotonic() - began) * 1000),
                "review_due": None if after.review is None else after.review.due,
            }
            answer = Answer(200, body)
            ask.settle(tx, answer)
        return answer

    async def roll_back(self, ask: Ask) -> Answer:
        _by_people(ask, "roll back")
        number = ask.path["number"]
        found = await releases.release(self._db, number)
        texts = await releases.texts_of(self._db, found.manifest.bundle)
        made = await self._proposing.proposal(ask, texts)
        async with ask.transaction(self._db) as tx:
            answer = await proposed(tx, ask, made, "rollback", rolls_back_to=number)
            ask.settle(tx, answer)
        return answer


def _at(ask: Ask, found: InForce | None, overdue: tuple[str, ...]) -> Situation:
    base = ask.landscape.hash if found is None else found.hash
    return Situation(landscape=ask.landscape, base=base, now=ask.now, overdue=overdue)


def _publishable(change: Change, at: Situation) -> None:
    obstacles = governance.standing(change, at).obstacles
    if obstacles:
        raise Conflict("; ".join(obstacles), remedy="see `standing` of the change for who must agree")


def _by_people(ask: Ask, what: str) -> None:
    if ask.grant.kind != "person":
        raise Forbidden(f"only people {what}: sign in with your own name", remedy="sign in with `tillway sign-in`")


def _told(made: Release, in_force: InForce | None) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.structs.asdict(made.manifest)
    del shown["format"]
    return shown | {"in_force": in_force is not None and in_force.release == made.manifest.number}
