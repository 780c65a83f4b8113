"""How commands ask one thing of the hub and tell what it answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from tillway.cli.asking import Hub, state_directory
from tillway.cli.tables import escaped, table

__all__ = ["Ask", "acted", "asked", "escaped", "moment", "table", "tell"]

Ask = Callable[[Hub], Awaitable[dict[str, Any]]]


def asked(state: Path | None, ask: Ask) -> dict[str, Any]:
    """What the running hub answers."""

    async def main() -> dict[str, Any]:
        async with Hub(state_directory(state)) as hub:
            return await ask(hub)

    return asyncio.run(main())


def acted(state: Path | None, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """What the running hub answers to one act; members without a value are left out."""
    given = {name: value for name, value in body.items() if value is not None}
    return asked(state, lambda hub: hub.post(path, given))


def tell(document: Mapping[str, Any], *, as_json: bool, otherwise: str | Table) -> None:
    """The document as JSON, or what a person reads."""
    console = Console()
    if as_json:
        console.out(msgspec.json.encode(document).decode(), highlight=False)
    else:
        console.print(otherwise, highlight=False, soft_wrap=isinstance(otherwise, str))


def moment(text: str | None) -> str:
    """A time without its date's century and fractions."""
    return "" if text is None else text[2:19].replace("T", " ")
