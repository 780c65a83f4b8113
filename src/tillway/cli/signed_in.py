"""Who is signed in at the command line: kept for this user alone, and renewed while the session lasts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import aiohttp
import msgspec

from tillway import clock
from tillway.app.private import write_private
from tillway.errors import Rejected, Unavailable

# A token that ends within this is renewed before it is used.
SPARE_SECONDS: Final = 30

SECONDS: Final = 20

_REFUSED: Final = 400


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """A hub, the session there, and the token of the moment with its end (seconds since 1970)."""

    hub: str
    session: str
    token: str
    ends: float


def place() -> Path:
    """Where it is kept: `tillway/sign-in.json` in the user's own state directory (XDG base directories)."""
    base = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(base).expanduser() / "tillway" / "sign-in.json"


def kept() -> SignedIn | None:
    """Who is signed in; None when nobody is."""
    try:
        return msgspec.json.decode(place().read_bytes(), type=SignedIn)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def keep(found: SignedIn) -> None:
    """Keep it for this user's eyes only."""
    place().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_private(place(), msgspec.json.encode(found).decode())


def forget() -> None:
    """Nobody is signed in any more."""
    place().unlink(missing_ok=True)


async def fetched(hub: str, form: dict[str, str], by: aiohttp.TCPConnector | None = None) -> SignedIn:
    """A token for a code or a session. Rejected with the hub's words, Unavailable when it does not answer."""
    said = await posted(hub, "/console/token", form, by)
    ends = clock.now().timestamp() + said["expires_in"]
    return SignedIn(hub=hub, session=said["refresh_token"], token=said["access_token"], ends=ends)


async def current(found: SignedIn, by: aiohttp.TCPConnector | None = None) -> SignedIn | None:
    """The same with a token that counts; None when the session has ended: then it is forgotten."""
    if found.ends - SPARE_SECONDS > clock.now().timestamp():
        return found
    try:
        fresh = await fetched(found.hub, {"grant_type": "refresh_token", "refresh_token": found.session}, by)
    except Rejected:
        forget()
        return None
    keep(fresh)
    return fresh


async def posted(hub: str, path: str, form: dict[str, str], by: aiohttp.TCPConnector | None = None) -> dict[str, Any]:
    """What a page of people answers to a form; `by` is how a node on this machine is reached."""
    limit = aiohttp.ClientTimeout(total=SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=limit, connector=by) as http,
            http.post(hub + path, data=form) as reply,
        ):
            content = await reply.read()
            if reply.status >= _REFUSED:
                problem = msgspec.json.decode(content)
                raise Rejected(str(problem.get("detail", "the hub refuses")), remedy=str(problem.get("remedy", "")))
            return msgspec.json.decode(content) if content else {}
    except (aiohttp.ClientError, TimeoutError, msgspec.DecodeError) as error:
        raise Unavailable(f"the hub at {hub} does not answer as a hub does", remedy="is it running?") from error
