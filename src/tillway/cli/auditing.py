"""`tillway audit`: the evidence searched, handed out and verified; `tillway consumer usage|unknown`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from tillway.cli.access import Consumer, consumers
from tillway.cli.options import Json, State

if TYPE_CHECKING:
    from pathlib import Path

    from tillway.cli.asking import Hub

app = typer.Typer(no_args_is_help=True, help="The audit: who did what, and whether it is what was sealed.")

From = Annotated[str | None, typer.Option("--from", help="Not before this time, e.g. 2026-11-23T00:00:00Z.")]
To = Annotated[str | None, typer.Option("--to", help="Before this time.")]

EXIT_BROKEN = 1


@app.command()
def search(
    consumer: Annotated[str | None, typer.Option(help="Only what this consumer or operator asked.")] = None,
    operation: Annotated[str | None, typer.Option(help="Only this operation, e.g. placeOrder.")] = None,
    outcome: Annotated[str | None, typer.Option(help="done, refused or failed.")] = None,
    subject: Annotated[str | None, typer.Option(help="Only what was about this id.")] = None,
    correlation: Annotated[str | None, typer.Option(help="Only this business transaction.")] = None,
    since: From = None,
    until: To = None,
    after: Annotated[str | None, typer.Option(help="Go on after this number, as the last page ended.")] = None,
    limit: Annotated[int, typer.Option(help="Entries, at most 500.")] = 50,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Who did what, newest first."""
    from tillway.cli.telling import asked, moment, table, tell

    wanted = {
        "consumer": consumer,
        "operation": operation,
        "outcome": outcome,
        "subject": subject,
        "correlation": correlation,
        "from": since,
        "to": until,
        "after": after,
        "limit": limit,
    }
    page = asked(state, lambda hub: hub.get("/audit/entries", **_given(wanted)))
    rows = [
        (
            str(each["number"]),
            moment(each["at"]),
            each["principal"] or "-",
            each["operation"],
            each["subject"] or "-",
            f"{each['status']} {each['code'] or ''}",
            each["correlation"] or "-",
        )
        for each in page["entries"]
    ]
    titles = ("number", "at", "who", "operation", "about", "outcome", "correlation")
    tell(page, as_json=as_json, otherwise=table(titles, rows))


@app.command()
def explain(
    correlation: Annotated[str | None, typer.Argument(help="Correlation of a request that was answered.")] = None,
    consumer: Annotated[str | None, typer.Option(help="A consumer, to ask what it may now.")] = None,
    operation: Annotated[str | None, typer.Option(help="An operation, e.g. placeOrder.")] = None,
    shop: Annotated[str | None, typer.Option(help="Touching data of this shop.")] = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Which policies allowed or denied: of a request that was answered, or of a consumer and an operation now."""
    from tillway.cli.explaining import explain as run

    run(state, correlation, consumer=consumer, operation=operation, shop=shop, as_json=as_json)


@app.command()
def export(since: From = None, until: To = None, state: State = None) -> None:
    """All entries as JSON Lines on stdout, in the order they were sealed; personal parts are masked."""
    import msgspec

    async def write(hub: Hub) -> dict[str, Any]:
        after = None
        while True:
            page = await hub.get("/audit/export", **_given({"from": since, "to": until, "after": after}))
            for entry in page["entries"]:
                typer.echo(msgspec.json.encode(entry).decode())
            after = page["next"]
            if after is None:
                return page

    _walk(state, write)


@app.command()
def verify(since: From = None, until: To = None, state: State = None, as_json: Json = False) -> None:
    """Is the audit what was sealed? Exit code 1, and the first entry that is not, when it is not."""
    from tillway.cli.telling import tell

    async def walk(hub: Hub) -> dict[str, Any]:
        checked, anchors, after = 0, 0, None
        while True:
            page = await hub.get("/audit/verification", **_given({"from": since, "to": until, "after": after}))
            checked, anchors, after = checked + page["checked"], anchors + page["anchors"], page["next"]
            if after is None:
                return page | {"checked": checked, "anchors": anchors}

    found = _walk(state, walk)
    broken = found["broken"]
    last = f"last anchor {found['last_anchor']}" if found["last_anchor"] is not None else "no anchor yet"
    holds = f"{found['checked']} entries and {found['anchors']} anchors hold; {last}, {found['unanchored']} after it"
    said = holds if broken is None else _said(broken)
    tell(found, as_json=as_json, otherwise=said)
    if broken is not None:
        raise typer.Exit(EXIT_BROKEN)


@consumers.command()
def usage(
    consumer: Consumer,
    days: Annotated[int, typer.Option(help="Today and so many days before it.")] = 30,
    fields: Annotated[bool, typer.Option("--fields", help="Also which fields it sends and reads.")] = False,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Which operations a consumer calls, how often, and with --fields what of them it uses."""
    from tillway.cli.telling import asked, moment, table, tell

    found = asked(state, lambda hub: hub.get(f"/consumers/{quote(consumer, safe='')}/usage", days=days))
    rows: list[tuple[str, ...]] = []
    for each in found["operations"]:
        rows.append((each["operation"], str(each["calls"]), str(each["refused"]), moment(each["last_seen"])))
        for field in each["fields"] if fields else ():
            share = f"{field['seen']} of {each['sampled']}" if field["direction"] != "unknown" else str(field["seen"])
            rows.append((f"  {field['direction']} {field['pointer']}", share, "", moment(field["last_seen"])))
    tell(found, as_json=as_json, otherwise=table(("operation", "calls", "refused", "last seen"), rows))


@consumers.command()
def unknown(
    consumer: Annotated[str | None, typer.Argument(help="Only of this consumer.")] = None,
    days: Annotated[int, typer.Option(help="Today and so many days before it.")] = 30,
    limit: Annotated[int, typer.Option(help="Fields, at most 1000.")] = 200,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Which fields are sent that no contract knows: by whom, to which operation, how often."""
    from tillway.cli.telling import asked, moment, table, tell

    wanted = _given({"consumer": consumer, "days": days, "limit": limit})
    found = asked(state, lambda hub: hub.get("/unknown-fields", **wanted))
    rows = [
        (each["consumer"], each["operation"], each["pointer"], str(each["seen"]), moment(each["last_seen"]))
        for each in found["fields"]
    ]
    heads = ("consumer", "operation", "field", "seen", "last seen")
    tell(found, as_json=as_json, otherwise=table(heads, rows))


def _said(broken: dict[str, Any]) -> str:
    where = "" if broken["chain"] is None else f" in the chain of {broken['chain']}"
    at = "" if broken["number"] is None else f" at entry {broken['number']}"
    return f"broken{at}{where} ({broken['what']}): {broken['detail']}"


def _given(wanted: dict[str, str | int | None]) -> dict[str, str | int]:
    return {name: value for name, value in wanted.items() if value is not None}


def _walk(state: Path | None, walk: Any) -> dict[str, Any]:
    from tillway.cli.telling import asked

    return asked(state, walk)
