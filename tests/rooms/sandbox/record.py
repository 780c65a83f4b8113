"""Records the scenarios anew from a real Odoo 19: `python -m tests.rooms.sandbox.record [name...]`.

Reads TILLWAY_TEST_ODOO_URL, _DB and _KEY. It creates records there and changes the company's rounding method while
it runs, so give it a database that is for testing.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
from typing import Any

import aiohttp
from tests.pure.sandbox.replaying import SCENARIOS, Answer, Run, common, names


async def main(wanted: list[str]) -> None:
    url, database, key = (os.environ[f"TILLWAY_TEST_ODOO_{name}"] for name in ("URL", "DB", "KEY"))
    async with aiohttp.ClientSession() as session:

        async def send(method: str, path: str, headers: dict[str, str], body: bytes | None) -> Answer:
            async with session.request(method, url + path, headers=headers, data=body) as response:
                raw = await response.read()
                kind = response.headers.get("Content-Type", "")
                return response.status, kind, json.loads(raw) if kind.startswith("application/json") else raw.decode()

        for name in wanted:
            await record(name, Run(send, key=key, database=database, run=f"run-{secrets.token_hex(3)}"))


async def record(name: str, run: Run) -> None:
    path = SCENARIOS / f"{name}.json"
    scenario = json.loads(path.read_text())
    for step in scenario["steps"]:
        status, kind, body = await run.play(step)
        step["status"] = status
        step["type"] = kind
        step.pop("answer", None)
        if step.get("compare", True):
            step["answer"] = _without(common(body), step.get("without", []))
        print(name, step.get("do") or step["http"], status)
    path.write_text(_written(scenario))


def _written(scenario: dict[str, Any]) -> str:
    """One step a line: small, and a difference shows the step it is in."""
    steps = ",\n  ".join(json.dumps(step, ensure_ascii=False) for step in scenario["steps"])
    return f'{{\n "about": {json.dumps(scenario["about"])},\n "steps": [\n  {steps}\n ]\n}}\n'


def _without(value: Any, keys: list[str]) -> Any:
    if isinstance(value, dict):
        return {key: _without(each, keys) for key, each in value.items() if key not in keys}
    return [_without(each, keys) for each in value] if isinstance(value, list) else value


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:] or names()))
