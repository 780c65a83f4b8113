"""The consumer registry. Part of `operations.v1`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any, Final

import msgspec

from tillway import audit, contracts, governance, identity, subscriptions
from tillway.errors import NotFound
from tillway.gateway import Answer, Ask, Handler
from tillway.governance import UNUSED_DAYS, Entry, Seen
from tillway.identity import Offboarding, today_of
from tillway.postgres import Database

# Consumers in one answer.
PAGE: Final = 500


def bind(db: Database) -> dict[str, Handler]:
    """The handlers."""
    scopes = {operation.id: operation.scope for _, operation in contracts.load().operations()}

    async def seen(ask: Ask, days: int) -> tuple[Seen, date]:
        since = ask.now.date() - timedelta(days=days)
        restricted = await identity.restricted_now(db, ask.now)
        used = await audit.used_operations(db, since)
        having: dict[str, tuple[str, ...]] = defaultdict(tuple)
        for each in await subscriptions.every(db):
            having[each.consumer] += (each.id,)
        found = Seen(
            last=await audit.last_calls(db),
            used={who: {scopes[name] for name in names if name in scopes} for who, names in used.items()},
            subscriptions=having,
            suspended={each.id for each in restricted if each.kind == "consumer"},
            offboarded={each.consumer for each in await identity.offboardings(db)},
        )
        return found, since

    async def list_consumers(ask: Ask) -> Answer:
        known, since = await seen(ask, ask.query.get("days", UNUSED_DAYS))
        entries = governance.registry(ask.landscape, known, today_of(ask.landscape, ask.now), since=since)
        after = ask.query.get("after", "")
        page = [each for each in entries if each.id > after][:PAGE]
        return Answer(200, {"since": since, "consumers": page, "next": page[-1].id if len(page) == PAGE else None})

    async def get_consumer(ask: Ask) -> Answer:
        known, since = await seen(ask, UNUSED_DAYS)
        name = ask.path["id"]
        if name not in ask.landscape.consumers and not _knows(known, name):
            raise NotFound("nobody knows a consumer of this id")
        found = governance.entry(name, ask.landscape, known, today_of(ask.landscape, ask.now), since=since)
        left = await identity.offboarding(db, name)
        return Answer(200, _shown(found, ask, left))

    return {
        "listConsumers": list_consumers,
        "getConsumer": get_consumer,
    }


def _knows(known: Seen, name: str) -> bool:
    named: Iterable[Mapping[str, Any] | Any] = (known.last, known.subscriptions, known.offboarded)
    return any(name in each for each in named)


def _shown(found: Entry, ask: Ask, left: Offboarding | None) -> dict[str, Any]:
    consumer = ask.landscape.consumers.get(found.id)
    credentials = []
    if consumer is not None:
        credentials += ["key"] * len(consumer.keys)
        credentials += ["certificate"] if consumer.certificate is not None else []
        credentials += ["secret"] if consumer.secret is not None else []
    return msgspec.structs.asdict(found) | {"credentials": credentials, "offboarding": left}
