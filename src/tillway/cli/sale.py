"""`tillway sale`: sales in quarantine, looked at, released and closed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tillway.cli.options import Json, Reason, State

app = typer.Typer(no_args_is_help=True, help="Sales in quarantine, which wait for a person.")

SaleId = Annotated[str, typer.Argument(help="The id under which it is kept.")]


@app.command()
def quarantined(
    sale: Annotated[str | None, typer.Argument(help="One sale, with what was sent; none for the list.")] = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """What is in quarantine and why, the oldest first; or one sale of it."""
    from tillway.cli.telling import asked, moment, table, tell

    if sale is not None:
        found = asked(state, lambda hub: hub.get(f"/sales/quarantined/{sale}"))
        tell(found, as_json=as_json, otherwise=table(("what", "is"), found.items()))
        return
    found = asked(state, lambda hub: hub.get("/sales/quarantined"))
    rows = [
        (
            each["id"],
            f"{each['till']}/{each['epoch']}/{each['sequence']}",
            "" if each["gross"] is None else f"{each['gross']} {each['currency'] or ''}",
            "; ".join(f"{wrong['pointer'] or '/'} {wrong['detail']}" for wrong in each["violations"]),
            each["owner"],
            moment(each["received_at"]),
        )
        for each in found["sales"]
    ]
    titles = ("id", "receipt", "total", "what is wrong", "owner", "since (UTC)")
    tell(found, as_json=as_json, otherwise=table(titles, rows, f"{len(rows)} sales in quarantine"))


@app.command()
def release(
    sale: SaleId,
    reason: Reason,
    corrections: Annotated[
        Path | None, typer.Option("--corrections", help="JSON file with the members of the sale that are put right.")
    ] = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Let a sale be booked, as it stands or with members put right."""
    import msgspec

    from tillway.cli.telling import acted, tell

    put_right = None if corrections is None else msgspec.json.decode(corrections.read_bytes())
    done = acted(state, f"/sales/quarantined/{sale}/release", {"reason": reason, "corrections": put_right})
    tell(done, as_json=as_json, otherwise=f"{sale} counts and is booked; see `tillway trace {sale}`")


@app.command()
def close(sale: SaleId, reason: Reason, state: State = None, as_json: Json = False) -> None:
    """End the waiting of a sale without a booking: booked by hand, or no sale of its own."""
    from tillway.cli.telling import acted, tell

    done = acted(state, f"/sales/quarantined/{sale}/close", {"reason": reason})
    tell(done, as_json=as_json, otherwise=f"{sale} waits for nobody any more; it stays as it was sent")
