"""`tillway audit explain`: which policies allowed or denied, what was decided then and what would be now."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.table import Table

from tillway.cli.asking import Hub
from tillway.cli.telling import asked, table, tell
from tillway.errors import Misconfigured

# Entries of one business transaction that are explained.
ENTRIES_MAX = 50


def explain(
    state: Path | None,
    correlation: str | None,
    *,
    consumer: str | None,
    operation: str | None,
    shop: str | None,
    as_json: bool,
) -> None:
    """What was decided in one business transaction, or what would be decided for a consumer and operation now."""
    if correlation is not None and consumer is None and operation is None:
        document = asked(state, lambda hub: _then(hub, correlation))
        tell(document, as_json=as_json, otherwise=_entries(document))
    elif correlation is None and consumer is not None and operation is not None:
        wanted = {"consumer": consumer, "operation": operation} | ({} if shop is None else {"shop": shop})
        found = asked(state, lambda hub: hub.get("/decisions", **wanted))
        tell(found, as_json=as_json, otherwise=_decision(found))
    else:
        remedy = "e.g. `tillway audit explain --consumer web-shop --operation placeOrder`"
        raise Misconfigured("name a correlation, or a consumer and an operation", remedy=remedy)


async def _then(hub: Hub, correlation: str) -> dict[str, Any]:
    """Entries of the audit with what is decided today for the same consumer and operation."""
    page = await hub.get("/audit/entries", correlation=correlation, limit=ENTRIES_MAX)
    decided = []
    for each in page["entries"]:
        now = None
        if each["kind"] not in {None, "operator"} and each["principal"] is not None:
            now = await hub.get("/decisions", consumer=each["principal"], operation=each["operation"])
        decided.append({"entry": each, "now": now})
    return {"correlation": correlation, "decided": decided}


def _entries(document: dict[str, Any]) -> Table:
    rows = []
    for each in document["decided"]:
        entry, now = each["entry"], each["now"]
        then = ", ".join(entry["policies"] or ()) or entry["code"] or "-"
        today = "-" if now is None else f"{now['decision']}: {now['reason']}"
        release = (entry["release"] or "-")[:12]
        rows.append((entry["principal"] or "-", entry["operation"], str(entry["status"]), then, release, today))
    return table(("who", "operation", "status", "decided by", "release", "today"), rows)


def _decision(found: dict[str, Any]) -> Table:
    places = (f"{each['id']} ({each['file']}:{each['line']}, {each['effect']})" for each in found["policies"])
    shops = "all" if found["shops"]["all"] else str(found["shops"]["count"])
    events = "all" if found["event_types"] is None else ", ".join(found["event_types"]) or "none"
    at = found["circumstances"]
    rows = [
        ("decision", found["decision"]),
        ("why", found["reason"]),
        ("policies", "\n".join(places) or "none"),
        ("shops", shops),
        ("data classes", ", ".join(found["data_classes"])),
        ("event types", events),
        ("asked", f"{at['weekday']}, hour {at['hour']}, from {at['network']}"),
        ("release", found["release"][:12]),
    ]
    return table(("", f"{found['consumer']}: {found['operation']}"), rows)
