"""Loyalty: cards as they are known, and the ledger of movements on them.

What may be spent is what the back office was last seen to hold and our movements that are not there yet. Every change
of it is a row: ours, and what the back office did by itself (`outside`). So at any time, for every card,

    opening + ours confirmed + outside = points        and        pending = ours not confirmed, not cancelled.
"""

from __future__ import annotations

from tillway.records.loyalty.cards import by_code, card_id, get, known, now, of_customer, see
from tillway.records.loyalty.moving import Wanted, move, movement, movements, repeated, take
from tillway.records.loyalty.rows import Held
from tillway.records.loyalty.settling import Settled, put_down, settled, stopped

__all__ = [
    "Held",
    "Settled",
    "Wanted",
    "by_code",
    "card_id",
    "get",
    "known",
    "move",
    "movement",
    "movements",
    "now",
    "of_customer",
    "put_down",
    "repeated",
    "see",
    "settled",
    "stopped",
    "take",
]
