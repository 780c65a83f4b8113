"""Commands that run things: up, demo. They import most of what they need while Postgres is being made."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path

from tillway import settings
from tillway.errors import Misconfigured
from tillway.postgres import Embedded
from tillway.settings import Settings

# The demo keeps to a directory of its own below the state directory.
DEMO_STATE = "demo"


def run_hub(state: Path | None, port: int | None) -> None:
    """`tillway up`."""
    given = settings.read(os.environ)
    given = replace(given, state=(state or given.state).absolute(), port=given.port if port is None else port)
    embedded = _begun(given)
    from tillway.app import child, hub
    from tillway.app.children import Nursery

    with Nursery(*hub.MODULES) as nursery:
        child.run(partial(hub.up, given, nursery, embedded))


def run_demo(
    *,
    state: Path | None,
    port: int,
    traffic: bool,
    quiet: bool,
    odoo: tuple[str | None, str | None, str | None],
    allow_writes: bool,
) -> None:
    """`tillway demo`."""
    given = settings.read(os.environ)
    given = replace(given, state=(state or given.state / DEMO_STATE).absolute(), port=port)
    url, database, key = odoo
    if url is not None and not (database and key):
        raise Misconfigured("--odoo-url needs --odoo-db and --odoo-key", remedy="give all three")
    embedded = _begun(given)
    from tillway.app import child, demo
    from tillway.app.children import Nursery

    outside = None
    if url and database and key:
        outside = demo.Outside(url=url.rstrip("/"), database=database, key=key, allow_writes=allow_writes)
    plan = demo.Plan(settings=given, traffic=traffic, quiet=quiet, outside=outside)
    with Nursery(*demo.MODULES) as nursery:
        child.run(partial(demo.run, plan, nursery, embedded))


def _begun(given: Settings) -> Embedded | None:
    """The embedded Postgres, in the making; none when the settings name another."""
    if given.database_url:
        return None
    embedded = Embedded(given.state)
    embedded.begin()
    return embedded
