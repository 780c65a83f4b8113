"""The hub as the command line sees it: `/operations/v1`, asked by whoever is signed in, or as the operator."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import aiohttp
import msgspec

from tillway import ids, settings
from tillway.app.hub import Running, running
from tillway.app.tls import trusting
from tillway.cli.signed_in import current, kept
from tillway.errors import Misconfigured, Rejected, Unavailable

# Longer than the longest long poll.
SECONDS = 60


def state_directory(state: Path | None) -> Path:
    """The state directory a command is about: the option, the setting, or the demo's when only that one runs."""
    if state is not None:
        return state
    configured = settings.read(os.environ).state
    if not (configured / "hub.json").exists() and (configured / "demo" / "hub.json").exists():
        return configured / "demo"
    return configured


def connector(found: Running) -> aiohttp.TCPConnector:
    """How a client on this machine reaches a node: by its very certificate when it speaks TLS."""
    return aiohttp.TCPConnector(ssl=True if found.certificate is None else trusting(Path(found.certificate)))


class Hub:
    """A client of one running hub."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._signed_in = kept()
        # Whoever signed in at a hub elsewhere needs no state directory.
        elsewhere = self._signed_in is not None and not (state / "hub.json").exists()
        self._running = None if elsewhere else running(state)

    async def __aenter__(self) -> Self:
        self._url, token = await self._asks()
        self._session = aiohttp.ClientSession(
            connector=None if self._running is None else connector(self._running),
            headers={"Authorization": f"Bearer {token}"},
            timeout=aiohttp.ClientTimeout(total=SECONDS),
        )
        return self

    async def _asks(self) -> tuple[str, str]:
        """Where to ask, and with whose token."""
        here, found = self._running, self._signed_in
        if found is not None and (here is None or found.hub == here.base_url):
            found = await current(found, None if here is None else connector(here))
            if found is not None:
                return found.hub if here is None else here.node_url, found.token
        if here is None:
            raise Misconfigured("the session has ended", remedy="sign in again with `tillway sign-in`")
        try:
            return here.node_url, (self._state / "operator.token").read_text().strip()
        except OSError as error:
            remedy = "run this as the hub's user, or sign in with `tillway sign-in`"
            raise Misconfigured(f"no operator's token in {self._state}", remedy=remedy) from error

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def get(self, path: str, **parameters: str | int) -> dict[str, Any]:
        """One answer of `/operations/v1`. Rejected with the problem's own words, Unavailable when nobody answers."""
        return await self._ask("GET", path, params=parameters)

    async def post(self, path: str, body: Mapping[str, Any], *, seconds: int | None = None) -> dict[str, Any]:
        """One act, with an Idempotency-Key of its own; the hub is given so many `seconds` for it. Errors as `get`."""
        patience = {} if seconds is None else {"X-Deadline-Ms": str(seconds * 1000)}
        return await self._ask("POST", path, json=body, headers=_once() | patience)

    async def put(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """One replacement. Errors as `get`."""
        return await self._ask("PUT", path, json=body, headers=_once())

    async def delete(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One removal, empty when there is nothing to say of it. Errors as `get`."""
        return await self._ask("DELETE", path, headers=_once(), **({} if body is None else {"json": body}))

    async def _ask(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        url = f"{self._url}/operations/v1{path}"
        try:
            async with self._session.request(method, url, **more) as reply:
                content = await reply.read()
                body: dict[str, Any] = msgspec.json.decode(content) if content else {}
                if reply.status >= 400:  # noqa: PLR2004 - HTTP
                    raise _refused(body)
                return body
        except aiohttp.ClientError as error:
            raise Unavailable(f"the hub at {self._url} does not answer", remedy="is it running?") from error


def _once() -> dict[str, str]:
    """An act that is sent again by the client below, its connection having died, has one effect."""
    return {"Idempotency-Key": str(ids.new())}


def _refused(problem: Mapping[str, Any]) -> Rejected:
    """The problem as one error; every place that is wrong is told."""
    told = [problem.get("detail") or problem.get("title", "")]
    told += [f"  {each['pointer'] or '/'}: {each['detail']}" for each in problem.get("violations", ())]
    return Rejected("\n".join(told), remedy=problem.get("remedy", ""))
