"""When the API key stops working: Odoo limits most keys to three months and warns nobody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from tillway.errors import Rejected
from tillway.retail import Call

from .classify import NotThere
from .client import READ, Json2

ENDING: Final = timedelta(days=14)
"""A key that ends within this needs a successor: making one takes a person."""

URGENT: Final = timedelta(days=3)
"""A key that ends within this is about to stop everything."""

NEXT_KEY: Final = "make a second key, put it as next_key of the connection, then end the first"


def ending(ends: datetime | None, now: datetime) -> str | None:
    """In words, when a key ends soon; None when it does not, or nobody knows."""
    if ends is None or ends - now > ENDING:
        return None
    left = ends - now
    if left <= timedelta(0):
        return "the key has ended"
    when = f"in {left.days} days" if left.days > 1 else f"in {int(left.total_seconds() // 3600)} hours"
    return f"the key ends {when}"


async def key_expiry(odoo: Json2, call: Call) -> datetime | None:
    """The earliest expiry among the user's keys that could be ours; None when none expires or it can't be seen."""
    try:
        user = (await odoo.call(call, READ, "res.users", "context_get")).get("uid")
        rows = await odoo.search_read(
            call, "res.users.apikeys", [["user_id", "=", user], ["scope", "in", [False, "rpc"]]], ["expiration_date"]
        )
    except (NotThere, Rejected):
        return None
    ends = [
        datetime.fromisoformat(row["expiration_date"]).replace(tzinfo=UTC) for row in rows if row["expiration_date"]
    ]
    return min(ends, default=None)
