"""Files that are half written while the hub looks: the landscape in force stays, and the whole one follows."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.pure.landscape.sample import YAML

from tillway.app.landscapes import Watched
from tillway.postgres import Database
from tillway.settings import Settings

HALF = "events:\n  card.used: {owner: gifts, data_cl"
WHOLE = "events:\n  card.used: {owner: gifts, data_class: internal}\n"


async def test_a_half_written_landscape_is_not_taken_over_and_the_whole_one_is(dsn: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(YAML)
    async with Database(dsn, "door") as db:
        watched = await Watched.open(Settings(landscape=tmp_path), db, "door")
        before, changes, taken = watched.active.current, asyncio.Event(), []
        watched.on_change(changes.set)
        watched.active.subscribe(taken.append)
        running = asyncio.create_task(watched.run())
        try:
            for broken in (HALF, "contracts", "\x00", "{" * 5_000):
                (tmp_path / "b.yaml").write_text(broken)
                await looked_at(watched)
                assert watched.active.current is before
            (tmp_path / "b.yaml").write_text(WHOLE)
            async with asyncio.timeout(20):
                while watched.active.current is before:
                    await changes.wait()
                    changes.clear()
            assert watched.active.current.event("card.used").owner == "gifts"
            assert taken == [watched.active.current]
        finally:
            running.cancel()
            await asyncio.wait({running})
        assert running.cancelled()


async def looked_at(watched: Watched) -> None:
    """Until the files as they are now were looked at."""
    mark = watched._fingerprint()
    async with asyncio.timeout(20):
        while watched._mark != mark:
            await asyncio.sleep(0.02)
