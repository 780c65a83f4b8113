"""How the hub is doing, looked at only: `operations.v1`."""

from __future__ import annotations

from typing import Any, Final

from tillway import __version__, journal, observe, processes
from tillway.apis.events import known_types
from tillway.apis.following import Following
from tillway.gateway import Answer, Ask, Handler, Leaving
from tillway.gateway.public import DRAINING
from tillway.journal import Recorded, Tail, cloudevent
from tillway.postgres import Database
from tillway.processes import Way
from tillway.records import freshness, missing_loads

# Entities whose processes one trace tells.
SUBJECTS_MAX: Final = 20


def bind(db: Database, tail: Tail, following: Following, leaving: Leaving) -> dict[str, Handler]:
    """The handlers of this document."""
    looks = _Looks(db, tail, following, leaving)
    return {
        "followJournal": looks.follow_journal,
        "traceTransaction": looks.trace_transaction,
        "listFollowers": looks.list_followers,
        "getHealth": looks.get_health,
    }


class _Looks:
    """Answers to who looks; nothing is changed."""

    def __init__(self, db: Database, tail: Tail, following: Following, leaving: Leaving) -> None:
        self._db = db
        self._tail = tail
        self._following = following
        self._leaving = leaving

    async def follow_journal(self, ask: Ask) -> Answer:
        asked = ask.query.get("types")
        types = None if asked is None else known_types(asked, ask.landscape)
        events, following_on = await self._following.read(ask, types=types, choose=lambda _: True)
        return Answer(200, {"entries": [entry(event) for event in events], "next": following_on})

    async def trace_transaction(self, ask: Ask) -> Answer:
        key = ask.path["key"]
        found, events = await observe.find(self._db, key), await observe.events_of(self._db, key)
        subjects = tuple(dict.fromkeys(event.subject for event in events))[:SUBJECTS_MAX]
        ways = [way for subject in subjects for way in await processes.ways(self._db, subject)]
        return Answer(
            200,
            {
                "key": key,
                "kind": found.kind,
                "subject": found.subject,
                "correlation": found.correlation,
                "stages": found.stages,
                "total_ms": found.total_ms,
                "late_at": found.late_at,
                "subjects": subjects,
                "entries": [entry(event) for event in events],
                "processes": [_process(way) for way in ways],
            },
        )

    async def list_followers(self, _ask: Ask) -> Answer:
        return Answer(200, {"followers": await journal.follower_states(self._db)})

    async def get_health(self, ask: Ask) -> Answer:
        reasons = missing_loads(tuple(ask.landscape.connections), await freshness(self._db))
        states = await journal.follower_states(self._db)
        health = {
            "status": "draining" if self._leaving.now else ("not-ready" if reasons else "ready"),
            "reasons": [*((DRAINING,) if self._leaving.now else ()), *reasons],
            "version": __version__,
            "landscape": ask.landscape.hash,
            "epoch": str(self._tail.epoch),
            "position": self._tail.head,
            "lag": max((state.lag for state in states), default=0),
            "parked": len(await journal.parked_items(self._db)),
            "exceptions": len(await processes.exceptions(self._db)),
        }
        return Answer(200, health)


def entry(event: Recorded) -> dict[str, Any]:
    """An event with its place in the journal; personal members are left out. Pure."""
    return {"position": event.position, "recorded_at": event.recorded_at, "event": cloudevent(event)}


def _process(way: Way) -> dict[str, Any]:
    return {
        "process": way.definition,
        "state": way.state,
        "attempts": way.attempts,
        "owner": way.owner,
        "started_at": way.started_at,
        "finished_at": way.finished_at,
        "transitions": way.transitions,
    }
