"""Which messages on the wire belong to the story, and what each is called.

What asks again and again, whether there is something or not, does not belong: leases, beats, polls. Everything else on
the connections that work is done on does, so that a statement that is new to the product is counted by itself. Three
statements are both, the sequencer's, the tail's and the engine's: they count when there is something to find.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Final, Literal, NamedTuple

from tests.wire_proxy import Exchange

from tillway.app.rooms import ROOMS
from tillway.postgres import load

WORKERS: Final = {"tillway door": "door", "tillway works": "works"}
"""Connections of pools; those that listen, nudge, cancel, or belong to the supervisor do no work of the story."""

POLLERS: Final = frozenset(
    {
        "journal.lease_sequencer",
        "journal.waiting",
        "journal.beat",
        "journal.enrol",
        "journal.live_nodes",
        "journal.lanes",
        "journal.drop_own",
        "journal.claim",
        "journal.due",
        "journal.due_lanes",
        "journal.move_idle",
        "journal.ensure_partitions",
        "processes.next_due",
        "processes.renew",
        "records.keep_lease",
        "records.due_promises",
        "records.forget_promises",
        "inbox.take_nudges",
        "reconcile.plan",
        "reconcile.take_due",
        "reconcile.claim_run",
        "records.refreshes",
        "subscriptions.mark",
        "subscriptions.all",
        "subscriptions.forget",
        "outbound.governed",
        "outbound.open_governed",
        "outbound.keep_governed",
        "outbound.touch",
        "outbound.keep_touching",
        "outbound.let_go",
        "gateway.forget",
        "gateway.quota",
        "gateway.open_quota",
        "gateway.keep_quota",
        "audit.lease_sealer",
        "audit.staged",
        "audit.head",
        "audit.chains",
        "audit.seal",
        "audit.last_anchor",
        "audit.add_anchor",
        "audit.stage_many",
        "audit.count_usage",
        "audit.count_calls",
    }
)

BELLS: Final = {"journal.sequence": "staged", "journal.read": "sequenced", "processes.claim": "due"}
"""A statement that looks for work, and what must have happened for it to find some."""

DRIVER: Final = ("current_setting('jit')", "typeinfo_tree")
"""What the driver asks about types, once a connection."""

_CTE = re.compile(r"^(?:WITH )?([a-z][a-z0-9_]*) AS \($", re.MULTILINE)


class Point(NamedTuple):
    """Where the hub is killed: a message of the story by its name and how often it was seen, and which side of it."""

    message: str
    when: Literal["before", "after"]

    @property
    def worker(self) -> str:
        """The process that asks. The ERP and the subscriber are called by works alone."""
        return "door" if self.message.startswith("door: ") else "works"

    def __str__(self) -> str:
        return f"{self.when} {self.message}"


Trigger = Callable[[Point], bool]
"""Asked at every point of a story: is the hub to be killed here?"""


class Narrator:
    """Listens on all wires of one hub. `crash` is called in the very moment a point is reached."""

    def __init__(self, crash: Callable[[], None]) -> None:
        self._crash = crash
        self._trigger: Trigger | None = None
        self._seen: Counter[str] = Counter()
        self._names: dict[Exchange, str] = {}
        self._bells: set[str] = set()
        self._to_ring: dict[int, set[str]] = {}
        self._doing: dict[int, str] = {}
        self.told: list[Point] = []
        self.crashes: list[Point] = []

    def begin(self) -> None:
        """A story begins."""
        self.told, self.crashes = [], []
        self._seen.clear()
        self._bells.clear()
        self.arm(None)

    def arm(self, trigger: Trigger | None) -> None:
        """From now on the hub is killed where this says so, once. What an earlier crash left unanswered is forgotten."""
        self._trigger = trigger
        self._names.clear()
        self._to_ring.clear()
        self._doing.clear()

    @property
    def quiet(self) -> bool:
        """Whether no request of the story waits for its answer."""
        return not self._names

    def arrives(self, exchange: Exchange) -> bool:
        """See `Observer`."""
        name = self._name(exchange)
        if name is None:
            return True
        self._seen[name] += 1
        message = f"{name} #{self._seen[name]}"
        self._names[exchange] = message
        return not self._reached(Point(message, "before"))

    def left(self, exchange: Exchange) -> None:
        """See `Observer`."""
        self._learn(exchange)
        message = self._names.pop(exchange, None)
        if message is not None:
            self._reached(Point(message, "after"))

    def _reached(self, point: Point) -> bool:
        self.told.append(point)
        if self._trigger is None or not self._trigger(point):
            return False
        self._trigger = None
        self.crashes.append(point)
        self._crash()
        return True

    def _name(self, exchange: Exchange) -> str | None:
        """What it is called, or None when it is no part of the story. A transaction counts by what is done in it: nothing
        has happened when it begins, and it ends under the name of the last that was asked.
        """
        if exchange.asker in ("odoo", "hook"):
            return f"{exchange.asker}: {exchange.says[0]}"
        worker = WORKERS.get(exchange.asker)
        if worker is None:
            return None
        named = [name_of(text) for text in exchange.says]
        if named == ["BEGIN"]:
            self._doing.pop(exchange.line, None)
            return None
        if named == ["COMMIT"]:
            done = self._doing.pop(exchange.line, None)
            return None if done is None else f"{worker}: COMMIT of {done}"
        if all(name in POLLERS for name in named) or any(mark in text for text in exchange.says for mark in DRIVER):
            return None
        if len(named) == 1 and named[0] in BELLS and self._bell(named[0], worker) not in self._bells:
            return None
        self._doing[exchange.line] = name = " + ".join(named)
        return f"{worker}: {name}"

    def _learn(self, exchange: Exchange) -> None:
        """Ring the bells of what was committed, and still those whose work was found."""
        worker = WORKERS.get(exchange.asker, "")
        ringing = self._to_ring.setdefault(exchange.line, set())
        for name in [name_of(text) for text in exchange.says]:
            if exchange.failed:
                continue
            if name in BELLS and exchange.rows:
                self._bells.discard(self._bell(name, worker))
            if name == "journal.sequence" and exchange.rows:
                ringing |= {"sequenced door", "sequenced works"}
            if "journal_append" in name:
                ringing.add("staged")
            if name == "processes.start":
                ringing.add("due")
        if not exchange.in_transaction:
            self._bells |= self._to_ring.pop(exchange.line, set())

    @staticmethod
    def _bell(name: str, worker: str) -> str:
        bell = BELLS[name]
        return f"{bell} {worker}" if bell == "sequenced" else bell


@cache
def name_of(text: str) -> str:
    """A statement by its name in its room's file; a write of parts by its parts; anything else by its first words."""
    known = _statements().get(text)
    if known is not None:
        return known
    if text.startswith("WITH "):
        return " + ".join(_CTE.findall(text))
    return " ".join(text.split())[:60].rstrip(";")


@cache
def _statements() -> dict[str, str]:
    found = {}
    for room in ROOMS:
        for file in resources.files(room.package).iterdir():
            if file.name.endswith(".sql"):
                found |= {text: f"{room.name}.{name}" for name, text in load(room.package, file.name).items()}
    return found
