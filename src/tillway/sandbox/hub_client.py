"""How the simulated outside talks to the hub: as any consumer, with a token and over HTTP."""

from __future__ import annotations

from typing import Any, Final

import aiohttp
import msgspec

from tillway import clock
from tillway.errors import Rejected, Unavailable

# A token is renewed when it has less than this left (seconds).
RENEW_SECONDS: Final = 60.0

# Longest wait for one answer.
ANSWER_SECONDS: Final = 20.0


class HubClient:
    """One consumer's connection to a hub. For one asyncio loop; close it at the end."""

    def __init__(self, base_url: str, consumer: str, secret: str) -> None:
        self._base_url = base_url
        self._basic = aiohttp.encode_basic_auth(consumer, secret)
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS))
        self._token = ""
        self._until = 0.0

    async def close(self) -> None:
        """Close the connection."""
        await self._session.close()

    async def get(self, path: str, **parameters: str | int) -> Any:
        """The JSON of a GET. Unavailable when there is no answer or a 5xx, Rejected for a 4xx."""
        return await self._ask("GET", path, params=parameters)

    async def post(self, path: str, body: Any, *, key: str | None = None) -> Any:
        """The JSON of a POST; `key` is its Idempotency-Key. Raises as `get` does."""
        headers = {"Content-Type": "application/json"} | ({} if key is None else {"Idempotency-Key": key})
        return await self._ask("POST", path, data=msgspec.json.encode(body), headers=headers)

    async def _ask(self, method: str, path: str, *, headers: dict[str, str] | None = None, **rest: Any) -> Any:
        try:
            given = {"Authorization": f"Bearer {await self._bearer()}", **(headers or {})}
            async with self._session.request(method, self._base_url + path, headers=given, **rest) as reply:
                return _read(reply.status, await reply.read())
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable(f"the hub gave no answer: {type(error).__name__}") from error

    async def _bearer(self) -> str:
        if clock.monotonic() > self._until - RENEW_SECONDS:
            form = {"grant_type": "client_credentials"}
            headers = {"Authorization": self._basic}
            async with self._session.post(self._base_url + "/oauth2/token", data=form, headers=headers) as reply:
                answer = _read(reply.status, await reply.read())
            self._token = answer["access_token"]
            self._until = clock.monotonic() + answer["expires_in"]
        return self._token


def _read(status: int, body: bytes) -> Any:
    if status >= 500:  # noqa: PLR2004 - HTTP
        raise Unavailable(f"the hub answered {status}")
    if status >= 400:  # noqa: PLR2004 - HTTP
        raise Rejected(f"the hub answered {status}: {body[:300].decode(errors='replace')}")
    return msgspec.json.decode(body)
