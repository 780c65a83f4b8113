"""`tillway sync`: how what is known is kept up with the back offices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from tillway.cli.options import Json, State

if TYPE_CHECKING:
    from rich.table import Table

app = typer.Typer(no_args_is_help=True, help="What is known, kept up with the back offices.")

# Made in two calls of the back office, which loads its models again after each.
SECONDS = 30

Connection = Annotated[str | None, typer.Option("--connection", help="Only this connection (default: every one).")]
Check = Annotated[
    bool, typer.Option("--check", help="Only tell how they are; ends with 1 when one is not as it should be.")
]
Remove = Annotated[bool, typer.Option("--remove", help="Remove them instead.")]
Why = Annotated[str | None, typer.Option("--reason", help="Why, for whoever asks later; needed to change anything.")]
Address = Annotated[
    str | None, typer.Option("--address", help="Where the back office reaches this hub, if not as clients do.")
]


@app.callback()
def group() -> None:
    """What is known, kept up with the back offices."""


@app.command("install-hooks")
def install_hooks(
    connection: Connection = None,
    check: Check = False,
    remove: Remove = False,
    reason: Why = None,
    address: Address = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Have Odoo tell of changes at once: makes, checks, repairs and removes automation rules there."""
    from tillway.cli.telling import asked, tell

    if check and remove:
        raise typer.BadParameter("--check changes nothing, --remove does: give one of them")
    if not check and reason is None:
        raise typer.BadParameter("say why with --reason, or only look with --check")
    listed = asked(state, lambda hub: hub.get("/hooks"))
    names = [each["connection"] for each in listed["connections"] if connection in {None, each["connection"]}]
    if not names:
        raise typer.BadParameter(f"there is no connection {connection}")
    if check:
        found = [each for each in listed["connections"] if each["connection"] in names]
        tell({**listed, "connections": found}, as_json=as_json, otherwise=_table(found))
        raise typer.Exit(0 if all(_well(each) for each in found) else 1)
    body = {name: value for name, value in (("reason", reason), ("address", address)) if value is not None}
    act = "remove" if remove else "install"

    async def act_on(hub: Any) -> dict[str, Any]:
        path = "/hooks/{}/" + act
        return {
            "connections": [await hub.post(path.format(quote(name, safe="")), body, seconds=SECONDS) for name in names]
        }

    done = asked(state, act_on)
    told = ", ".join(f"{each['connection']}: {each['changed']} rules changed" for each in done["connections"])
    tell(done, as_json=as_json, otherwise=told)


def _well(found: dict[str, Any]) -> bool:
    return found["problem"] is None and all(rule["state"] in {"in-place", "no-module"} for rule in found["rules"])


def _table(found: list[dict[str, Any]]) -> Table:
    from tillway.cli.telling import moment, table

    rows: list[tuple[Any, ...]] = []
    for each in found:
        told = {told["domain"]: told for told in each["told"]}
        if each["problem"] is not None:
            rows.append((each["connection"], "", "", each["problem"], ""))
        for rule in each["rules"]:
            last = max((told[domain]["last_at"] for domain in rule["domains"] if domain in told), default=None)
            state = f"{rule['state']}: {rule['detail']}" if rule["detail"] else rule["state"]
            rows.append((each["connection"], rule["name"], ", ".join(rule["domains"]), state, moment(last)))
    return table(("connection", "rule", "reads", "is", "last told (UTC)"), rows, "rules that tell of changes")


Domain = Annotated[
    str,
    typer.Argument(
        help="products, prices, stock, customers, promotions, loyalty, taxes, orders, shipments, invoices, sales or"
        " sessions."
    ),
]
Reason = Annotated[str, typer.Option("--reason", help="Why, for whoever asks later.")]


@app.command()
def full(
    domain: Domain,
    connection: Connection = None,
    reason: Reason = "asked for at the command line",
    state: State = None,
    as_json: Json = False,
) -> None:
    """Read everything of a domain once more, page by page; a restart goes on where it was."""
    from tillway.cli.syncing import sync

    sync(state, "full", domain, connection, reason, as_json=as_json)


@app.command()
def delta(
    domain: Domain,
    connection: Connection = None,
    reason: Reason = "asked for at the command line",
    state: State = None,
    as_json: Json = False,
) -> None:
    """Read now what changed of a domain."""
    from tillway.cli.syncing import sync

    sync(state, "delta", domain, connection, reason, as_json=as_json)
