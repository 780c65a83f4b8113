"""`tillway migration`: who still calls a version of an interface."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from tillway.cli.asking import Hub
from tillway.cli.telling import asked, moment, table, tell
from tillway.errors import Misconfigured


def migration(state: Path | None, version: str, *, as_json: bool) -> None:
    """Tell the whole ledger, page by page."""
    api, _, number = version.partition("/")
    if not api or not number:
        raise Misconfigured(f"{version!r} names no version", remedy="give interface and version, e.g. orders/v1")
    path = f"/apis/{quote(api, safe='')}/versions/{quote(number, safe='')}/migration"

    async def every(hub: Hub) -> dict[str, Any]:
        page = await hub.get(path)
        callers = page["callers"]
        while page["next"] is not None:
            page = await hub.get(path, after=page["next"])
            callers += page["callers"]
        return page | {"callers": callers}

    found = asked(state, every)
    rows = [
        (
            each["consumer"],
            each["till"] or each["device"] or "-",
            each["shop"] or "-",
            each["owner"] or "not declared any more",
            str(each["calls"]),
            moment(each["last_seen"]),
            moment(each["following_seen"]),
        )
        for each in found["callers"]
    ]
    follows = found["successor"] or "no successor"
    titles = ("consumer", "till", "shop", "owner", "calls", "last call", f"last call of {follows}")
    said = f"{found['version']}: {found['lifecycle']}, {follows}"
    nobody = f"{said}; nobody called it since {found['since']}"
    tell(found, as_json=as_json, otherwise=table(titles, rows, title=said) if rows else nobody)
