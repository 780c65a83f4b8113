"""Customers who are in a back office more than once: records that share what is one's alone, told by their ids.

What they share is known here by its digest only, and neither it nor a name stands in a finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from tillway.postgres import Database, Part
from tillway.records.customers import SQL as CUSTOMERS
from tillway.records.statements import SQL

PAGE: Final = 500
"""Things shared, or findings, looked at in one transaction."""

FOUND_MAX: Final = 20_000
"""Findings of one look, some 5 MB: with more of them no list helps, and those beyond are found once these are fewer."""

NAMED: Final = 5
"""Others whom a finding names."""

_WORDS: Final[Mapping[str, str]] = {
    "email": "its e-mail address",
    "phone": "its phone number",
    "vat": "its tax number",
}


async def look(db: Database, connection: str) -> int:
    """Open what is new, end what is so no more; how many there are."""
    found: set[tuple[str, str]] = set()
    after = ""
    while len(found) < FOUND_MAX:
        shared = await db.fetch(CUSTOMERS["shared_customer_keys"], after, PAGE)
        if not shared:
            await _end(db, connection, found)
            break
        after = shared[-1]["digest"]
        rows = await db.fetch(CUSTOMERS["customers_sharing"], connection, [row["digest"] for row in shared])
        told = findings(rows)
        found |= told.keys()
        if told:
            async with db.transaction() as tx:
                columns = [list(each) for each in zip(*((*key, detail) for key, detail in told.items()), strict=True)]
                tx.stage(Part("records_customer_findings", SQL["open_customer_findings"], (connection, *columns)))
    return len(found)


def findings(rows: Iterable[Any]) -> dict[tuple[str, str], str]:
    """What is to be told of whom: by foreign id and kind, in words. Pure."""
    others: dict[tuple[str, str], set[str]] = {}
    words: dict[tuple[str, str], str] = {}
    for row in rows:
        for theirs in row["theirs"]:
            key = (theirs, f"duplicate-{row['kind']}")
            others.setdefault(key, set()).update(each for each in row["theirs"] if each != theirs)
            words[key] = _WORDS[row["kind"]]
    return {key: f"shares {words[key]} with {_listed(named)}" for key, named in sorted(others.items())}


async def _end(db: Database, connection: str, found: set[tuple[str, str]]) -> None:
    after = 0
    while rows := await db.fetch(SQL["customer_findings_open"], connection, after, PAGE):
        after = rows[-1]["id"]
        over = [row["id"] for row in rows if (row["foreign_id"], row["kind"]) not in found]
        if over:
            async with db.transaction() as tx:
                await tx.execute(SQL["end_findings_of"], over)


def _listed(named: set[str]) -> str:
    ordered = sorted(named, key=lambda each: (len(each), each))
    told = ", ".join(ordered[:NAMED])
    return told if len(ordered) <= NAMED else f"{told} and {len(ordered) - NAMED} more"
