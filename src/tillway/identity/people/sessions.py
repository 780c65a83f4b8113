"""Sessions of people: kept in Postgres, the same on all nodes, short, and ended with everything made for them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

import msgspec

from tillway import ids, sealing
from tillway.identity.access import Act, restrict
from tillway.identity.people.id_token import Proved
from tillway.identity.people.pending import challenge, fresh, hashed
from tillway.identity.people.roles import belongs_to, person_id
from tillway.landscape import Landscape
from tillway.postgres import Database, Tx, load
from tillway.tokens import LEEWAY

Kind = Literal["browser", "command-line"]

IDLE: Final = timedelta(minutes=30)
"""A session nobody used for so long has ended: a screen that was left alone."""

LONGEST: Final = timedelta(hours=8)
"""A session ends after this in any case: a shift."""

TAKEN_WITHIN: Final = timedelta(seconds=60)
"""How long the command line may take to fetch what it was sent the code for: it waits for nothing else."""

SEEN_EVERY: Final = timedelta(minutes=1)
"""A session that is used is written to no more often than this."""

TOKEN_LIFETIME: Final = timedelta(minutes=10)
"""How long an access token of a person lives."""

ABOUT_AT: Final = "identity.sessions.about"

SECRET_CHARACTERS_MAX: Final = 100
"""Ours have 43; a bound before anything is hashed."""

SQL: Final = load("tillway.identity.people", "people.sql")


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is signed in. `about` is personal: name and e-mail address."""

    id: UUID
    person: str
    belongs_to: tuple[str, ...]
    about: dict[str, str]
    auth_time: datetime | None
    acr: str | None
    seen_at: datetime
    ends_at: datetime

    def until(self, now: datetime) -> datetime:
        """When it ends unless it is used meanwhile."""
        return min(self.ends_at, now + IDLE)


async def open_session(
    tx: Tx, proved: Proved, landscape: Landscape, now: datetime, *, kind: Kind, waiting_for: str | None = None
) -> str:
    """A session for whoever proved who they are; its secret. With a challenge it is a code that `take` must follow."""
    name, secret = ids.new(), fresh()
    about = sealing.seal(ABOUT_AT, str(name), msgspec.json.encode(proved.about).decode())
    await tx.execute(
        SQL["open_session"],
        name,
        hashed(secret),
        kind,
        waiting_for,
        person_id(proved.issuer, proved.subject),
        proved.issuer,
        list(belongs_to(proved.claims, landscape)),
        about,
        proved.auth_time,
        proved.acr,
        now,
        now + LONGEST,
    )
    return secret


async def take(db: Database, code: str, verifier: str, now: datetime) -> str | None:
    """The secret of a session for its one-time code; None for a code that was used, is old, or is somebody else's."""
    secret = fresh()
    async with db.transaction() as tx:
        args = hashed(code), challenge(verifier), hashed(secret), now - TAKEN_WITHIN
        taken = await tx.fetchval(SQL["take_session"], *args)
    return secret if taken is not None else None


async def session(db: Database, secret: str, landscape: Landscape, now: datetime, *, kind: Kind) -> Session | None:
    """The session with this secret; None when there is none any more, or people sign in elsewhere by now."""
    if landscape.sign_in is None or len(secret) > SECRET_CHARACTERS_MAX:
        return None
    row = await db.fetchrow(SQL["session"], hashed(secret), kind, landscape.sign_in.issuer, now, now - IDLE)
    if row is None:
        return None
    about = {} if row["about"] is None else sealing.opened(ABOUT_AT, str(row["id"]), row["about"])
    found = Session(
        id=row["id"],
        person=row["person"],
        belongs_to=tuple(row["belongs_to"]),
        about=msgspec.json.decode(about, type=dict[str, str]) if isinstance(about, str) else {},
        auth_time=row["auth_time"],
        acr=row["acr"],
        seen_at=row["seen_at"],
        ends_at=row["ends_at"],
    )
    if now - found.seen_at > SEEN_EVERY:
        async with db.transaction() as tx:
            await tx.execute(SQL["seen"], found.id, now)
    return found


async def end_session(tx: Tx, ended: Session, act: Act) -> None:
    """End it, and every token that was made for it, on all nodes."""
    await tx.execute(SQL["end_session"], ended.id)
    await restrict(tx, "session", str(ended.id), act, until=act.at + TOKEN_LIFETIME + LEEWAY, subject=ended.person)


async def forget_sessions(db: Database, now: datetime) -> None:
    """Drop those that have ended."""
    async with db.transaction() as tx:
        await tx.execute(SQL["forget_sessions"], now, now - IDLE)
