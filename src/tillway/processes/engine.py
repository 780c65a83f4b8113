"""The engine: claims due instances, runs step after step, commits each transition with what it announces.

The runner knows no flow: it reads tables. A step's call happens outside any transaction, between two transitions.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final
from uuid import UUID

import msgspec

from tillway import clock, ids, journal
from tillway.errors import LeaseLost, TillwayError, TryAgain
from tillway.journal import Follower, Recorded
from tillway.postgres import Database, Tx, load
from tillway.processes import deciding
from tillway.processes.deciding import Advance, Wait
from tillway.processes.definition import START, UNKNOWN, Definition, Outcome, Step
from tillway.processes.instance import EACH, Instance, claimed

log = logging.getLogger(__name__)

SQL: Final = load("tillway.processes", "processes.sql")

# A runner silent this long has lost its instances; it renews three times within that.
LEASE_SECONDS: Final = 6.0

# Instances one node works on at a time; Odoo has few workers, and the connector queues what exceeds them.
IN_HAND: Final = 16

# Longest rest between two looks for due instances; nudges and known due times come sooner.
POLL_SECONDS: Final = 1.0

# Told after an instance was started or signalled.
DUE_CHANNEL: Final = "processes_due"


class Engine:
    """Runs on every *works* node."""

    def __init__(
        self, db: Database, node: UUID, definitions: Iterable[Definition], *, lease_seconds: float = LEASE_SECONDS
    ) -> None:
        self._db = db
        self._lease_seconds = lease_seconds
        self._node = node
        self._definitions = {(item.name, item.version): item for item in definitions}
        self._wake = asyncio.Event()
        self._hands: dict[UUID, asyncio.Task[None]] = {}

    def followers(self) -> tuple[Follower, ...]:
        """One follower a definition: it starts instances from the journal."""
        return tuple(self._starter(definition) for definition in self._definitions.values())

    async def run(self) -> None:
        """Until cancelled. A step in hand then has an unknown outcome: its lease runs out and another node asks."""
        stop_listening = await self._db.listen(DUE_CHANNEL, self._wake.set)
        renewing = asyncio.create_task(self._renew())
        try:
            while True:
                self._wake.clear()
                try:
                    await self._claim()
                    rest = await self._rest()
                except TryAgain as error:
                    log.warning("engine: %s", error.detail)
                    rest = POLL_SECONDS
                await clock.wait(self._wake, rest)
        finally:
            stop_listening()
            renewing.cancel()
            for task in self._hands.values():
                task.cancel()
            await asyncio.gather(*self._hands.values(), return_exceptions=True)

    async def _claim(self) -> None:
        room = IN_HAND - len(self._hands)
        if room <= 0:
            return
        for row in await self._db.fetch(SQL["claim"], self._node, self._lease_seconds, room, list(self._hands)):
            definition = self._definitions.get((row["definition"], row["version"]))
            if definition is None:
                # A newer release's flow: it stays due for a node that knows it.
                await self._db.fetchval(SQL["postpone"], row["id"], self._node, row["fence"], self._lease_seconds)
                continue
            task = asyncio.create_task(self._work_through(claimed(row, definition)))
            self._hands[row["id"]] = task
            task.add_done_callback(partial(self._put_down, row["id"]))

    def _put_down(self, key: UUID, task: asyncio.Task[None]) -> None:
        self._hands.pop(key, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("instance %s was dropped, its lease runs out", key, exc_info=error)
        self._wake.set()

    async def _rest(self) -> float:
        # What another runner left behind is found when its lease has run out.
        longest = min(POLL_SECONDS, self._lease_seconds / 2)
        if len(self._hands) >= IN_HAND:
            return longest
        due = await self._db.fetchval(SQL["next_due"])
        return longest if due is None else min(longest, max(0.01, due))

    async def _work_through(self, instance: Instance) -> None:
        try:
            while await self._one(instance):
                pass
        except LeaseLost as error:
            log.info("%s %s: %s", instance.definition.name, instance.subject, error.detail)
        except TillwayError as error:
            # Ours failed, not the step: the lease runs out and the instance is taken up again.
            log.warning("%s %s: %s", instance.definition.name, instance.subject, error.detail)

    async def _one(self, instance: Instance) -> bool:
        """Run the step of the present state and commit its transition; whether there is another step at once."""
        step = instance.definition.step(instance.state)
        if step is None:
            raise AssertionError("unreachable: only states with a step are due")
        outcome = deciding.resumed(instance.definition, instance.state, clock.now()) if instance.resumed else None
        instance.resumed = False
        answer = outcome or await self._act(instance, step)
        if isinstance(answer, Wait):
            await self._postpone(instance, answer.seconds)
            return False
        unknowns = instance.unknowns
        advance = deciding.after(instance.definition, instance.state, instance.owed, answer, unknowns=unknowns)
        await self._commit(instance, answer, advance)
        return advance.acts and not advance.wait

    async def _act(self, instance: Instance, step: Step) -> Outcome | Wait:
        try:
            return await step.act(instance.work())
        except Exception as error:
            if not isinstance(error, TillwayError):
                log.exception("%s %s in %s", instance.definition.name, instance.subject, instance.state)
            return deciding.failed(
                instance.definition, step, instance.attempts, error, deadline=instance.deadline, now=clock.now()
            )

    async def _commit(self, instance: Instance, outcome: Outcome, advance: Advance) -> None:
        was, data = instance.state, deciding.merged(instance.data, outcome)
        code, detail = advance.exception or (None, None)
        unknowns = instance.unknowns + (outcome.event == UNKNOWN)
        events, parts = list(outcome.events), list(outcome.parts)
        if advance.exception is not None:
            told, noted = instance.definition.tell(instance.work(), *advance.exception)
            events += told
            parts += noted
        async with self._db.transaction() as tx:
            number = await tx.fetchval(
                SQL["advance"],
                instance.id,
                self._node,
                instance.fence,
                advance.state,
                msgspec.json.encode(data).decode(),
                list(advance.owed),
                advance.acts,
                self._lease_seconds,
                code,
                detail,
                advance.ends,
                advance.wait,
                unknowns,
            )
            if number is None:
                raise LeaseLost("another node took this instance over")
            await tx.execute(
                SQL["note"],
                instance.id,
                number,
                was,
                advance.event,
                advance.state,
                instance.attempts,
                self._node,
                advance.detail or None,
            )
            for part in parts:
                tx.stage(part)
            if events:
                tx.stage(journal.appending(events))
        instance.state, instance.data, instance.owed, instance.attempts = advance.state, data, advance.owed, 0
        instance.unknowns = unknowns

    async def _postpone(self, instance: Instance, seconds: float) -> None:
        if await self._db.fetchval(SQL["postpone"], instance.id, self._node, instance.fence, seconds) is None:
            raise LeaseLost("another node took this instance over")

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._lease_seconds / 4)
            if not self._hands:
                continue
            try:
                await self._db.fetch(SQL["renew"], self._node, list(self._hands), self._lease_seconds)
            except TryAgain as error:
                log.warning("leases not renewed: %s", error.detail)

    def _starter(self, definition: Definition) -> Follower:
        async def start(tx: Tx, events: Sequence[Recorded]) -> None:
            await _start(tx, definition, events)
            tx.nudge(DUE_CHANNEL)

        return Follower(
            name=f"process {definition.name}",
            types=frozenset({definition.starts_on}),
            owner=definition.owner,
            apply=start,
            starts="oldest",
        )


def instance_subject(definition: Definition, event: Recorded) -> str:
    """What an instance is kept under: its subject, and where each event starts one, which event of it."""
    return f"{event.subject}{EACH}{event.sequence}" if definition.each else event.subject


async def _start(tx: Tx, definition: Definition, events: Sequence[Recorded]) -> None:
    first = definition.next(START, definition.starts_on)
    step = definition.step(first)
    owed = [step.compensation] if step is not None and step.compensation is not None else []
    begun = [(event, definition.begin(event.subject, event.whole)) for event in events]
    wanted = [(event, beginning) for event, beginning in begun if beginning is not None]
    if not wanted:
        return
    subjects = [instance_subject(definition, event) for event, _ in wanted]
    await tx.execute(
        SQL["start"],
        definition.name,
        definition.version,
        first,
        owed,
        definition.deadline.total_seconds(),
        definition.owner,
        [ids.named("process", definition.name, subject) for subject in subjects],
        subjects,
        [msgspec.json.encode(beginning.data).decode() for _, beginning in wanted],
        [event.correlation for event, _ in wanted],
        [str(event.id) for event, _ in wanted],
        [event.traceparent for event, _ in wanted],
        [beginning.money_at_risk for _, beginning in wanted],
        [beginning.currency for _, beginning in wanted],
    )
