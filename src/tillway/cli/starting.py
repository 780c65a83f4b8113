"""Commands that begin something: init."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from tillway import clock
from tillway.app.first_contact import INVENTORY, drafted, look
from tillway.app.starting import schemas, starter, write


def init(directory: Path, *, force: bool) -> None:
    """`tillway init`."""
    _written(directory, starter(), force=force)


def init_from_odoo(directory: Path, url: str, database: str, key: str, *, force: bool) -> None:
    """`tillway init --from-odoo`: the Odoo is only read."""
    seen = asyncio.run(look(url.rstrip("/"), database, key))
    _written(directory, drafted(seen, year=clock.now().year) | schemas(), force=force)
    console, found = Console(), seen.survey
    console.print(
        f"{len(found.companies)} companies, {len(found.warehouses)} warehouses, {len(found.tills)} tills, "
        f"{len(found.price_lists)} price lists; {len(seen.inventory.integrations)} things integrate already: "
        f"name their owners in {directory / INVENTORY}",
        highlight=False,
    )
    for each in (*seen.probe.missing_modules, *seen.probe.without, *seen.probe.missing_rights, *seen.inventory.unseen):
        console.print(f"not there, or not to be seen: {each}", highlight=False)


def _written(directory: Path, files: Mapping[str, str], *, force: bool) -> None:
    console = Console()
    for name in write(directory, files, force=force):
        console.print(f"{directory / name}", highlight=False)
    console.print(f"change what is not yours, then: tillway check {directory}", highlight=False)
