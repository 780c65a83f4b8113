"""`tillway sign-in`, `sign-out` and `break-glass`: acting as yourself, and when nobody can."""

from __future__ import annotations

import asyncio
import sys
import webbrowser
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from tillway import clock
from tillway.app.break_glass import break_glass as broken
from tillway.app.hub import Running, running
from tillway.cli.asking import connector, state_directory
from tillway.cli.signed_in import SignedIn, fetched, forget, keep, kept, posted
from tillway.cli.telling import tell
from tillway.errors import Rejected, Unavailable
from tillway.identity.people import challenge, fresh
from tillway.landscape import loopback

# As long as a sign-in may take at the hub.
WAIT_SECONDS: Final = 300.0

# The first line of a request that a browser sends to us; a code has 43 characters.
LINE_BYTES: Final = 4_096
LINE_SECONDS: Final = 10.0

_PAGE: Final = b"You can close this page and go back to the command line.\n"


def sign_in(state: Path | None, hub: str | None, *, browser: bool, as_json: bool) -> None:
    """Sign in with the browser, and keep the session."""
    here = None if hub is not None else running(state_directory(state))
    base = (hub or "" if here is None else here.base_url).rstrip("/")
    parts = urlsplit(base)
    if parts.scheme != "https" and not (parts.scheme == "http" and loopback(parts.hostname or "")):
        raise Rejected(f"{base} is not https", remedy="give the address of the hub as it is known, with https")
    made = asyncio.run(_signed_in(base, here, browser=browser))
    keep(made)
    minutes = f"{(made.ends - clock.now().timestamp()) / 60:.0f}"
    tell({"hub": base}, as_json=as_json, otherwise=f"signed in at {base}; renewed every {minutes} minutes while used")


def sign_out(*, as_json: bool) -> None:
    """End the session here and at the hub."""
    found = kept()
    if found is None:
        raise Rejected("nobody is signed in", remedy="sign in with `tillway sign-in`")
    try:
        asyncio.run(posted(found.hub, "/console/sign-out", {"refresh_token": found.session}))
    finally:
        forget()
    tell({"hub": found.hub}, as_json=as_json, otherwise=f"signed out of {found.hub}")


def break_glass(state: Path | None, reason: str, *, as_json: bool) -> None:
    """A token for all operations, for a quarter of an hour."""
    token, ends = asyncio.run(broken(state_directory(state), reason))
    sys.stderr.write(f"the glass is broken until {clock.iso(ends)}: audit and journal tell of it, and of every use\n")
    tell({"access_token": token, "until": clock.iso(ends)}, as_json=as_json, otherwise=token)


async def _signed_in(base: str, here: Running | None, *, browser: bool) -> SignedIn:
    """RFC 8252: the browser comes back to a port of this machine with a code for our verifier alone."""
    verifier, state = fresh(), fresh()
    came: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            line = await asyncio.wait_for(reader.readline(), LINE_SECONDS)
            found = dict(parse_qsl(urlsplit(line.split(b" ")[1].decode("ascii")).query))
        except (TimeoutError, ValueError, IndexError, OSError):
            found = {}
        ours = found.get("state") == state
        status, page = (b"200 OK", _PAGE) if ours else (b"404 Not Found", b"")
        length = str(len(page)).encode()
        head = b"\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: " + length
        writer.write(b"HTTP/1.1 " + status + head + b"\r\n\r\n" + page)
        await writer.drain()
        writer.close()
        if ours and not came.done():
            came.set_result(found)

    server = await asyncio.start_server(answer, "127.0.0.1", 0, limit=LINE_BYTES)
    async with server:
        port = server.sockets[0].getsockname()[1]
        asked = urlencode({"port": port, "state": state, "code_challenge": challenge(verifier)})
        address = f"{base}/console/sign-in?{asked}"
        sys.stderr.write(f"sign in at\n  {address}\n")
        if browser:
            await asyncio.to_thread(webbrowser.open, address)
        try:
            told = await asyncio.wait_for(came, WAIT_SECONDS)
        except TimeoutError as error:
            raise Unavailable("nobody signed in in time", remedy="begin again") from error
    if told.get("iss", "").rstrip("/") != base or "code" not in told:
        raise Rejected("the answer is not this hub's", remedy="give --hub as the hub's public address has it")
    form = {"grant_type": "authorization_code", "code": told["code"], "code_verifier": verifier}
    return await fetched(base, form, None if here is None else connector(here))
