"""The evidence, searched, handed out and verified, and what consumers use: part of `operations.v1`."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from tillway import audit, clock
from tillway.apis.revealing import shown
from tillway.apis.showing import told
from tillway.audit import LAST, Unsign, Verified, Wanted
from tillway.contracts import classes_of, load
from tillway.gateway import Answer, Ask, Handler
from tillway.identity import attested, known_keys
from tillway.postgres import Database

# What a person who looks into the audit may see; what tells of a person is a token.
CLEAR: Final = frozenset({"public", "internal", "confidential"})

# When the request does not say.
SHOWN: Final = 100
EXPORTED: Final = 500
WALKED: Final = 10_000
DAYS: Final = 30
NAMED: Final = 200


def bind(db: Database) -> dict[str, Handler]:
    """The handlers."""
    schemas = load().document("operations").content["components"]["schemas"]
    classes = classes_of(schemas["AuditEntry"])

    async def search_audit(ask: Ask) -> Answer:
        query, limit = ask.query, ask.query.get("limit", SHOWN)
        wanted = Wanted(
            consumer=query.get("consumer"),
            operation=query.get("operation"),
            outcome=query.get("outcome"),
            subject=query.get("subject"),
            correlation=query.get("correlation"),
            since=_time(query.get("from")),
            until=_time(query.get("to")),
            below=int(query.get("after", LAST)),
        )
        rows = await audit.search(db, wanted, limit)
        following = str(rows[-1].number) if len(rows) == limit else None
        return Answer(
            200, {"entries": [shown(told(row), classes, CLEAR, "audit", row.number) for row in rows], "next": following}
        )

    async def export_audit(ask: Ask) -> Answer:
        limit, until = ask.query.get("limit", EXPORTED), _time(ask.query.get("to"))
        rows = await audit.export(db, await _after(db, ask), limit)
        kept = [row for row in rows if until is None or row.sealed_at < until]
        following = str(rows[-1].number) if len(rows) == len(kept) == limit else None
        return Answer(
            200, {"entries": [shown(told(row), classes, CLEAR, "audit", row.number) for row in kept], "next": following}
        )

    async def verify_audit(ask: Ask) -> Answer:
        limit, until = ask.query.get("limit", WALKED), _time(ask.query.get("to"))
        found = await audit.verify(
            db, after=await _after(db, ask), limit=limit, unsign=await _unsign(db, ask.now), now=ask.now
        )
        following = found.following
        if following is not None and until is not None and following >= await audit.number_at(db, until):
            following = None
        return Answer(200, outcome(found, following))

    async def list_usage(ask: Ask) -> Answer:
        today = ask.now.date()
        since = today - timedelta(days=ask.query.get("days", DAYS))
        consumer = ask.path["consumer"]
        used, fields = await audit.usage(db, consumer, since, today)
        by: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for each in fields:
            shown = msgspec.structs.asdict(each)
            by[shown.pop("operation")].append(shown)
        operations = [msgspec.structs.asdict(each) | {"fields": by[each.operation]} for each in used]
        return Answer(200, {"consumer": consumer, "since": since, "operations": operations})

    async def list_unknown_fields(ask: Ask) -> Answer:
        today = ask.now.date()
        since = today - timedelta(days=ask.query.get("days", DAYS))
        fields = await audit.unknown_fields(
            db, since, today, ask.query.get("limit", NAMED), consumer=ask.query.get("consumer")
        )
        return Answer(200, {"since": since, "fields": [msgspec.structs.asdict(each) for each in fields]})

    return {
        "searchAudit": search_audit,
        "exportAudit": export_audit,
        "verifyAudit": verify_audit,
        "listUsage": list_usage,
        "listUnknownFields": list_unknown_fields,
    }


def outcome(found: Verified, following: int | None) -> dict[str, Any]:
    """What a page of the walk found, as it is answered. Pure."""
    last = found.last_anchor
    return {
        "holds": found.broken is None,
        "checked": found.checked,
        "anchors": found.anchors,
        "broken": None if found.broken is None else msgspec.structs.asdict(found.broken),
        "number": found.number,
        "unanchored": max(0, found.unanchored),
        "last_anchor": None if last is None else last.anchor,
        "last_anchor_at": None if last is None else last.at,
        "next": None if following is None else str(following),
    }


async def _after(db: Database, ask: Ask) -> int:
    """The number to go on after."""
    if "after" in ask.query:
        return int(ask.query["after"])
    since = _time(ask.query.get("from"))
    return 0 if since is None else await audit.number_at(db, since)


async def _unsign(db: Database, now: datetime) -> Unsign:
    keys = await known_keys(db, now)
    return lambda token: attested(token, keys)


def _time(text: str | None) -> datetime | None:
    return None if text is None else clock.aware(datetime.fromisoformat(text))
