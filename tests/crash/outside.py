"""What stands outside the hub and is not killed: the sandbox and a subscriber, as processes of their own."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import aiohttp
from tests.crash.waiting import START_SECONDS, until

ANSWER_SECONDS = 20.0


class Program:
    """A module run until `stop`, which tells in a ready file where it listens."""

    def __init__(self, directory: Path, module: str, *arguments: str) -> None:
        self._ready = directory / f"{module.rpartition('.')[2]}.ready"
        self._process = subprocess.Popen([sys.executable, "-m", module, *arguments, "--ready-file", str(self._ready)])

    async def told(self) -> dict[str, Any]:
        """What the ready file says, once it is there."""
        await until(self._is_ready, f"{self._ready.stem} to listen", START_SECONDS)
        told: dict[str, Any] = json.loads(self._ready.read_text())
        return told

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()

    async def _is_ready(self) -> bool:
        assert self._process.poll() is None, f"{self._ready.stem} ended"
        return self._ready.exists()


class Outside:
    """Both programs, and what they hold when asked straight."""

    def __init__(self, directory: Path, hook_secret: str) -> None:
        self._sandbox = Program(directory, "tillway.sandbox.serve")
        self._subscriber = Program(directory, "tillway.sandbox.subscriber", "--port", "0", "--secret", hook_secret)
        self._session: aiohttp.ClientSession
        self.odoo: dict[str, str] = {}
        self.subscriber_url = ""

    async def __aenter__(self) -> Self:
        sandbox, subscriber = await asyncio.gather(self._sandbox.told(), self._subscriber.told())
        self.odoo, self.subscriber_url = sandbox, subscriber["url"]
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()
        self._sandbox.stop()
        self._subscriber.stop()

    async def read(self, model: str, domain: list[Any], fields: list[str]) -> list[dict[str, Any]]:
        """Records of the sandbox, oldest first, archived ones too."""
        context = {"active_test": False}
        rows: list[dict[str, Any]] = await self.call(
            model, "search_read", domain=domain, fields=fields, order="id", context=context
        )
        return rows

    async def call(self, model: str, method: str, **arguments: Any) -> Any:
        """What a person does in the ERP; fails when it is refused."""
        headers = {"Authorization": f"bearer {self.odoo['key']}", "X-Odoo-Database": self.odoo["db"]}
        url = f"{self.odoo['url']}/json/2/{model}/{method}"
        async with self._session.post(url, json=arguments, headers=headers) as reply:
            assert reply.status == 200, await reply.text()
            return await reply.json()

    async def received(self, after: int) -> list[dict[str, Any]]:
        """What the subscriber got after its delivery of this number, oldest first."""
        async with self._session.get(f"{self.subscriber_url}received?after={after}") as reply:
            told: list[dict[str, Any]] = (await reply.json())["received"]
            return told
