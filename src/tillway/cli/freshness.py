"""`tillway freshness`: how fresh each domain is, against what its flows were promised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from tillway.cli.options import Json, State

if TYPE_CHECKING:
    from rich.table import Table


def freshness(
    days: Annotated[int, typer.Option("--days", help="Days to look back for whoever uses a domain.")] = 30,
    findings: Annotated[
        bool, typer.Option("--findings", help="Only flows that are late or real-time without need.")
    ] = False,
    state: State = None,
    as_json: Json = False,
) -> None:
    """How old what is known is, against what each flow was promised. Exit code 1 when a flow is late."""
    from tillway.cli.telling import asked, tell

    found = asked(state, lambda hub: hub.get("/freshness", days=days))
    if findings:
        for each in found["domains"]:
            each["flows"] = [flow for flow in each["flows"] if flow["verdict"] in {"late", "needless"}]
    tell(found, as_json=as_json, otherwise=_table(found))
    if any(flow["verdict"] == "late" for each in found["domains"] for flow in each["flows"]):
        raise typer.Exit(1)


def _table(found: dict[str, Any]) -> Table:
    from tillway.cli.telling import table

    rows = [
        (
            each["domain"],
            flow["flow"],
            flow["mode"],
            _seconds(flow["staleness_seconds"]),
            _seconds(flow["tolerance_seconds"]),
            f"{flow['verdict']}: {flow['finding']}" if flow["finding"] else flow["verdict"],
        )
        for each in found["domains"]
        for flow in each["flows"]
    ]
    return table(("domain", "flow", "mode", "is (s)", "may be (s)", "verdict"), rows, "how fresh what is known is")


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"
