"""Change requests: proposed with evidence, voted on, reviewed. Part of `operations.v1`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from tillway import audit, governance, ids
from tillway.apis.access import act
from tillway.apis.acts import by, reason, roles
from tillway.contracts import escaped
from tillway.errors import Conflict, Forbidden, Invalid, Misconfigured, Rejected, Violation
from tillway.gateway import Answer, Ask, Handler
from tillway.governance import (
    Accepted,
    Change,
    Conformance,
    Evidence,
    Observed,
    Situation,
    Texts,
    Vote,
    changes,
    releases,
)
from tillway.governance.change import Kind
from tillway.landscape import InvalidLandscape
from tillway.masking import scrub
from tillway.postgres import Database, Tx

# How far back a consumer was seen to use what changes.
SEEN_DAYS: Final = 30

# What is wrong with proposed texts is told place by place, up to so many.
WRONG_MAX: Final = 50


_NOTHING: Final[Mapping[str, Any]] = {}


class Proposal(NamedTuple):
    """What is proposed, compared with what is in force: hashes, texts and evidence."""

    base: str
    base_texts: Texts
    hash: str
    texts: Texts
    evidence: Evidence


class Proposing:
    """Makes proposals of texts. `texts` are those that this process read of its files."""

    def __init__(self, db: Database, texts: governance.Read) -> None:
        self._db = db
        self._texts = texts

    async def proposal(self, ask: Ask, texts: Texts, body: Mapping[str, Any] = _NOTHING) -> Proposal:
        """The evidence of what these texts would change. Conflict when the base moved; Invalid when they are none.

        `body` is what came along: consumers that may break, results of contract tests.
        """
        accepted = tuple(Accepted(each["consumer"], scrub(each["reason"])) for each in body.get("accepted", ()))
        found = await releases.in_force(self._db)
        base_texts = self._texts() if found is None else await releases.texts_of(self._db, found.bundle)
        today = ask.now.date()
        seen = await audit.calls(self._db, today - timedelta(days=SEEN_DAYS), today)
        try:
            given = await asyncio.to_thread(governance.compared, base_texts, texts)
            retirements = await governance.retirements(self._db, given.old, given.new, ask.now)
            observed = Observed(seen=seen, retirements=retirements, conformance=_conformance(body))
            evidence = await asyncio.to_thread(governance.evidence, given, observed, today, accepted)
        except InvalidLandscape as wrong:
            raise _invalid(wrong) from wrong
        except (Rejected, Misconfigured) as wrong:
            raise Invalid(violations=(Violation(pointer="/files", detail=wrong.detail, rule=wrong.code),)) from wrong
        base = given.old.hash if found is None else found.hash
        return Proposal(base, base_texts, given.new.hash, texts, evidence)


def _conformance(body: Mapping[str, Any]) -> tuple[Conformance, ...]:
    """Results of contract tests as they were sent; what providers answered is scrubbed like any text of others."""
    found = msgspec.convert(body.get("conformance", ()), tuple[Conformance, ...])
    return tuple(
        msgspec.structs.replace(
            each, provider=scrub(each.provider), failures=tuple(scrub(failure) for failure in each.failures)
        )
        for each in found
    )


def bind(db: Database, proposing: Proposing) -> dict[str, Handler]:
    """The handlers."""
    acts, looks = _Acts(db, proposing), _Looks(db)
    return {
        "proposeChange": acts.propose,
        "approveChange": acts.approve,
        "rejectChange": acts.reject,
        "reviewChange": acts.review,
        "listChanges": looks.several,
        "getChange": looks.one,
    }


class _Looks:
    """Answers to who looks; nothing is changed."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def several(self, ask: Ask) -> Answer:
        before = ask.query.get("before")
        found = await changes.changes(
            self._db, state=ask.query.get("state"), before=None if before is None else UUID(before)
        )
        at = await situation(ask, self._db)
        return Answer(200, {"changes": [summary(each, at) for each in found]})

    async def one(self, ask: Ask) -> Answer:
        found = await changes.change(self._db, UUID(ask.path["id"]))
        return Answer(200, told(found, await situation(ask, self._db)))


class _Acts:
    """Each one transaction, its `change.decided` included."""

    def __init__(self, db: Database, proposing: Proposing) -> None:
        self._db = db
        self._proposing = proposing

    async def propose(self, ask: Ask) -> Answer:
        body = ask.body
        made = await self._proposing.proposal(ask, body["files"], body)
        wanted = body.get("base", made.base)
        if wanted != made.base:
            raise Conflict(
                f"what is in force is {made.base}, not {wanted}", remedy="compare with what is in force, propose anew"
            )
        kind: Kind = "emergency" if body.get("emergency", False) else "change"
        if body.get("dry_run", False):
            return Answer(200, {"base": made.base, "hash": made.hash, "kind": kind, "evidence": made.evidence})
        async with ask.transaction(self._db) as tx:
            answer = await proposed(tx, ask, made, kind)
            ask.settle(tx, answer)
        return answer

    async def approve(self, ask: Ask) -> Answer:
        async with ask.transaction(self._db) as tx:
            found = await changes.locked(tx, UUID(ask.path["id"]))
            refused = governance.may_vote(found, by(ask), ask.grant.kind)
            if refused is not None:
                raise Forbidden(refused, remedy="ask somebody else")
            if ask.body["hash"] != found.hash:
                raise Conflict(f"it proposes {found.hash}, not what you saw", remedy="look at it again")
            if found.kind != "rollback" and found.evidence.blockers:
                raise Conflict(found.evidence.blockers[0], remedy="mend it, or accept it by name, and propose it anew")
            answer = await _voted(tx, ask, found, "approve")
            ask.settle(tx, answer)
        return answer

    async def reject(self, ask: Ask) -> Answer:
        async with ask.transaction(self._db) as tx:
            found = await changes.locked(tx, UUID(ask.path["id"]))
            if ask.grant.kind != "person" and by(ask) != found.proposer:
                raise Forbidden("only people reject, and who proposed it", remedy="sign in with your own name")
            answer = await _voted(tx, ask, found, "reject")
            ask.settle(tx, answer)
        return answer

    async def review(self, ask: Ask) -> Answer:
        async with ask.transaction(self._db) as tx:
            found = await changes.locked(tx, UUID(ask.path["id"]))
            refused = governance.may_review(found, by(ask), ask.grant.kind, roles(ask), ask.landscape.governance)
            if refused is not None:
                raise Forbidden(refused, remedy="ask somebody else")
            await changes.review(tx, found, ask.body["outcome"], act(ask))
            answer = Answer(200, told(await changes.change(tx, found.id), await situation(ask, tx)))
            ask.settle(tx, answer)
        return answer


async def proposed(tx: Tx, ask: Ask, made: Proposal, kind: Kind, *, rolls_back_to: int | None = None) -> Answer:
    """Keep a proposal as a change request. Conflict when it changes nothing."""
    if made.hash == made.base:
        raise Conflict("it is what is in force already: nothing would change")
    change = Change(
        id=ids.new(),
        kind=kind,
        state="open",
        proposer=by(ask),
        proposer_kind=ask.grant.kind,
        reason=reason(ask),
        base=made.base,
        base_bundle=await releases.keep(tx, made.base_texts),
        hash=made.hash,
        bundle=await releases.keep(tx, made.texts),
        rolls_back_to=rolls_back_to,
        evidence=made.evidence,
        proposed_at=ask.now,
    )
    await changes.add(tx, change, act(ask))
    at = await situation(ask, tx)
    return Answer(201, told(change, at), (("Location", f"/operations/v1/changes/{change.id}"),))


async def situation(ask: Ask, db: Database | Tx) -> Situation:
    """What decisions of this request look at."""
    found = await releases.in_force(db)
    return Situation(
        landscape=ask.landscape,
        base=ask.landscape.hash if found is None else found.hash,
        now=ask.now,
        overdue=await changes.overdue(db, ask.now),
    )


def told(change: Change, at: Situation) -> dict[str, Any]:
    """A change request as it is shown."""
    fields = ("id", "kind", "state", "proposer", "reason", "base", "hash", "rolls_back_to", "proposed_at", "ended_at")
    more = ("release", "evidence", "votes", "review")
    shown = {name: getattr(change, name) for name in (*fields, *more)}
    return shown | {"standing": _standing(change, at)}


def summary(change: Change, at: Situation) -> dict[str, Any]:
    """A change request in a list."""
    fields = ("id", "kind", "state", "proposer", "reason", "hash", "proposed_at", "release", "review")
    shown = {name: getattr(change, name) for name in fields}
    obstacles = governance.standing(change, at).obstacles if change.state == "open" else ()
    return shown | {"verdict": change.evidence.verdict, "obstacles": obstacles}


def _standing(change: Change, at: Situation) -> dict[str, Any]:
    held = governance.standing(change, at)
    shown = msgspec.structs.asdict(held)
    return shown | {"approved": held.approved, "publishable": held.publishable}


async def _voted(tx: Tx, ask: Ask, change: Change, decision: governance.Decision) -> Answer:
    vote = Vote(person=by(ask), roles=roles(ask), decision=decision, hash=change.hash, reason=reason(ask), at=ask.now)
    await changes.vote(tx, change, vote, act(ask))
    return Answer(200, told(await changes.change(tx, change.id), await situation(ask, tx)))


def _invalid(wrong: InvalidLandscape) -> Invalid:
    """Every finding with its file, as far as it is known."""
    violations = [
        Violation(
            pointer=f"/files/{escaped(each.mark.file)}" if each.mark else "/files", detail=str(each), rule="landscape"
        )
        for each in wrong.problems[:WRONG_MAX]
    ]
    return Invalid("the landscape does not hold together", violations=tuple(violations))
