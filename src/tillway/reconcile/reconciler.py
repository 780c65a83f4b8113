"""The reconciler: queues what the schedule wants, works off what is queued, one run at a time on each node.

A run reads both sides in key order, judges group by group, stores breaks in small transactions, and at its end closes
what it did not see. Its tally and what is stored of it have to be the same, or it failed. Nothing but the breaks'
rows changes unless the landscape declares a correction.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from typing import Final
from uuid import UUID

import msgspec

from tillway import clock, ids
from tillway.errors import LeaseLost, Misconfigured, OutcomeUnknown, Poison, Rejected, TillwayError, TryAgain
from tillway.postgres import Database
from tillway.reconcile import breaks, runs
from tillway.reconcile.domain import Domain, Domains, Policy
from tillway.reconcile.entry import Finding, Rule
from tillway.reconcile.joining import Group, grouped
from tillway.reconcile.judging import Tally, Verdict, judge
from tillway.reconcile.runs import Run, Wish
from tillway.reconcile.staging import Staging
from tillway.reconcile.statements import SQL

log = logging.getLogger(__name__)

POLL_SECONDS: Final = 2.0
"""Longest rest between two looks for queued runs; a nudge comes sooner."""

BATCH: Final = 200
"""Breaks of one transaction: each is a row and an event."""

NOTED_EVERY: Final = 5_000
"""Groups between two notes of how far a run got."""

RECHECKS_MAX: Final = 100
"""Breaks of one run that are asked about once more before they are believed; each costs the far side a call."""

FIXES_MAX: Final = 500
"""Corrections of one run: more of them are no drift but a fault, and a person looks first."""

ATTEMPTS_MAX: Final = 5
"""How often a run is begun; one that cannot be finished does not keep the others waiting."""


class Reconciler:
    """Runs on every *works* node."""

    def __init__(self, db: Database, node: UUID, domains: Domains) -> None:
        self._db = db
        self._node = node
        self._domains = domains
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled."""
        stop_listening = await self._db.listen(runs.QUEUED_CHANNEL, self._wake.set)
        try:
            while True:
                self._wake.clear()
                try:
                    await self.schedule()
                    while await self.once():
                        pass
                except TillwayError as error:
                    log.warning("reconciliation: %s %s", error.detail, error.remedy)
                await clock.wait(self._wake, POLL_SECONDS)
        finally:
            stop_listening()

    async def schedule(self) -> None:
        """Queue what is due."""
        for domain, connection, policy in self._domains.policies():
            if policy.every is None or not await runs.due(self._db, domain, connection, policy.every):
                continue
            wish = Wish(
                domain=domain,
                connection=connection,
                fix=policy.fix != "none",
                asked_by=runs.SCHEDULE,
                reason="as declared",
                correlation=str(ids.new()),
            )
            with contextlib.suppress(Rejected):  # one is under way: the next is due soon enough
                async with self._db.transaction() as tx:
                    await runs.queue(tx, wish)

    async def once(self) -> bool:
        """Work off one queued run; whether there was one."""
        run = await runs.claim(self._db, self._node)
        if run is None:
            return False
        try:
            await self._compare(run)
        except LeaseLost as error:
            log.info("reconciliation of %s: %s", run.domain, error.detail)
        except (TryAgain, OutcomeUnknown) as error:
            await self._give_up(run, error, again=run.attempts < ATTEMPTS_MAX)
        except (TillwayError, ValueError) as error:
            await self._give_up(run, error, again=False)
        return True

    async def _compare(self, run: Run) -> None:
        policy = self._domains.policy(run.domain, run.connection)
        if run.since is None:
            run = msgspec.structs.replace(run, since=run.moment - policy.window)
        domain, staging = self._domains.domain(run), Staging(self._db, run.id)
        await staging.empty()
        keeping = asyncio.create_task(self._keep(run))
        try:
            await self._work(run, policy, domain, staging)
        finally:
            keeping.cancel()
            await staging.empty()

    async def _work(self, run: Run, policy: Policy, domain: Domain, staging: Staging) -> None:
        sides = await domain.sides(run, staging)
        tally, found = await self._judged(run, policy, domain, grouped(sides.left, sides.right))
        stored = await self._db.fetchval(SQL["units_seen"], run.id, run.moment)
        if not tally.adds_up or stored != tally.breaks:
            raise ValueError(f"{tally.matched} matched and {stored} breaks stored are not {tally.total} in all")
        fixed = await self._put_right(run, policy, domain) if run.fix else 0
        ended = await self._ended(msgspec.structs.replace(run, since=None) if sides.whole else run, sides.keys)
        async with self._db.transaction() as tx:
            await runs.noting(tx, run, self._node, tally)
            await runs.finish(tx, run, self._node, status="done", detail=None, found=found, ended=ended, fixed=fixed)

    async def _judged(
        self, run: Run, policy: Policy, domain: Domain, groups: AsyncIterator[Group]
    ) -> tuple[Tally, int]:
        rule = Rule(as_of=run.moment, tolerance=policy.tolerance, cut_off=policy.cut_off)
        tally, kept, fresh, asked, seen = Tally(), list[Finding](), 0, 0, 0
        async for group in groups:
            verdicts = judge(group.left, group.right, rule)
            if any(isinstance(each, Finding) for each in verdicts) and asked < RECHECKS_MAX:
                asked += 1
                verdicts = await _believed(run, domain, verdicts)
            tally = tally.with_group(group.left, group.right, verdicts)
            kept += [each for each in verdicts if isinstance(each, Finding)]
            seen += 1
            if len(kept) >= BATCH:
                fresh += await self._store(run, policy, kept, tally)
                kept = []
            if seen % NOTED_EVERY == 0:
                await runs.note(self._db, run, self._node, tally)
        return tally, fresh + await self._store(run, policy, kept, tally)

    async def _store(self, run: Run, policy: Policy, found: list[Finding], tally: Tally) -> int:
        if not found:
            return 0
        async with self._db.transaction() as tx:
            await runs.noting(tx, run, self._node, tally)
            return await breaks.see(tx, run, policy.owner, found)

    async def _ended(self, run: Run, keys: Sequence[str] | None) -> int:
        ended = 0
        while True:
            async with self._db.transaction() as tx:
                over = await breaks.unseen(tx, run, keys=keys, limit=BATCH)
                ended += await breaks.end(tx, run, over, breaks.UNSEEN)
            if len(over) < BATCH:
                return ended

    async def _put_right(self, run: Run, policy: Policy, domain: Domain) -> int:
        """Correct what the policy allows, one break after another; what is refused stays open and says why."""
        if policy.fix == "none":
            return 0
        fixed = 0
        found = await breaks.fixable(self._db, run, sorted(domain.fixes), None, FIXES_MAX)
        for each in found:
            async with self._db.transaction() as tx:
                if not await breaks.trying(tx, each):
                    continue
            why = await _corrected(run, policy, domain, each)
            async with self._db.transaction() as tx:
                if why is None:
                    fixed += await breaks.end(tx, run, [each], policy.fix)
                else:
                    await breaks.refused(tx, each, why)
        return fixed

    async def _give_up(self, run: Run, error: Exception, *, again: bool) -> None:
        """Say why it failed; one that may succeed later is begun again after a rest, behind what is queued."""
        detail = error.detail if isinstance(error, TillwayError) else str(error)
        log.warning("reconciliation of %s (%s): %s", run.domain, run.id, detail)
        if again:
            with contextlib.suppress(LeaseLost):
                await runs.put_off(self._db, run, self._node, f"attempt {run.attempts} of {ATTEMPTS_MAX}: {detail}")
            return
        async with self._db.transaction() as tx:
            await runs.finish(tx, run, self._node, status="failed", detail=detail)

    async def _keep(self, run: Run) -> None:
        """Renew the lease. Whoever lost it stores and finishes nothing more: each write asks for it."""
        with contextlib.suppress(LeaseLost):
            while True:
                await asyncio.sleep(runs.LEASE_SECONDS / 4)
                with contextlib.suppress(TryAgain):
                    await runs.renew(self._db, run, self._node)


async def _believed(run: Run, domain: Domain, verdicts: tuple[Verdict, ...]) -> tuple[Verdict, ...]:
    """What is so at a second look as well; the rest was overtaken and counts as on its way."""
    believed: list[Verdict] = []
    for verdict in verdicts:
        if isinstance(verdict, Finding) and not await domain.still(run, verdict):
            believed += ["in-process"] * verdict.units
        else:
            believed.append(verdict)
    return tuple(believed)


async def _corrected(run: Run, policy: Policy, domain: Domain, found: breaks.Break) -> str | None:
    try:
        return await domain.put_right(run, found, policy.fix)
    except (TryAgain, OutcomeUnknown, Rejected, Poison, Misconfigured) as error:
        return error.detail
