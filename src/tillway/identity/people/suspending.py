"""Who is signed in, and one person suspended: all they signed in for ends, and they are not let in again."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from tillway import sealing
from tillway.identity.access import Act, lift, restrict
from tillway.identity.people.roles import roles_of
from tillway.identity.people.sessions import ABOUT_AT, IDLE, SQL
from tillway.identity.restrictions import Restriction
from tillway.landscape import Landscape
from tillway.postgres import Tx

LISTED_MAX: Final = 500
"""Sessions of one answer: far more than people who operate one hub."""


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """One session, as it is shown. `name` and `email` are what the provider told."""

    person: str
    name: str | None
    email: str | None
    by: str
    roles: tuple[str, ...]
    since: datetime
    seen_at: datetime
    ends_at: datetime


async def suspend(tx: Tx, person: str, act: Act, *, until: datetime | None = None) -> Restriction:
    """End all sessions of a person and what was made for them; nobody lets them in until a moment, or until lifted."""
    await tx.execute(SQL["end_sessions_of"], person)
    return await restrict(tx, "person", person, act, until=until)


async def resume(tx: Tx, person: str, act: Act) -> None:
    """Let a suspended person sign in again. NotFound when they are not suspended."""
    await lift(tx, "person", person, act)


async def signed_in(db: Any, landscape: Landscape, now: datetime) -> tuple[SignedIn, ...]:
    """The sessions of people now."""
    if landscape.sign_in is None:
        return ()
    return tuple(_shown(row, landscape) for row in await db.fetch(SQL["signed_in"], now, now - IDLE, LISTED_MAX))


def _shown(row: Any, landscape: Landscape) -> SignedIn:
    about: dict[str, str] = {}
    if row["about"] is not None:
        about = msgspec.json.decode(sealing.opened(ABOUT_AT, str(row["id"]), row["about"]))
    return SignedIn(
        person=row["person"],
        name=about.get("name"),
        email=about.get("email"),
        by=row["kind"],
        roles=roles_of(row["belongs_to"], landscape),
        since=row["opened_at"],
        seen_at=row["seen_at"],
        ends_at=row["ends_at"],
    )
