"""The part of a write that puts its entry down, inside the transaction that makes it true."""

from __future__ import annotations

from tillway.audit.entry import Entry, line
from tillway.postgres import Part, load

SQL = load("tillway.audit", "audit.sql")


def staging(entry: Entry) -> Part:
    """The part that keeps this entry. The sealer looks by itself: nobody is woken."""
    return Part("audit_entry", SQL["stage"], (line(entry),))
