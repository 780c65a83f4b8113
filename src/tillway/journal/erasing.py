"""What the journal holds of people, and that nothing of somebody erased comes back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tillway.journal.appending import SQL
from tillway.journal.event import PERSONAL_AT
from tillway.postgres import Column, Personal, Tx

# Staged events are never changed: they are sequenced within moments, and erased where they lie then.
PERSONAL: Final = Personal(
    schema="journal",
    columns={
        ("events", "personal"): Column(mend="null", sealed=PERSONAL_AT),
        ("events", "data"): Column(),
        ("events", "correlationid"): Column(),
        ("events", "causationid"): Column(),
        ("staged", "personal"): Column(mend="none", sealed=PERSONAL_AT),
        ("parked", "detail"): Column(),
        ("parked", "note"): Column(),
        ("followers", "held_for"): Column(),
    },
    about={"events": "subject", "staged": "subject"},
)


async def bar(tx: Tx, subjects: Iterable[str]) -> None:
    """From this commit on, events about these entities are appended without their personal members."""
    # In order, as appending takes the locks of its keys.
    if barred := sorted(set(subjects)):
        await tx.execute(SQL["bar"], barred)
