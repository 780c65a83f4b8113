"""`tillway erase`: a person is erased room by room, and the evidence is told by table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

if TYPE_CHECKING:
    from tillway.cli.asking import Hub

# In the order of the hub: records last, for they know what an order or sale tells of its person.
ROOMS: Final = (
    "journal",
    "gateway",
    "processes",
    "subscriptions",
    "identity",
    "governance",
    "audit",
    "inbox",
    "outbound",
    "reconcile",
    "records",
)

# The longest that the hub works on one request.
SECONDS: Final = 30

_TITLES: Final = ("table", "rows", "told of it", "erased", "left", "in")


def erase(state: Path | None, subject: str, *, kind: str | None, reason: str, dry_run: bool, as_json: bool) -> None:
    """Each room is one request of its own, so that a large hub stays within the time of each."""
    from tillway.cli.telling import asked, table, tell

    body = {"subject": subject, "reason": reason, "dry_run": dry_run} | ({"kind": kind} if kind else {})

    async def ask(hub: Hub) -> dict[str, Any]:
        told: dict[str, Any] = {"tables": [], "proved": True}
        for room in ROOMS:
            done = await hub.post("/erasures", {**body, "room": room}, seconds=SECONDS)
            # What it was taken for stays, also once the first room knows nothing of it any more.
            body["kind"] = done["kind"]
            told |= {name: done[name] for name in ("subject", "kind", "dry_run")}
            told["tables"] += done["tables"]
            told["proved"] = told["proved"] and done["proved"]
        return told

    found = asked(state, ask)
    tell(found, as_json=as_json, otherwise=table(_TITLES, _rows(found["tables"]), _title(found)))
    if not (dry_run or found["proved"]):
        raise typer.Exit(1)


def _rows(tables: list[dict[str, Any]]) -> list[tuple[object, ...]]:
    return [
        (each["table"], each["looked"], each["held"], each["erased"], each["left"], ", ".join(each["columns"]))
        for each in tables
    ]


def _title(found: dict[str, Any]) -> str:
    held = sum(each["held"] for each in found["tables"])
    if found["dry_run"]:
        return f"{held} rows tell of this {found['kind']}; nothing was changed"
    proof = "nothing is left" if found["proved"] else "something is left: see `left` and where it is"
    return f"{found['subject']}: every column was looked at again, {proof}"
