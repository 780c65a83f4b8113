"""Commands with files: `tillway export`, `tillway import`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from tillway.cli.options import DryRun, Json, State

imports = typer.Typer(no_args_is_help=True, help="Files taken in: every row judged first, each told once.")

Consumer = Annotated[str, typer.Option("--as", help="The consumer whose rights count; its secret is on this machine.")]


@imports.callback()
def group() -> None:
    """Files taken in: every row judged first, each told once."""


def export(
    domain: Annotated[Literal["products", "prices", "stock", "orders"], typer.Argument(help="What.")],
    out: Annotated[Path, typer.Option("--out", help="Where to; it is there whole or not at all.")],
    consumer: Consumer,
    form: Annotated[
        Literal["csv", "jsonl", "parquet"] | None, typer.Option("--format", help="Default: as the name ends.")
    ] = None,
    price_list: Annotated[
        list[str] | None, typer.Option(help="Prices by this list; may be repeated. Default: the consumer's own.")
    ] = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Products, prices (one row a SKU and list, of one unit), stock or orders as a file."""
    from tillway.cli.bulk.exporting import export as run

    run(state, domain, out, form, consumer=consumer, lists=price_list or [], as_json=as_json)


Rejects = Annotated[Path | None, typer.Option(help="Write what is wrong here, by row (CSV or JSON Lines).")]
ApplyValid = Annotated[bool, typer.Option("--apply-valid", help="Tell the sound rows all the same.")]


@imports.command("stock-counts")
def stock_counts(
    file: Annotated[Path, typer.Argument(help="CSV or JSON Lines: sku, location, counted, reason, reference.")],
    consumer: Consumer,
    dry_run: DryRun = False,
    apply_valid: ApplyValid = False,
    rejects: Rejects = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Tell what was counted. Run it again when it broke off: no row counts twice.

    Exit code 4 when a row was rejected; then nothing is told without --apply-valid.
    """
    from tillway.cli.bulk.importing import Asked
    from tillway.cli.bulk.importing_counts import stock_counts as run

    asked = Asked(file, consumer, dry_run=dry_run, apply_valid=apply_valid, rejects=rejects)
    run(state, asked, as_json=as_json)


@imports.command("customers")
def customers(
    file: Annotated[Path, typer.Argument(help="CSV or JSON Lines: name, and what else is known of a customer.")],
    consumer: Consumer,
    dry_run: DryRun = False,
    apply_valid: ApplyValid = False,
    rejects: Rejects = None,
    state: State = None,
    as_json: Json = False,
) -> None:
    """Create customers. Who is there already stays as they are; run it again when it broke off.

    Exit code 4 when a row was rejected; then nothing is told without --apply-valid.
    """
    from tillway.cli.bulk.importing import Asked
    from tillway.cli.bulk.importing_people import customers as run

    asked = Asked(file, consumer, dry_run=dry_run, apply_valid=apply_valid, rejects=rejects)
    run(state, asked, as_json=as_json)
