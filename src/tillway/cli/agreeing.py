"""Commands on whether two sides agree; what they do is loaded when they run."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from tillway.cli.options import Json, Reason, State

breaks = typer.Typer(no_args_is_help=True, help="What we and the back office do not agree on.")

Domain = Annotated[str, typer.Argument(help="orders, sales, prices, stock or customers.")]
Shop = Annotated[str | None, typer.Option("--shop", help="Only of this shop.")]
Break = Annotated[str, typer.Argument(help="The break's id, as `tillway breaks list` names it.")]


def reconcile(
    domain: Domain,
    state: State = None,
    shop: Shop = None,
    since: Annotated[datetime | None, typer.Option("--since", help="Only what was taken in since then (UTC).")] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Put right what the landscape lets be put right.")] = False,
    connection: Annotated[str | None, typer.Option("--connection", help="Which back office, if several.")] = None,
    reason: Reason = "asked for at the command line",
    as_json: Json = False,
) -> None:
    """Compare what we hold with what the back office holds. Exit code 4 when they do not agree."""
    from tillway.cli.reconciling import reconcile as run

    begin = None if since is None else since.replace(tzinfo=since.tzinfo or UTC).isoformat()
    body = {"domain": domain, "shop": shop, "since": begin, "connection": connection, "reason": reason}
    run(state, {**body, "fix": fix}, as_json=as_json)


def quality(
    state: State = None,
    kind: Annotated[str | None, typer.Option("--kind", help="Only of this kind, e.g. duplicate-sku.")] = None,
    sku: Annotated[str | None, typer.Option("--sku", help="Only of this code.")] = None,
    connection: Annotated[str | None, typer.Option("--connection", help="Only of this back office.")] = None,
    ended: Annotated[bool, typer.Option("--ended", help="Those that ended.")] = False,
    as_json: Json = False,
) -> None:
    """What is wrong with master data: doubled codes, bar codes, prices and taxes that are missing, and whose it is."""
    from tillway.cli.quality import quality as run

    chosen = {"kind": kind, "sku": sku, "connection": connection, "ended": "true" if ended else None}
    run(state, chosen, as_json=as_json)


@breaks.command("list")
def list_(
    state: State = None,
    domain: Annotated[str | None, typer.Option("--domain", help="Only of this domain.")] = None,
    shop: Shop = None,
    kind: Annotated[str | None, typer.Option("--type", help="Only of this type, e.g. missing-right.")] = None,
    owner: Annotated[str | None, typer.Option("--owner", help="Only what this owner answers for.")] = None,
    ended: Annotated[bool, typer.Option("--ended", help="Those that ended.")] = False,
    as_json: Json = False,
) -> None:
    """What does not agree, the oldest first."""
    from tillway.cli.reconciling import list_breaks

    chosen = {"domain": domain, "shop": shop, "type": kind, "owner": owner, "ended": "true" if ended else None}
    list_breaks(state, chosen, as_json=as_json)


@breaks.command()
def assign(
    which: Break,
    owner: Annotated[str, typer.Argument(help="Who answers for it from now on.")],
    reason: Reason,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Give a break to somebody else."""
    from tillway.cli.reconciling import act

    act(state, which, "assign", {"owner": owner, "reason": reason}, as_json=as_json)


@breaks.command()
def accept(which: Break, reason: Reason, state: State = None, as_json: Json = False) -> None:
    """Leave a difference as it is; it is open again once it is another one."""
    from tillway.cli.reconciling import act

    act(state, which, "accept", {"reason": reason}, as_json=as_json)
