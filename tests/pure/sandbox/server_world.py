"""A sandbox in this process, and calls on it without HTTP."""

from __future__ import annotations

from datetime import date
from typing import Any

from tillway.sandbox import serve
from tillway.sandbox.json2 import Sandbox

TODAY = date(2026, 11, 23)


def sandbox() -> Sandbox:
    return serve.build(key="key", today=TODAY)


async def call(server: Sandbox, method: str, **body: Any) -> Any:
    """`model/method` with named arguments; raises Refusal when it is not done."""
    model, _, name = method.partition("/")
    return await server.caller.run(model, name, body)
