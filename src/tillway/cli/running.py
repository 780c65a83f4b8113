"""Commands that run things: up, demo."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path

from tillway import settings
from tillway.app import child, demo, hub
from tillway.app.children import Nursery
from tillway.errors import Misconfigured

# The demo keeps to a directory of its own below the state directory.
DEMO_STATE = "demo"


def run_hub(state: Path | None, port: int | None) -> None:
    """`tillway up`."""
    given = settings.read(os.environ)
    given = replace(given, state=(state or given.state).absolute(), port=given.port if port is None else port)

    with Nursery(*hub.MODULES) as nursery:
        child.run(partial(hub.up, given, nursery))


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
    url, database, key = odoo
    outside = None
    if url is not None:
        if not database or not key:
            raise Misconfigured("--odoo-url needs --odoo-db and --odoo-key", remedy="give all three")
        outside = demo.Outside(url=url.rstrip("/"), database=database, key=key, allow_writes=allow_writes)
    plan = demo.Plan(
        settings=replace(given, state=(state or given.state / DEMO_STATE).absolute(), port=port),
        traffic=traffic,
        quiet=quiet,
        outside=outside,
    )

    with Nursery(*demo.MODULES) as nursery:
        child.run(partial(demo.run, plan, nursery))
