"""`tillway permits`: how calls to the ERPs are rationed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tillway.cli.telling import asked, table, tell


def permits(state: Path | None, *, as_json: bool) -> None:
    """The limit of each ERP, and what waits."""

    async def look(hub: Any) -> dict[str, Any]:
        found: dict[str, Any] = await hub.get("/permits")
        return found

    found = asked(state, look)
    rows = [
        (
            each["connection"],
            f"{each['limit']} of {each['ceiling']}",
            f"{each['running']:.1f}",
            f"{each['latency_ms']:.0f} ms",
            f"{each['slow']:.2f}",
            " ".join(f"{name} {count}" for name, count in each["waiting"].items() if count) or "nobody",
            sum(each["calls"].values()),
            each["refused"],
            "left alone: it does not answer" if each["left_alone"] else "",
        )
        for each in found["connections"]
    ]
    titles = ("connection", "at once", "under way", "latency", "slower by", "waiting", "calls", "given up", "")
    tell(found, as_json=as_json, otherwise=table(titles, rows))
