"""`tillway replay`."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from tillway.cli.telling import acted, table, tell


def replay(state: Path | None, follower: str, *, begin: str, reason: str, dry_run: bool, as_json: bool) -> None:
    """Let a follower read again, or tell what that would be."""
    body = {"from": begin, "reason": reason, "dry_run": dry_run}
    done = acted(state, f"/followers/{quote(follower, safe='')}/replay", body)
    would = "would read" if dry_run else "reads"
    title = f"{follower} {would} again after position {done['after']}: {done['events']} events, {done['lanes']} lanes"
    tell(
        done,
        as_json=as_json,
        otherwise=table(("type", "events"), [(each["type"], each["events"]) for each in done["types"]], title),
    )
