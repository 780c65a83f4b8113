"""`tillway subscription`: who is told what, how far behind, and going on after a receiver was given up."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from tillway.cli.options import Json, Reason, State

app = typer.Typer(no_args_is_help=True, help="Subscriptions: how each does, and letting one go on.")


@app.command("list")
def list_(state: State = None, as_json: Json = False) -> None:
    """Every subscription with its state, lag and parked events."""
    from tillway.cli.telling import asked, moment, table, tell

    found = asked(state, lambda hub: hub.get("/subscriptions"))
    rows = [
        (
            each["id"],
            each["consumer"],
            each["status"],
            each["reason"],
            each["lag"],
            each["parked"],
            moment(each["held_until"]),
            each["url"],
        )
        for each in found["subscriptions"]
    ]
    titles = ("id", "consumer", "status", "why", "lag", "parked", "asked again (UTC)", "url")
    tell(found, as_json=as_json, otherwise=table(titles, rows, f"{len(rows)} subscriptions"))


@app.command()
def resume(
    subscription: Annotated[str, typer.Argument(help="Its id, as `tillway subscription list` tells it.")],
    reason: Reason,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Let a subscription go on now: one that was switched off, or waits for its receiver."""
    from tillway.cli.telling import acted, tell

    done = acted(state, f"/subscriptions/{quote(subscription, safe='')}/resume", {"reason": reason})
    tell(done, as_json=as_json, otherwise=f"{done['id']} was {done['was']} and goes on where it was, within seconds")
