"""Quotas as all nodes share them: one ledger for each consumer and API, from which nodes lease blocks of permits. Pure.

A ledger is a token bucket (sustained rate and burst) and a day's count. Permits that a node holds still fill the
bucket: it never refills beyond `burst - held`. So whatever the nodes do with their permits and whichever of them
dies, no stretch of T seconds sees more than `burst + per_second x T` requests, and no day more than `per_day`.
Times are whole microseconds of Postgres's clock, levels whole billionths of a permit: nothing is ever rounded twice.
"""

from __future__ import annotations

from typing import Final

import msgspec

SECOND: Final = 1_000_000
"""Microseconds."""

PERMIT: Final = 1_000_000_000
"""Billionths: one permit. A thousandth of a permit a second is exactly one billionth a microsecond."""

SHARE: Final = 4
"""A block is at most this part of what is left: blocks shrink with the rest, so that no node sits on the last ones."""

LONG: Final = 10 * SECOND
"""How long a block may be spent while there is plenty: a quiet consumer costs one lease in ten seconds."""

SHORT: Final = SECOND
"""How long a block may be spent once less than half is left: what one node does not need, another has soon."""

GRACE: Final = 5 * SECOND
"""How much longer the ledger waits for a block's rest to be given back before it counts it as spent."""

PAUSE: Final = SECOND // 50
"""How long a node that was given nothing waits before it asks again, at least, unless the bucket is tiny."""


class Policy(msgspec.Struct, frozen=True):
    """What one consumer may do with one API. A zero stands for no limit of that kind.

    `rate` is in thousandths of a permit a second, `burst` and `per_day` are permits.
    """

    rate: int
    burst: int
    per_day: int


class Held(msgspec.Struct, frozen=True):
    """Permits that a node holds: the lease, how many, charged to which day, and until when they may come back."""

    lease: str
    permits: int
    day: str
    until: int


class Ledger(msgspec.Struct, frozen=True):
    """The state at `at`: the bucket's level, the day (ISO, in the organisation's zone), its count, who holds what."""

    level: int
    at: int
    day: str
    used: int
    held: tuple[Held, ...] = ()


class Moment(msgspec.Struct, frozen=True):
    """Now, the day it is in the organisation's zone, and when that day ends."""

    now: int
    day: str
    midnight: int


class Block(msgspec.Struct, frozen=True):
    """The answer to a node. With permits: spend them within `valid` microseconds of asking.

    Without: ask again after `again`; the client may come back after `retry` microseconds, and `full` names what is
    used up. `level` and `left` are what others could still lease, of the bucket and of the day.
    """

    lease: str
    permits: int
    valid: int
    level: int
    left: int
    again: int = 0
    retry: int = 0
    full: str = ""


def opened(policy: Policy, moment: Moment) -> Ledger:
    """The ledger of somebody who was never seen: a full bucket, an unused day."""
    return Ledger(policy.burst * PERMIT, moment.now, moment.day, 0)


def advanced(ledger: Ledger, policy: Policy, moment: Moment) -> Ledger:
    """The ledger now: refilled step by step, because each block that ends in between gives the bucket room again."""
    level, at, held = ledger.level, ledger.at, sorted(ledger.held, key=lambda each: each.until)
    while held and held[0].until <= moment.now:
        level, at = _refilled(level, at, held[0].until, policy, held), max(at, held[0].until)
        held.pop(0)
    level, at = _refilled(level, at, moment.now, policy, held), max(at, moment.now)
    used = ledger.used if ledger.day >= moment.day else 0
    return Ledger(level, at, max(ledger.day, moment.day), used, tuple(held))


def settled(ledger: Ledger, policy: Policy, lease: str, unspent: int) -> Ledger:
    """With a block's rest given back. A lease that ended meanwhile gives nothing: it was counted as spent."""
    found = next((each for each in ledger.held if each.lease == lease), None)
    if found is None:
        return ledger
    back = min(unspent, found.permits)
    held = tuple(each for each in ledger.held if each.lease != lease)
    level = min(_room(policy, held), ledger.level + back * PERMIT)
    used = ledger.used - back if found.day == ledger.day else ledger.used
    return Ledger(level, ledger.at, ledger.day, used, held)


def leased(ledger: Ledger, policy: Policy, lease: str, waiting: int, moment: Moment) -> tuple[Ledger, Block]:
    """A block for a node where so many requests wait. `ledger` has been advanced to `moment`."""
    level = min(ledger.level, _room(policy, ledger.held)) // PERMIT if policy.rate else policy.per_day
    left = policy.per_day - ledger.used if policy.per_day else level
    available = max(0, min(level, left))
    if not available:
        return ledger, _nothing(ledger, policy, lease, moment)
    permits = min(available, max(1, waiting, -(-available // SHARE)))
    plenty = 2 * level >= policy.burst and 2 * left >= policy.per_day
    valid = min(LONG if plenty else SHORT, moment.midnight - moment.now)
    held = Held(lease, permits, ledger.day, ledger.at + valid + GRACE)
    after = Ledger(
        ledger.level - permits * PERMIT if policy.rate else ledger.level,
        ledger.at,
        ledger.day,
        ledger.used + permits,
        (*ledger.held, held),
    )
    return after, Block(lease, permits, valid, level - permits, left - permits)


def _nothing(ledger: Ledger, policy: Policy, lease: str, moment: Moment) -> Block:
    until_midnight = max(1, moment.midnight - moment.now)
    if policy.per_day and ledger.used >= policy.per_day:
        # Somebody may give back what they hold; without that, nothing changes before midnight.
        again = min(SHORT, until_midnight) if ledger.held else until_midnight
        return Block(lease, 0, 0, ledger.level // PERMIT, 0, again, until_midnight, "day")
    missing = PERMIT - min(ledger.level, _room(policy, ledger.held))
    wait = max(1, -(-missing // policy.rate))
    if _room(policy, ledger.held) < PERMIT:
        wait = min(SHORT, until_midnight)
    pause = min(PAUSE, policy.burst * PERMIT // policy.rate // 2)
    left = policy.per_day - ledger.used if policy.per_day else 0
    return Block(lease, 0, 0, 0, left, max(wait, pause), wait, "second")


def _room(policy: Policy, held: list[Held] | tuple[Held, ...]) -> int:
    return max(0, policy.burst - sum(each.permits for each in held)) * PERMIT


def _refilled(level: int, since: int, until: int, policy: Policy, held: list[Held]) -> int:
    return min(_room(policy, held), level + max(0, until - since) * policy.rate)
