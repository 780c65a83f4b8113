"""`tillway import customers`: each row created as a customer, unless the hub holds that customer already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tillway.cli.bulk.importing import Asked, Import, run_import
from tillway.cli.bulk.people import TABLE, judged, key
from tillway.cli.bulk.rows import Reject
from tillway.cli.bulk.spool import PeopleSpool
from tillway.cli.consuming import Consumer


def customers(state: Path | None, asked: Asked, *, as_json: bool) -> None:
    """Import, and tell what came of it. Exit code 4 when a row was rejected."""
    run_import(People, PeopleSpool(), state, asked, as_json=as_json)


class People(Import):
    """Customers. Whether one is there already is the hub's to say as it creates them; nothing is looked up before."""

    table = TABLE
    scopes = ("customers:write",)
    path = "/customers/v1/customers"
    called = "customers"

    spool: PeopleSpool

    def judge(self, row: int, cells: Mapping[str, Any]) -> list[Reject]:
        """What is wrong with a row by itself; a sound one is spooled."""
        person, wrong = judged(row, cells)
        if person is not None:
            self.spool.add(person)
        return wrong

    def key(self, digest: str, row: int) -> str:
        """The Idempotency-Key of a row of the file with this digest."""
        return key(digest, row)

    def bodies(self, at_once: int) -> Iterator[list[tuple[int, bytes]]]:
        """Row and JSON body of all sound rows in the order of the file, so many at once."""
        return self.spool.sound(at_once)

    async def look_up(self, hub: Consumer) -> None:
        """Nothing: asking for people before creating them would be a race, and creating them asks."""
