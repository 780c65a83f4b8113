"""The hub as one of its consumers sees it: with the consumer's own token, by the public interfaces."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Self

import aiohttp
import msgspec

from tillway import settings
from tillway.app.hub import running
from tillway.app.vault import vault_of
from tillway.cli.asking import SECONDS, connector
from tillway.errors import Forbidden, Misconfigured, NotFound, Rejected, Unavailable
from tillway.landscape import read, reveal

PATIENCE_SECONDS: Final = 120.0
"""How long one request is asked again while the hub is busy, away or says to come later."""

PAUSE_SECONDS: Final = 1.0
"""Before asking again, when the hub does not say how long."""

SHOPS: Final = 100
"""Shops on a page."""

_LATER: Final = frozenset({409, 429, 502, 503, 504})


class Answered(msgspec.Struct, frozen=True):
    """One answer: its status, what it says, and whether it is the answer to an earlier, identical request."""

    status: int
    body: dict[str, Any]
    replayed: bool = False


async def token_of(state: Path, consumer: str, scopes: list[str]) -> dict[str, Any]:
    """A token of a consumer by the secret that the landscape refers to here. NotFound, Misconfigured, Forbidden."""
    given = replace(settings.read(os.environ), state=state)
    directory = given.landscape_directory
    entry = read(directory, given.environment or None).consumers.get(consumer)
    if entry is None:
        raise NotFound(f"no consumer is called {consumer}", remedy="look under `consumers` in the landscape")
    if entry.secret is None:
        raise Misconfigured(
            f"{consumer} has no secret here: it proves who it is by a key or certificate of its own",
            remedy="get the token where that key is",
        )
    secret = reveal(entry.secret, directory, vault_of(given.vault))
    form = {"grant_type": "client_credentials", "client_id": consumer, "client_secret": secret}
    if scopes:
        form["scope"] = " ".join(scopes)
    found = running(state)
    url = f"{found.node_url}/oauth2/token"
    async with aiohttp.ClientSession(connector=connector(found)) as session, session.post(url, data=form) as reply:
        body: dict[str, Any] = msgspec.json.decode(await reply.read())
        if reply.status != 200:  # noqa: PLR2004 - HTTP
            raise Forbidden(body.get("error_description", body.get("error", "")))
        return body


class Consumer:
    """A consumer's client, holding no more scopes than it was opened with. A token that has ended is replaced."""

    def __init__(self, state: Path, consumer: str, scopes: list[str]) -> None:
        self._state, self._consumer, self._scopes = state, consumer, scopes
        self._token = ""

    async def __aenter__(self) -> Self:
        found = running(self._state)
        self._url = found.node_url
        self._token = (await token_of(self._state, self._consumer, self._scopes))["access_token"]
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        self._session = aiohttp.ClientSession(connector=connector(found), timeout=timeout)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def get(self, path: str, **parameters: str | int) -> dict[str, Any]:
        """One answer of 200. Errors as `ask`, and Rejected, with the problem's own words, for any other answer."""
        return _well(await self.ask("GET", path, params=parameters))

    async def read(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a question that is asked in a body. Errors as `get`."""
        return _well(await self.ask("POST", path, json=body))

    async def shops(self) -> list[str]:
        """The ids of all shops that the consumer may see. Errors as `get`."""
        found: list[str] = []
        more: dict[str, str] | None = {}
        while more is not None:
            page = await self.get("/stores/v1/stores", limit=SHOPS, **more)
            found += [each["id"] for each in page["stores"]]
            more = {"after": page["next"]} if page["next"] else None
        return found

    async def ask(self, method: str, path: str, **more: Any) -> Answered:
        """One answer, asked again while the hub says to come later. Unavailable when it goes on saying so.

        Only for what is safe to repeat: questions, and acts with an Idempotency-Key.
        """
        until = time.monotonic() + PATIENCE_SECONDS
        renewed = False
        while True:
            answered, later = await self._once(method, path, more)
            if answered is not None and answered.status == 401 and not renewed:  # noqa: PLR2004 - HTTP
                self._token = (await token_of(self._state, self._consumer, self._scopes))["access_token"]
                renewed = True
            elif answered is not None and later is None:
                return answered
            elif time.monotonic() + (later or PAUSE_SECONDS) > until:
                detail = "does not answer" if answered is None else answered.body.get("detail", "is busy")
                raise Unavailable(f"the hub at {self._url}: {detail}", remedy="run the same command again later")
            else:
                await asyncio.sleep(later or PAUSE_SECONDS)

    async def _once(self, method: str, path: str, more: Mapping[str, Any]) -> tuple[Answered | None, float | None]:
        """The answer, if any came, and after how many seconds to ask again, if at all."""
        headers = {"Authorization": f"Bearer {self._token}", **more.get("headers", {})}
        rest = {name: value for name, value in more.items() if name != "headers"}
        try:
            async with self._session.request(method, self._url + path, headers=headers, **rest) as reply:
                content = await reply.read()
                body: dict[str, Any] = msgspec.json.decode(content) if content else {}
                answered = Answered(reply.status, body, "Idempotency-Replayed" in reply.headers)
                after = reply.headers.get("Retry-After", "")
        except (aiohttp.ClientError, TimeoutError):
            return None, PAUSE_SECONDS
        if answered.status not in _LATER or (answered.status == 409 and not after):  # noqa: PLR2004 - HTTP
            return answered, None
        return answered, float(after) if after.isdigit() else PAUSE_SECONDS


def _well(answered: Answered) -> dict[str, Any]:
    if answered.status == 200:  # noqa: PLR2004 - HTTP
        return answered.body
    raise Rejected(told(answered), remedy=answered.body.get("remedy", ""))


def told(answered: Answered) -> str:
    """A problem in one line, every place that is wrong with it. Pure."""
    problem = answered.body
    places = [f"{each['pointer'] or '/'}: {each['detail']}" for each in problem.get("violations", ())]
    return "; ".join([problem.get("detail") or problem.get("title", f"answered {answered.status}"), *places])
