"""`tillway quality`: what is wrong with master data."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tillway.cli.telling import asked, moment, table, tell


def quality(state: Path | None, chosen: Mapping[str, Any], *, as_json: bool) -> None:
    """The oldest findings, and how many there are of each kind."""
    given = {name: value for name, value in chosen.items() if value is not None}
    found = asked(state, lambda hub: hub.get("/data-findings", **given))
    counts = ", ".join(f"{each['count']} {each['kind']}" for each in found["open"]) or "nothing is wrong"
    titles = ("record", "sku", "what", "in words", "left out", "since (UTC)", "owner")
    rows = [
        (
            f"{each['connection']} {each['foreign_id']}",
            each["sku"],
            each["kind"],
            each["detail"],
            "yes" if each["left_out"] else "",
            moment(each["found_at"]),
            each["owner"],
        )
        for each in found["findings"]
    ]
    tell(found, as_json=as_json, otherwise=table(titles, rows, counts) if rows else counts)
