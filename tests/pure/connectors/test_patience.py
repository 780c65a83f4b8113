"""How long Odoo is waited for, and what it is not asked to tell: figures of a real Odoo 19."""

from __future__ import annotations

import re
from pathlib import Path

from tillway.connectors.odoo import WATCHED
from tillway.connectors.odoo.client import BOOK, READ, WRITE

ROOM = Path(__file__).parents[3] / "src" / "tillway" / "connectors" / "odoo"

PAUSES = (2, 4, 8, 16)
"""Seconds that a server pauses at most between its own five attempts."""

LOCKED = 5.1
"""Seconds that a write took behind a lock of four."""

BULK = ("stock.quant", "stock.move", "sale.order.line", "account.move.line", "pos.order", "pos.order.line")


def test_booking_is_waited_for_longer_than_the_server_tries_by_itself() -> None:
    """Who gives up earlier leaves the work running there, does not know what became of it, and gets in its way."""
    assert sum(PAUSES) < BOOK.seconds
    assert WRITE.seconds > LOCKED
    assert READ.seconds < WRITE.seconds < BOOK.seconds
    assert [kind.changes for kind in (READ, WRITE, BOOK)] == [False, True, True]


def test_no_rule_watches_what_changes_in_bulk() -> None:
    """A rule posts once a record and the call that changed them waits for each post, a second when nobody answers."""
    assert [each.what for each in WATCHED if each.model in BULK] == []


def test_no_setting_of_an_odoo_is_ever_saved() -> None:
    """Saving any setting while price lists are switched off archives all of them."""
    said = {path.name for path in ROOM.rglob("*.py") if re.search(r"res\.config\.settings", path.read_text())}
    assert said == set()
