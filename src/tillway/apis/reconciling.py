"""Whether two sides agree: comparisons and breaks, asked for, looked at and decided; part of `operations.v1`."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from tillway.apis.acts import by, note, reason
from tillway.errors import Conflict, Invalid, NotFound, Violation
from tillway.gateway import Answer, Ask, Handler
from tillway.landscape import Landscape
from tillway.postgres import Database, Tx
from tillway.reconcile import Break, Choice, Run, Wish, breaks, runs

DEFAULT_LIMIT: Final = 100


def bind(db: Database) -> dict[str, Handler]:
    """The handlers."""
    asks = _Asks(db)
    return {
        "startReconciliation": asks.start,
        "getReconciliation": asks.get,
        "listBreaks": asks.list_breaks,
        "assignBreak": asks.assign,
        "acceptBreak": asks.accept,
    }


class _Asks:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def start(self, ask: Ask) -> Answer:
        wish = _wish(ask)
        async with ask.transaction(self._db) as tx:
            run = await _queued(tx, wish)
            answer = Answer(202, told_run(run), headers=(("Location", f"/operations/v1/reconciliations/{run.id}"),))
            ask.settle(tx, answer)
        return answer

    async def get(self, ask: Ask) -> Answer:
        return Answer(200, told_run(await runs.get(self._db, ask.path["id"])))

    async def list_breaks(self, ask: Ask) -> Answer:
        choice = Choice(
            domain=ask.query.get("domain"),
            shop=ask.query.get("shop"),
            type=ask.query.get("type"),
            owner=ask.query.get("owner"),
            ended=ask.query.get("ended", False),
            after=_after(ask.query.get("after")),
        )
        limit = ask.query.get("limit", DEFAULT_LIMIT)
        found = await breaks.page(self._db, choice, limit)
        following = _rendered(found[-1]) if len(found) == limit else None
        return Answer(200, {"breaks": [told_break(each, ask.now) for each in found], "next": following})

    async def assign(self, ask: Ask) -> Answer:
        async with ask.transaction(self._db) as tx:
            found = await breaks.assign(tx, ask.path["id"], ask.body["owner"], note(ask))
            answer = Answer(200, told_break(found, ask.now))
            ask.settle(tx, answer)
        return answer

    async def accept(self, ask: Ask) -> Answer:
        async with ask.transaction(self._db) as tx:
            found = await breaks.accept(tx, ask.path["id"], note(ask))
            answer = Answer(200, told_break(found, ask.now))
            ask.settle(tx, answer)
        return answer


async def _queued(tx: Tx, wish: Wish) -> Run:
    """The run that was asked for; the very same one that is under way is joined."""
    try:
        return await runs.get(tx, str(await runs.queue(tx, wish)))
    except Conflict:
        run = await runs.under_way(tx, wish)
        if run is None or (run.shop, run.since, run.fix) != (wish.shop, wish.since, wish.fix):
            raise
        return run


def _wish(ask: Ask) -> Wish:
    body = ask.body
    since = body.get("since")
    return Wish(
        domain=_domain(ask.landscape, body["domain"]),
        connection=named_connection(ask.landscape, body.get("connection"), body.get("shop")),
        shop=body.get("shop"),
        since=None if since is None else datetime.fromisoformat(since),
        fix=body.get("fix", False),
        asked_by=by(ask),
        reason=reason(ask),
        correlation=ask.correlation,
    )


def _domain(landscape: Landscape, domain: str) -> str:
    if domain not in landscape.reconcile:
        detail = f"the landscape does not say how {domain} are compared"
        raise Invalid(
            detail,
            violations=(Violation(pointer="/domain", detail=detail, rule="domain"),),
            remedy="declare it under `reconcile`",
        )
    return domain


def named_connection(landscape: Landscape, connection: str | None, shop: str | None) -> str:
    """Which back office is meant: the one named, the shop's, or the only one."""
    if shop is not None:
        try:
            theirs = landscape.shop(shop).connection
        except NotFound as error:
            raise _wrong("/shop", error.detail) from None
        if connection not in {None, theirs}:
            raise _wrong("/connection", f"the shop books through {theirs}")
        return theirs
    known = list(landscape.connections)
    if connection is None:
        if len(known) != 1:
            raise _wrong("/connection", f"one of {', '.join(known)} has to be named")
        return known[0]
    if connection not in known:
        raise _wrong("/connection", "there is no such connection")
    return connection


def _wrong(pointer: str, detail: str) -> Invalid:
    return Invalid(detail, violations=(Violation(pointer=pointer, detail=detail, rule="reference"),))


def told_run(run: Run) -> dict[str, Any]:
    """A run as it is answered. Pure."""
    tally = run.tally
    return {
        "id": str(run.id),
        "domain": run.domain,
        "connection": run.connection,
        "shop": run.shop,
        "since": run.since,
        "fix": run.fix,
        "status": run.status,
        "asked_by": run.asked_by,
        "reason": run.reason,
        "queued_at": run.queued_at,
        "as_of": run.as_of,
        "finished_at": run.finished_at,
        "left": tally.left,
        "right": tally.right,
        "paired": tally.paired,
        "matched": tally.matched,
        "breaks": tally.breaks,
        "in_process": tally.in_process,
        "total": run.total,
        "at_stake": f"{tally.at_stake:f}",
        "found": run.found,
        "ended": run.ended,
        "fixed": run.fixed,
        "detail": run.detail,
    }


def told_break(found: Break, now: datetime) -> dict[str, Any]:
    """A break as it is answered, with its age. Pure."""
    told = msgspec.structs.asdict(found)
    for name in ("left_amount", "right_amount", "at_stake"):
        told[name] = None if told[name] is None else f"{told[name]:f}"
    told["id"] = str(found.id)
    told["age_seconds"] = max(0, int(((found.ended_at or now) - found.found_at).total_seconds()))
    return told


def _rendered(found: Break) -> str:
    return base64.urlsafe_b64encode(f"{found.found_at.isoformat()} {found.id}".encode()).decode()


def _after(cursor: str | None) -> tuple[datetime, UUID] | None:
    if cursor is None:
        return None
    try:
        moment, _, key = base64.urlsafe_b64decode(cursor).decode().partition(" ")
        return datetime.fromisoformat(moment), UUID(key)
    except (ValueError, binascii.Error):
        raise _wrong("/query/after", "this is no place in the list of breaks") from None
