"""When the API key stops working: Odoo limits most keys to three months and warns nobody."""

from __future__ import annotations

from datetime import UTC, datetime

from tillway.errors import Rejected
from tillway.retail import Call

from .classify import NotThere
from .client import READ, Json2


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
