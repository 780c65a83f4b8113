"""Commands for whoever writes a landscape or a contract: begin, check, compare, hold a provider against it."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer

from tillway.cli.options import Json, State


def init(
    directory: Annotated[Path, typer.Argument(help="Where to write it; made if it is not there.")],
    force: Annotated[bool, typer.Option("--force", help="Write over files that are there.")] = False,
    from_odoo: Annotated[str | None, typer.Option(help="Draft it from this Odoo, which is only read.")] = None,
    database: Annotated[str, typer.Option(help="Its database.")] = "",
) -> None:
    """Write a commented landscape to begin with, or one drafted from a live Odoo; its key is ODOO_KEY, or asked for."""
    from tillway.cli.starting import init as run
    from tillway.cli.starting import init_from_odoo

    if from_odoo is None:
        run(directory, force=force)
        return
    name = database or typer.prompt("Database")
    key = os.environ.get("ODOO_KEY") or typer.prompt("API key", hide_input=True)
    init_from_odoo(directory, from_odoo, name, key, force=force)


def check(
    directory: Annotated[Path | None, typer.Argument(help="A landscape's directory (default: the hub's).")] = None,
    state: State = None,
    form: Annotated[
        Literal["human", "json", "sarif", "spectral"], typer.Option("--format", help="How to tell.")
    ] = "human",
    fail_on: Annotated[Literal["error", "warning"], typer.Option(help="Exit code 1 from this severity on.")] = "error",
    today: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Check as on this day.")] = None,
    rules: Annotated[bool, typer.Option("--rules", help="List the house rules.")] = False,
    explain: Annotated[str | None, typer.Option(help="Tell of one rule: why, example, remedy.")] = None,
    as_json: Json = False,
) -> None:
    """Is a landscape sound, do its policies decide as tests expect, does it keep the house rules. Offline.

    Exit code 1 for findings, 2 when it cannot be read or does not hold together.
    """
    from tillway.cli import rules as run

    told: Literal["human", "json", "sarif", "spectral"] = "json" if as_json else form
    if rules:
        run.list_rules(form=told)
    elif explain is not None:
        run.explain(explain, form=told)
    else:
        run.check(directory, state, form=told, fail_on=fail_on, today=today)


def diff(
    old: Annotated[
        Path | None, typer.Argument(help="A contract document (OpenAPI 3, JSON Schema) or a landscape.")
    ] = None,
    new: Annotated[Path | None, typer.Argument(help="Its counterpart, of the same sort.")] = None,
    against: Annotated[
        str | None, typer.Option(help="Compare the landscape with itself at this git revision, or `release` in force.")
    ] = None,
    landscape: Annotated[Path, typer.Option(help="The landscape's directory, for --against.")] = Path("landscape"),
    state: State = None,
    as_json: Json = False,
) -> None:
    """What a change means for whoever relies on it: same, additive or breaking. Offline but for `--against release`.

    Exit codes: 0 same or additive, 1 breaking, 2 something cannot be read.
    """
    from tillway.cli.differing import diff as run

    run(old, new, against, landscape, state, as_json=as_json)


def conformance(
    provider: Annotated[
        str, typer.Argument(help="Base URL of the provider; without a path, the document's own is added.")
    ],
    api: Annotated[
        str | None, typer.Option(help="Hold it against the contract of this interface, e.g. orders.")
    ] = None,
    document: Annotated[Path | None, typer.Option(help="Or against this OpenAPI document.")] = None,
    pact: Annotated[Path | None, typer.Option(help="Or against this pact (v3 or v4) of a consumer.")] = None,
    token: Annotated[str | None, typer.Option(envvar="PROVIDER_TOKEN", help="Bearer token to ask with.")] = None,
    header: Annotated[list[str] | None, typer.Option(help="A further header, 'Name: value'; may be repeated.")] = None,
    writes: Annotated[bool, typer.Option("--writes", help="Also ask what may change something there.")] = False,
    seconds: Annotated[float, typer.Option(min=1, max=3600, help="Time for all operations together.")] = 60.0,
    states: Annotated[str | None, typer.Option(help="URL that brings about a pact's provider states.")] = None,
    as_json: Json = False,
) -> None:
    """Does a provider honour a contract, or keep a consumer's pact: asked for real, told by operation."""
    from tillway.cli import conforming as run

    if sum(each is not None for each in (api, document, pact)) != 1:
        raise typer.BadParameter("name one of --api, --document and --pact")
    headers = run.headers(header or [], token)
    if pact is not None:
        run.pact(provider, pact, headers=headers, states=states, as_json=as_json)
    else:
        run.contract(
            provider, api=api, document=document, headers=headers, writes=writes, seconds=seconds, as_json=as_json
        )


COMMANDS: Final[tuple[Callable[..., Any], ...]] = (init, check, diff, conformance)
