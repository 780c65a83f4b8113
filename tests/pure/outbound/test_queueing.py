"""The hand of permits: whose turn it is in one process."""

from __future__ import annotations

import asyncio

from tillway.outbound.governor.ledger import Block
from tillway.outbound.governor.queueing import Hand, Turn
from tillway.outbound.governor.turns import RANKS

HIGH, NORMAL, LOW = 1, 2, 3
MILLISECOND = 0.001


def queued(hand: Hand, rank: int) -> Turn:
    turn: Turn = asyncio.get_running_loop().create_future()
    hand.queue(rank, turn)
    return turn


async def test_the_only_permit_gives_each_class_its_share_while_orders_never_cease() -> None:
    hand, now, served = Hand(), 0.0, [0] * RANKS
    hand.take_over(Block(open=1, kept=0, valid=0, limit=1), 1e9)
    waiting = [(rank, queued(hand, rank)) for rank in (HIGH, HIGH, NORMAL, LOW)]
    for _ in range(400):
        hand.deal(now)
        (place,) = (place for place, (_, turn) in enumerate(waiting) if turn.done())
        rank, turn = waiting[place]
        served[rank] += 1
        kept, lease = turn.result()
        waiting[place] = (rank, queued(hand, rank))  # the next of its class asks before this one is back
        now += MILLISECOND
        hand.give_back(rank, now, kept=kept, lease=lease)
    assert served[HIGH] >= 320
    assert served[NORMAL] >= 30
    assert served[LOW] >= 15
