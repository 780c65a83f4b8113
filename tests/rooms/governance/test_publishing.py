"""Two phases: every live node prepares, then all run the release; one that cannot stops it for everybody."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta

import asyncpg
import pytest
from tests.rooms.governance.world import APPROVER, BASE, node, proposed, publish, texts

from tillway import clock
from tillway.errors import Conflict, Misconfigured
from tillway.governance import changes, drift, landscape_of, publishing, releases
from tillway.landscape import Landscape
from tillway.postgres import Database

# Within this all nodes run what was published.
SECONDS = 2.0


@pytest.fixture
async def db(dsn: str) -> AsyncIterator[Database]:
    """The module's database with nothing released."""
    async with Database(dsn, "test") as opened:
        yield opened
        await opened.fetch("ALTER TABLE governance.bundles ENABLE TRIGGER immutable")
        await opened.fetch(
            "TRUNCATE governance.changes, governance.bundles, governance.releases, governance.nodes CASCADE"
        )
        await opened.fetch("INSERT INTO governance.head DEFAULT VALUES")


def refusing(given: Mapping[str, str]) -> Landscape:
    """A node whose own ground cannot bear the release."""
    if landscape_of(given).organisation.name == "Broken":
        raise Misconfigured("this node has no room for it", remedy="give it room")
    return landscape_of(given)


async def test_all_nodes_run_a_release_within_two_seconds_of_its_publication(db: Database) -> None:
    async with node(db) as one, node(db) as other:
        change = await proposed(db, texts("Fresh"))
        began = time.monotonic()
        made = await publish(db, change)
        await asyncio.gather(one.runs(2), other.runs(2))
        assert time.monotonic() - began < SECONDS
        assert {one.landscape.hash, other.landscape.hash} == {change.hash, made.manifest.hash}
        told = await drift.nodes(db)
        assert [(each.release, each.hash, each.alive) for each in told] == [(2, change.hash, True)] * 2
        assert await drift.drifts(db, clock.now() + timedelta(minutes=1)) == ()


async def test_what_was_in_force_of_the_files_is_the_first_release(db: Database) -> None:
    """So that there is a way back from the first publication."""
    change = await proposed(db, texts("Fresh"))
    made = (await publish(db, change)).manifest
    first = await releases.release(db, 1)
    assert (made.number, made.parent, made.parent_digest) == (2, 1, releases.digest_of(first))
    assert (first.manifest.kind, first.manifest.hash) == ("files", landscape_of(BASE).hash)
    assert await releases.texts_of(db, first.manifest.bundle) == BASE
    assert [(each.person, each.boards) for each in made.approvals] == [(APPROVER, ())]
    assert (await changes.change(db, change.id)).release == 2


async def test_a_node_that_cannot_take_it_over_stops_it_for_everybody(db: Database) -> None:
    async with node(db) as one, node(db, compiling=refusing) as other:
        change = await proposed(db, texts("Broken"))
        with pytest.raises(publishing.NotReady, match="this node has no room for it"):
            await publish(db, change)
        assert await releases.in_force(db) is None
        assert {one.release, other.release} == {None}
        good = await proposed(db, texts("Good"))
        await publish(db, good)
        await asyncio.gather(one.runs(2), other.runs(2))


async def test_a_node_that_died_is_waited_for_no_longer_than_its_signs_of_life_are_young(db: Database) -> None:
    async with node(db) as one:
        await db.fetch(
            "INSERT INTO governance.nodes (id, kind, host, pid, directory, version, hash, beat_at)"
            " SELECT gen_random_uuid(), 'door', 'gone', 1, '/', '0', '', now() - $1 * interval '1 second'",
            publishing.LIVE_SECONDS - 0.3,
        )
        change = await proposed(db, texts("Fresh"))
        await publish(db, change)
        await one.runs(2)
        assert [each.alive for each in await drift.nodes(db) if each.host == "gone"] == [False]


async def test_a_node_that_is_alive_and_silent_stops_it(db: Database) -> None:
    async with node(db) as one:
        await db.fetch(
            "INSERT INTO governance.nodes (id, kind, host, pid, directory, version, hash)"
            " SELECT gen_random_uuid(), 'door', 'mute', 7, '/', '0', ''"
        )
        change = await proposed(db, texts("Fresh"))
        with pytest.raises(publishing.NotReady, match="the door 7 on mute did not answer in time"):
            await publish(db, change, seconds=0.3)
        assert one.release is None


async def test_who_starts_later_runs_what_is_in_force(db: Database) -> None:
    change = await proposed(db, texts("Fresh"))
    await publish(db, change)
    async with node(db) as late:
        assert (late.release, late.landscape.hash) == (2, change.hash)


async def test_who_missed_a_nudge_finds_the_release_with_the_next_beat(db: Database, monkeypatch) -> None:
    async with node(db) as one:
        monkeypatch.setattr(publishing, "RELEASES_CHANNEL", "nobody_listens")
        change = await proposed(db, texts("Fresh"))
        await publish(db, change)
        await one.runs(2)


async def test_the_old_release_anew_restores_exactly_what_was(db: Database) -> None:
    async with node(db) as one:
        was = one.landscape
        fresh = await proposed(db, texts("Fresh"))
        await publish(db, fresh)
        await one.runs(2)
        first = await releases.release(db, 1)
        back = await proposed(
            db,
            await releases.texts_of(db, first.manifest.bundle),
            texts("Fresh"),
            kind="rollback",
            rolls_back_to=1,
        )
        made = (await publish(db, back)).manifest
        await one.runs(3)
        assert (made.hash, made.bundle, made.rolls_back_to) == (was.hash, first.manifest.bundle, 1)
        assert one.landscape == was


async def test_of_two_publications_at_once_one_has_its_turn(db: Database) -> None:
    one, other = await proposed(db, texts("One")), await proposed(db, texts("Other"))
    attempt = await publishing.begin(db, one, APPROVER, lambda *_: None)
    with pytest.raises(Conflict, match=str(one.id)):
        await publishing.begin(db, other, APPROVER, lambda *_: None)
    await publishing.fail(db, attempt, "given up")
    await publish(db, other)


async def test_an_attempt_whose_publisher_was_lost_frees_the_way(db: Database) -> None:
    one, other = await proposed(db, texts("One")), await proposed(db, texts("Other"))
    lost = await publishing.begin(db, one, APPROVER, lambda *_: None)
    await db.fetch("UPDATE governance.activations SET expires_at = now() - interval '1 second'")
    await publish(db, other)
    state = await db.fetchrow("SELECT state, error FROM governance.activations WHERE id = $1", lost.id)
    assert tuple(state) == ("failed", "its publisher was lost")


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM governance.releases",
        "UPDATE governance.releases SET signature = ''",
        "DELETE FROM governance.bundles",
        "UPDATE governance.bundles SET texts = ''",
    ],
)
async def test_what_was_released_stays_as_it_is(db: Database, statement: str) -> None:
    await publish(db, await proposed(db, texts("Fresh")))
    with pytest.raises(asyncpg.PostgresError, match="stays as it is"):
        await db.fetch(statement)


async def test_texts_that_are_not_what_was_released_are_refused(db: Database) -> None:
    change = await proposed(db, texts("Fresh"))
    async with db.transaction() as tx:
        await tx.execute("ALTER TABLE governance.bundles DISABLE TRIGGER immutable")
        await tx.execute("UPDATE governance.bundles SET texts = 'x' WHERE digest = $1", change.bundle)
    with pytest.raises(Misconfigured, match="not what was released"):
        await releases.texts_of(db, change.bundle)
