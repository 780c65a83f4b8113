"""`python -m tests.pure.docs.write`: rewrite what is generated in the documentation, from the code it tells of."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from tests.pure.docs import declared, flows, house_rules, picture, promises, running
from tests.pure.docs.pages import DOCS, name_of, pages, rewritten

PICTURE = DOCS / "demo.svg"

MAKERS: Mapping[str, Callable[[], str]] = {
    "cli": running.cli_reference,
    "envelope": promises.envelope,
    "events": promises.events,
    "landscape": declared.landscape,
    "layers": running.layer_list,
    "odoo-rights": running.odoo_rights,
    "operations": promises.operations,
    "processes": flows.processes,
    "public": promises.public,
    "rooms": running.rooms,
    "rules": house_rules.rules,
    "schedule": running.schedule,
    "scopes": promises.scopes,
    "settings": running.settings,
    "shops": running.shops,
    "switches": running.switches,
}


def made() -> dict[str, str]:
    """All blocks by name."""
    return {name: make() for name, make in MAKERS.items()}


def main() -> None:
    """Rewrite every page that differs, and the picture."""
    texts = made()
    for page in pages():
        old = page.read_text()
        new = rewritten(old, texts)
        if new != old:
            page.write_text(new)
            sys.stdout.write(f"{name_of(page)} rewritten\n")
    drawn = picture.drawn()
    if not PICTURE.exists() or PICTURE.read_text() != drawn:
        PICTURE.write_text(drawn)
        sys.stdout.write(f"{name_of(PICTURE)} rewritten\n")


if __name__ == "__main__":
    main()
