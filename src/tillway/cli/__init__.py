"""The command line. Commands import what they need when they run, so that `tillway --help` starts in 0.3 s."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from tillway.cli import (
    access,
    agreeing,
    auditing,
    freshness,
    governing,
    parked,
    persons,
    process,
    registry,
    reviewing,
    sale,
    subscription,
    sync,
)
from tillway.cli.bulk import commands as bulk
from tillway.cli.options import DryRun, Json, Reason, State
from tillway.errors import Misconfigured, TillwayError

app = typer.Typer(
    name="tillway",
    help="The governed integration hub between Odoo and everything that sells.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

app.add_typer(parked.app, name="parked")
app.add_typer(process.app, name="process")
app.add_typer(sale.app, name="sale")
app.add_typer(subscription.app, name="subscription")
app.add_typer(registry.app, name="consumer")
app.add_typer(auditing.app, name="audit")
app.add_typer(access.devices, name="device")
app.add_typer(persons.app, name="person")
app.add_typer(sync.app, name="sync")
app.add_typer(agreeing.breaks, name="breaks")
app.command()(agreeing.reconcile)
app.command()(agreeing.quality)

app.command()(freshness.freshness)
app.command()(bulk.export)
app.add_typer(bulk.imports, name="import")
for command in (*reviewing.COMMANDS, *governing.COMMANDS):
    app.command()(command)

EXIT_FAILED = 1
EXIT_MISCONFIGURED = 3
"""2 is taken by wrong usage, and by what `tillway check` cannot read."""


@app.command()
def up(
    state: State = None,
    port: Annotated[int | None, typer.Option(help="Port of the front door; 0 takes any free one.")] = None,
) -> None:
    """Run the hub: Postgres (unless TILLWAY_DATABASE_URL names one), front doors and works, until stopped."""
    from tillway.cli.running import run_hub

    run_hub(state, port)


@app.command()
def demo(
    state: State = None,
    port: Annotated[int, typer.Option(help="Port of the front door; 0 takes any free one.")] = 8080,
    no_traffic: Annotated[bool, typer.Option("--no-traffic", help="Start everything, sell nothing.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No live view.")] = False,
    odoo_url: Annotated[str | None, typer.Option(help="Use this Odoo instead of the sandbox.")] = None,
    odoo_db: Annotated[str | None, typer.Option(help="Its database.")] = None,
    odoo_key: Annotated[str | None, typer.Option(envvar="ODOO_KEY", help="An API key of it.")] = None,
    allow_writes: Annotated[bool, typer.Option("--allow-writes", help="Let the demo write to that Odoo.")] = False,
) -> None:
    """A sample retailer on loopback: tills sell, prices change, a subscriber listens. Ctrl-C stops it all."""
    from tillway.cli.running import run_demo

    run_demo(
        state=state,
        port=port,
        traffic=not no_traffic,
        quiet=quiet,
        odoo=(odoo_url, odoo_db, odoo_key),
        allow_writes=allow_writes,
    )


@app.command()
def follow(
    state: State = None,
    types: Annotated[str, typer.Option(help="Only these event types, parted by commas.")] = "",
    after: Annotated[str, typer.Option(help="Begin after this cursor (default: the newest).")] = "",
    limit: Annotated[int, typer.Option(help="Stop after so many events; 0 never.")] = 0,
    as_json: Json = False,
) -> None:
    """Tail the journal: one line an event, as it happens."""
    from tillway.cli.looking import follow as run

    run(state, types=types, after=after, limit=limit, as_json=as_json)


@app.command()
def trace(
    key: Annotated[str, typer.Argument(help="Order or sale id, reference, till/epoch/sequence, or the ERP's number.")],
    state: State = None,
    as_json: Json = False,
) -> None:
    """The path of one sale or order, stage by stage, and where it is late."""
    from tillway.cli.looking import trace as run

    run(state, key, as_json=as_json)


@app.command()
def replay(
    follower: Annotated[str, typer.Argument(help="Who reads again, e.g. `process book-sale` or `webhook <id>`.")],
    begin: Annotated[str, typer.Option("--from", help="A position (read again itself) or a cursor (read after).")],
    reason: Reason,
    dry_run: DryRun = False,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Let a follower read the journal again from an earlier position: what it applies or delivers comes again."""
    from tillway.cli.replaying import replay as run

    run(state, follower, begin=begin, reason=reason, dry_run=dry_run, as_json=as_json)


@app.command()
def erase(
    subject: Annotated[str, typer.Argument(help="An order's or sale's id, a customer's id, an e-mail, a name.")],
    reason: Reason,
    kind: Annotated[str | None, typer.Option(help="entity, customer or value; default: the first that fits.")] = None,
    dry_run: DryRun = False,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Erase a person from every room and prove it by looking again. Exit code 1 when something is left."""
    from tillway.cli.erasing import erase as run

    run(state, subject, kind=kind, reason=reason, dry_run=dry_run, as_json=as_json)


@app.command()
def reveal(
    token: Annotated[str, typer.Argument(help="As it is shown: [token:personal:...].")],
    reason: Reason,
    state: State = None,
    as_json: Json = False,
) -> None:
    """The value a token stands for, for those who may read its class. Put down in the audit and the log."""
    from tillway.cli.revealing import reveal as run

    run(state, token, reason=reason, as_json=as_json)


@app.command("rotate-sealing-key")
def rotate_sealing_key(reason: Reason, state: State = None, as_json: Json = False) -> None:
    """Make the next key that seals what is kept; what was sealed before stays readable. On a machine of the hub."""
    from tillway.cli.sealing_keys import rotate as run

    run(state, reason, as_json=as_json)


@app.command()
def token(
    consumer: Annotated[str, typer.Argument(help="A consumer of the landscape.")],
    scope: Annotated[list[str] | None, typer.Option(help="Ask for this scope; may be repeated.")] = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """An access token for a consumer, with the secret that the landscape refers to on this machine."""
    from tillway.cli.looking import token as run

    run(state, consumer, scope or [], as_json=as_json)


@app.command()
def migration(
    version: Annotated[str, typer.Argument(help="Interface and version, e.g. orders/v1.")],
    state: State = None,
    as_json: Json = False,
) -> None:
    """Who still calls a version of an interface, down to the till, and whether they call its successor already."""
    from tillway.cli.migrating import migration as run

    run(state, version, as_json=as_json)


@app.command()
def doctor(state: State = None, as_json: Json = False) -> None:
    """Is everything well: database, Odoo version and key, clock, followers' lag. Exit code 1 when something is not."""
    from tillway.cli.checking import doctor as run

    run(state, as_json=as_json)


@app.command("sign-in")
def sign_in(
    state: State = None,
    hub: Annotated[str | None, typer.Option("--hub", help="Public address of a hub elsewhere.")] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only tell the address to open.")] = False,
    as_json: Json = False,
) -> None:
    """Act as yourself: sign in with the retailer's identity provider. Commands then use your rights."""
    from tillway.cli.people import sign_in as run

    run(state, hub, browser=not no_browser, as_json=as_json)


@app.command("sign-out")
def sign_out(as_json: Json = False) -> None:
    """Sign out: every token that you were given since you signed in counts no more."""
    from tillway.cli.people import sign_out as run

    run(as_json=as_json)


@app.command("break-glass")
def break_glass(reason: Reason, state: State = None, as_json: Json = False) -> None:
    """A token for all operations for 15 minutes, when nobody can sign in. Audit, journal and log tell of it."""
    from tillway.cli.people import break_glass as run

    run(state, reason, as_json=as_json)


def main() -> None:
    """Entry point: errors raised on purpose become one clear line and an exit code."""
    try:
        app()
    except Misconfigured as error:
        _fail(error, EXIT_MISCONFIGURED)
    except TillwayError as error:
        _fail(error, EXIT_FAILED)


def _fail(error: TillwayError, code: int) -> None:
    sys.stderr.write(f"tillway: {error.detail}\n")
    if error.remedy:
        sys.stderr.write(f"  -> {error.remedy}\n")
    raise SystemExit(code)
