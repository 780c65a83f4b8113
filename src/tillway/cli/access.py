"""`tillway consumer` and `tillway device`: taking rights away at once, and letting tills in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote, urlencode

import typer

from tillway.cli.options import Json, Reason, State

if TYPE_CHECKING:
    from pathlib import Path

    from tillway.cli.asking import Hub

consumers = typer.Typer(no_args_is_help=True, help="Everybody who calls: let in, looked at, suspended, off-boarded.")
devices = typer.Typer(no_args_is_help=True, help="Tills with keys of their own: let in, reported lost, found again.")

Consumer = Annotated[str, typer.Argument(help="Id of the consumer in the landscape.")]
Device = Annotated[str, typer.Argument(help="Id of the device, as `tillway device list` names it.")]


@consumers.command()
def suspend(
    consumer: Consumer,
    reason: Reason,
    until: Annotated[
        str | None, typer.Option("--until", help="When it ends by itself, e.g. 2026-11-24T08:00:00Z; none: by hand.")
    ] = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Refuse a consumer on every node within two seconds; facts it sends are kept in quarantine."""
    from tillway.cli.telling import asked, moment, tell

    body = {"reason": reason} | ({} if until is None else {"until": until})
    done = asked(state, lambda hub: hub.put(f"/consumers/{quote(consumer, safe='')}/suspension", body))
    ends = f"until {moment(done['until'])}" if done["until"] else "until it is resumed"
    tell(done, as_json=as_json, otherwise=f"{consumer} is suspended {ends}")


@consumers.command()
def resume(consumer: Consumer, reason: Reason, state: State = None, as_json: Json = False) -> None:
    """Give a suspended consumer everything back that the landscape grants."""
    from tillway.cli.telling import tell

    _lifted(state, f"/consumers/{quote(consumer, safe='')}/suspension", reason)
    tell({"consumer": consumer, "state": "resumed"}, as_json=as_json, otherwise=f"{consumer} may act again")


@consumers.command()
def restricted(state: State = None, as_json: Json = False) -> None:
    """What is suspended, revoked or lost now, beside the landscape."""
    from tillway.cli.telling import asked, moment, table, tell

    found = asked(state, lambda hub: hub.get("/restrictions"))
    rows = [
        (
            each["kind"],
            each["id"],
            each["state"],
            moment(each["since"]),
            moment(each["until"]),
            each["by"],
            each["reason"],
        )
        for each in found["restrictions"]
    ]
    titles = ("kind", "id", "state", "since", "until", "by", "reason")
    tell(found, as_json=as_json, otherwise=table(titles, rows))


@consumers.command("revoke-token")
def revoke_token(
    token_id: Annotated[str, typer.Argument(help="The `jti` of the token, as logs and the audit name it.")],
    reason: Reason,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Make one access token worthless on every node within two seconds."""
    from tillway.cli.telling import asked, tell

    path = f"/tokens/{quote(token_id, safe='')}/revocation"
    done = asked(state, lambda hub: hub.put(path, {"reason": reason}))
    tell(done, as_json=as_json, otherwise=f"the token {token_id} counts no more")


@devices.command()
def enrol(
    shop: Annotated[str, typer.Argument(help="Where the till stands.")],
    till: Annotated[str, typer.Argument(help="Which till of the shop.")],
    reason: Reason,
    consumer: Annotated[
        str | None, typer.Option("--consumer", help="Whose rights it takes over, when several cover the shop.")
    ] = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Make the one-time code that lets a till in. It is shown once and counts for 24 hours."""
    from tillway.cli.telling import acted, moment, tell

    body = {"shop": shop, "till": till, "consumer": consumer, "reason": reason}
    made = acted(state, "/enrolments", body)
    tell(made, as_json=as_json, otherwise=f"{made['code']}\nfor {till} of {shop}, until {moment(made['expires_at'])}")


@devices.command()
def lost(device: Device, reason: Reason, state: State = None, as_json: Json = False) -> None:
    """A till was lost or stolen: dead on every node within two seconds, the others of its shop go on."""
    from tillway.cli.telling import asked, tell

    done = asked(state, lambda hub: hub.put(_loss(device), {"reason": reason}))
    tell(done, as_json=as_json, otherwise=f"{device} at {done['till']} of {done['shop']} counts no more")


@devices.command()
def readmit(device: Device, reason: Reason, state: State = None, as_json: Json = False) -> None:
    """A lost till was found: it counts again, with the key it has."""
    from tillway.cli.telling import tell

    done = _lifted(state, _loss(device), reason)
    tell(done, as_json=as_json, otherwise=f"{device} counts again")


@devices.command("list")
def list_(
    state: State = None,
    shop: Annotated[str | None, typer.Option("--shop", help="Only those of this shop.")] = None,
    as_json: Json = False,
) -> None:
    """The enrolled tills, and which of them are lost."""
    from tillway.cli.telling import asked, moment, table, tell

    async def every(hub: Hub) -> dict[str, Any]:
        chosen = {} if shop is None else {"shop": shop}
        page = await hub.get("/devices", **chosen)
        listed = page["devices"]
        while page["devices"]:
            page = await hub.get("/devices", after=listed[-1]["id"], **chosen)
            listed += page["devices"]
        return {"devices": listed}

    found = asked(state, every)
    rows = [
        (each["id"], each["shop"], each["till"], each["state"], moment(each["enrolled_at"]), moment(each["lost_at"]))
        for each in found["devices"]
    ]
    tell(found, as_json=as_json, otherwise=table(("device", "shop", "till", "state", "enrolled", "lost"), rows))


def _loss(device: str) -> str:
    return f"/devices/{quote(device, safe='')}/loss"


def _lifted(state: Path | None, path: str, reason: str) -> dict[str, Any]:
    from tillway.cli.telling import asked

    return asked(state, lambda hub: hub.delete(f"{path}?{urlencode({'reason': reason})}"))
