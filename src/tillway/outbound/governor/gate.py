"""The gate before one far side: every call to it passes here, from every process, in turn and never too many at once.

A call waits for what it touches to be free, then for a permit; the time it takes over there is measured, and tells how
many calls the far side can answer at once. The permits in hand are a lease: while Postgres is away they go on being
used until it ends, and then what is still under way is cut off, because another process may be calling by then.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from contextvars import Context
from dataclasses import dataclass
from typing import Final

from tillway import clock, ids
from tillway.errors import OutcomeUnknown, TillwayError, TryAgain
from tillway.outbound.client import Client
from tillway.outbound.exchange import Reply, Request
from tillway.outbound.governor.latency import Latencies, kind
from tillway.outbound.governor.leasing import InMemory, Shared
from tillway.outbound.governor.ledger import NOBODY, Block, Word
from tillway.outbound.governor.limit import SECOND
from tillway.outbound.governor.queueing import Hand, Turn
from tillway.outbound.governor.touching import Touching
from tillway.outbound.governor.turns import NONE

log = logging.getLogger(__name__)

LEASE_SECONDS: Final = 6.0
"""How long permits may be used without a word from Postgres, unless told otherwise."""

WORDS_A_LEASE: Final = 3
"""A lease is renewed so many times before it would end."""

AGAIN_SECONDS: Final = 0.25
"""While calls wait, the ledger is asked this often at least: nudges can be lost."""

IDLE_SECONDS: Final = 1.0
"""Permits that nobody used for so long go back."""

LEAVE_SECONDS: Final = 1.0
"""Giving everything back at the end may take this long; otherwise the lease ends by itself."""


Pace = Callable[[float], Awaitable[None]]
"""Waits until one more call fits a budget of calls a second; TryAgain when none does within so many seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a call is to be treated: its rank (0 goes first), how long it may wait, what it is, what it changes."""

    rank: int
    seconds: float
    """From now until nobody waits any more."""
    what: str
    """The kind of call: model and method."""
    place: str = ""
    """The far side's name in breakers: its origin."""
    touches: tuple[str, ...] = ()
    """What it changes over there (an order, a SKU): calls that touch the same go one after another."""


class Gate:
    """One far side as one process calls it. For one event loop."""

    def __init__(self, client: Client, shared: Shared, *, most: int, lease_seconds: float = LEASE_SECONDS) -> None:
        """`most` is the ceiling: calls at once of all processes together, whatever is measured."""
        self.most = most
        self.pace: Pace | None = None
        self._client = client
        self._shared = shared
        self._lease_seconds = lease_seconds
        self._me = str(ids.new())
        self._serial = 0
        self._hand = Hand()
        self._latencies = Latencies()
        self._touching = Touching(shared, lease_seconds)
        self._running: dict[asyncio.Timeout, None] = {}
        self._look = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._deaf: Callable[[], None] | None = None
        self._others = 0.0
        self._calls = list(NONE)
        self._refused = 0
        self._busy = _Integral()
        self._closing = False
        self._place = ""
        self._ending: asyncio.TimerHandle | None = None

    @classmethod
    def alone(cls, client: Client, most: int) -> Gate:
        """For a process that has the far side for itself."""
        return cls(client, InMemory(most), most=most)

    async def send(self, terms: Terms, ask: Callable[[], Request]) -> Reply:
        """The reply, once it was this call's turn; `ask` makes the request in the moment in which it is sent.

        TryAgain: its turn did not come in time, and nothing was sent. Otherwise as `Client.send`.
        """
        until = clock.monotonic() + terms.seconds
        async with self._touching.held(terms.touches, terms.seconds):
            kept, lease = await self._turn(terms, until)
            while lease != self._hand.lease:  # lapsed between being handed out and being taken
                kept, lease = await self._turn(terms, until)
            try:
                if self.pace is not None:
                    await self.pace(until - clock.monotonic())
                alone = self._hand.used == 1 and self._others < 1
                began = clock.monotonic()
                request = ask()
                reply = await self._sent(request, terms)
                alone = alone and self._hand.used == 1
                size = kind(terms.what, len(request.body), len(reply.body))
                ended = clock.monotonic()
                self._latencies.seen(size, ended - began, ended, alone=alone)
            finally:
                self._calls[terms.rank] += 1
                self._gave_back(terms.rank, kept=kept, lease=lease)
        return reply

    async def close(self) -> None:
        """Give everything back. Calls after this begin anew."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
            self._closing = True
            try:
                async with asyncio.timeout(LEAVE_SECONDS):
                    await self._tell(idle=True)
            except (TillwayError, TimeoutError) as error:
                log.info("permits were not given back: %s", error)
            self._closing = False
        if self._ending is not None:
            self._ending.cancel()
        if self._deaf is not None:
            self._deaf()
            self._deaf = None

    async def _turn(self, terms: Terms, until: float) -> tuple[bool, int]:
        self._client.willing(terms.place)
        self._place = terms.place
        turn: Turn = asyncio.get_running_loop().create_future()
        self._hand.queue(terms.rank, turn)
        self._hand.deal(clock.monotonic())
        try:
            if not turn.done():
                if self._hand.could_ask:
                    self._look.set()
                self._keep_going()
                async with asyncio.timeout(until - clock.monotonic()):
                    await turn
            self._busy.became(self._hand.used)
            self._keep_going()
        except BaseException as error:
            self._hand.leave(terms.rank, turn)
            # The permit may have been handed over in the very moment the wait was given up: pass it on.
            if turn.done() and not turn.cancelled():
                kept, lease = turn.result()
                self._gave_back(terms.rank, kept=kept, lease=lease)
            if isinstance(error, TimeoutError):
                self._refused += 1
                raise TryAgain(f"no permit for {terms.what} came free until the deadline") from None
            raise
        return turn.result()

    async def _sent(self, request: Request, terms: Terms) -> Reply:
        """Sent, and cut off when the lease ends before the answer: somebody else may have the permit by then."""
        scope = asyncio.timeout(None)
        try:
            async with scope:
                self._running[scope] = None
                return await self._client.send(request)
        except TimeoutError:
            detail = f"{terms.what} was cut off: Postgres did not renew the permits"
            raise (OutcomeUnknown(detail) if request.changes else TryAgain(detail)) from None
        finally:
            self._running.pop(scope, None)

    def _gave_back(self, rank: int, *, kept: bool, lease: int) -> None:
        rest = self._hand.give_back(rank, clock.monotonic(), kept=kept, lease=lease)
        self._busy.became(self._hand.used)
        self._hand.deal(clock.monotonic())
        if rest:
            asyncio.get_running_loop().call_later(rest, self._rested)
        elif self._wants():
            self._keep_looking()

    def _rested(self) -> None:
        self._hand.deal(clock.monotonic())
        if self._wants():
            self._keep_looking()

    def _wants(self) -> bool:
        """Whether the ledger has to hear of it: somebody here waits, or somebody elsewhere waits for what is idle."""
        hand = self._hand
        return hand.could_ask and (any(hand.waiting) or (hand.pressed != NOBODY and hand.held > hand.used))

    def _keep_looking(self) -> None:
        self._look.set()
        self._keep_going()

    def _keep_going(self) -> None:
        if self._keeper is None or self._keeper.done():
            # Not in the asker's context: it may be inside something that the keeper is not part of.
            self._keeper = asyncio.get_running_loop().create_task(self._keep(), context=Context())

    async def _keep(self) -> None:
        """Renew what is held, ask for what is missing, give back what is idle; until nothing is held or wanted."""
        idle = False
        while True:
            self._look.clear()
            try:
                if self._deaf is None:
                    self._deaf = await self._shared.listen(self._heard)
                await self._tell(idle=idle)
                await self._touching.renew()
            except TillwayError as error:
                log.info("permits can't be leased just now: %s", error.detail)
                self._lapsed_by_now()
            hand = self._hand
            if not (hand.held or hand.used or any(hand.waiting)):
                return
            looked = await clock.wait(self._look, self._pause())
            self._lapsed_by_now()
            idle = not looked and not hand.used and not any(hand.waiting)

    def _pause(self) -> float:
        if any(self._hand.waiting):
            return min(AGAIN_SECONDS, self._lease_seconds / WORDS_A_LEASE)
        longest = self._lease_seconds / WORDS_A_LEASE if self._hand.used else IDLE_SECONDS
        return max(0.0, min(longest, self._hand.until - clock.monotonic()))

    def _heard(self) -> None:
        if self._hand.held or any(self._hand.waiting):
            self._look.set()

    async def _tell(self, *, idle: bool) -> None:
        now = clock.monotonic()
        opened, kept = self._hand.keep(now, idle=idle)
        self._serial += 1
        a, b, c, d = self._calls
        self._calls, refused, self._refused = list(NONE), self._refused, 0
        word = Word(
            holder=self._me,
            serial=self._serial,
            most=self.most,
            open=opened,
            kept=kept,
            waiting=NONE if self._closing else self._hand.waiting,
            running=self._busy.mean(now),
            sample=self._latencies.told(),
            calls=(a, b, c, d),
            refused=refused,
            left_alone=self._client.leaves_alone(self._place),
        )
        self._take_over(await self._shared.tell(word, self._lease_seconds), now)

    def _take_over(self, block: Block, asked_at: float) -> None:
        if block.lapsed:
            self._lapse()
            self._look.set()
            return
        self._others = block.others
        self._hand.take_over(block, asked_at + block.valid / SECOND)
        self._hand.deal_fresh(clock.monotonic())
        if self._hand.owes(clock.monotonic()):  # only now known: give it back at once, not after IDLE_SECONDS
            self._look.set()
        if self._ending is not None:
            self._ending.cancel()
        left = max(0.0, self._hand.until - clock.monotonic())
        self._ending = asyncio.get_running_loop().call_later(left, self._lapsed_by_now)

    def _lapsed_by_now(self) -> None:
        """Cut off what is still under way when the lease has ended without a word from Postgres."""
        if -math.inf < self._hand.until <= clock.monotonic():
            self._lapse()

    def _lapse(self) -> None:
        self._hand.lapse()
        self._busy.became(0)
        now = asyncio.get_running_loop().time()
        for scope in self._running:
            scope.reschedule(now)


class _Integral:
    """How many calls were under way on average since it was last asked."""

    def __init__(self) -> None:
        self._level, self._since, self._sum, self._began = 0, clock.monotonic(), 0.0, clock.monotonic()

    def became(self, level: int) -> None:
        now = clock.monotonic()
        self._sum += self._level * (now - self._since)
        self._level, self._since = level, now

    def mean(self, now: float) -> float:
        self.became(self._level)
        seconds = now - self._began
        mean = self._sum / seconds if seconds > 0 else float(self._level)
        self._sum, self._began = 0.0, now
        return mean
