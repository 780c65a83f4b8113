"""Rows of the audit as values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tillway.audit.anchor import Signed
from tillway.audit.entry import Class, Entry, Link, Sealed


def sealed(row: Any) -> Sealed:
    """One row of `entries`."""
    entry = Entry(
        kind_of=row["class"],
        at=row["at"],
        node=row["node"],
        operation=row["operation"],
        status=row["status"],
        network=row["network"],
        release=row["release"],
        principal=row["principal"],
        kind=row["kind"],
        actor=row["actor"],
        api=row["api"],
        subject=row["subject"],
        code=row["code"],
        policies=tuple(row["policies"]),
        correlation=row["correlation"],
        count=row["count"],
        personal=row["personal"],
    )
    return Sealed(
        number=row["number"],
        seq=row["seq"],
        sealed_at=row["sealed_at"],
        entry=entry,
        salt=row["salt"],
        personal_digest=row["personal_digest"],
        hash=row["hash"],
    )


def signed(row: Any) -> Signed:
    """One row of `anchors`."""
    return Signed(anchor=row["anchor"], number=row["number"], at=row["at"], token=row["token"])


def chains(rows: Iterable[Any]) -> tuple[dict[Class, Link], dict[Class, Link]]:
    """Where the chains end, and where they begin."""
    ends: dict[Class, Link] = {}
    floors: dict[Class, Link] = {}
    for row in rows:
        ends[row["class"]] = Link(row["seq"], row["hash"])
        floors[row["class"]] = Link(row["floor_seq"], row["floor_hash"])
    return ends, floors
