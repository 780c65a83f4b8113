"""The hub as the command line sees it: `/operations/v1` with the operator's token from the state directory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Self

import aiohttp
import msgspec

from tillway import settings
from tillway.app.hub import Running, running
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


class Hub:
    """A client of one running hub."""

    def __init__(self, state: Path) -> None:
        self.running: Running = running(state)
        try:
            token = (state / "operator.token").read_text().strip()
        except OSError as error:
            raise Misconfigured(f"no operator's token in {state}", remedy="run this as the hub's user") from error
        self._session = aiohttp.ClientSession(
            headers={"Authorization": f"Bearer {token}"}, timeout=aiohttp.ClientTimeout(total=SECONDS)
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def get(self, path: str, **parameters: str | int) -> dict[str, Any]:
        """One answer of `/operations/v1`. Rejected with the problem's own words, Unavailable when nobody answers."""
        url = f"{self.running.node_url}/operations/v1{path}"
        try:
            async with self._session.get(url, params=parameters) as reply:
                body: dict[str, Any] = msgspec.json.decode(await reply.read())
                if reply.status >= 400:  # noqa: PLR2004 - HTTP
                    raise Rejected(body.get("detail", body.get("title", "")), remedy=body.get("remedy", ""))
                return body
        except aiohttp.ClientError as error:
            raise Unavailable(f"the hub at {self.running.node_url} does not answer", remedy="is it running?") from error
