"""Real processes for the story of the journal: writers, runners and sequencers that may be killed and stopped.

`python -m tests.rooms.journal.actors DSN DIRECTORY` imports once and forks on demand; see `Stage` for its commands.
An actor that finds the file `DIRECTORY/<name>.<signal>` in the middle of a batch gives itself that signal.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Self

import asyncpg

from tillway import ids
from tillway.app.child import die_with
from tillway.errors import TryAgain
from tillway.journal import Event, Follower, Recorded, Runner, Sequencer, Tail, appending
from tillway.postgres import Database, Part, Tx

KEYS = tuple(f"key-{number}" for number in range(20))
# Long transactions keep to two keys that the short ones seldom take, or nearly all of them would wait all the time.
LONG_WRITERS = ("writer-0", "writer-1")
LONG_KEYS = KEYS[-2:]
LANES = 4
LEASE_SECONDS = 2.0

SCHEMA = """
CREATE SCHEMA story;
-- Gives a transaction its id early, as the record of a business transaction would.
CREATE TABLE story.work (writer int);
-- The truth: what was committed, in its order for a key. Read by the two cursors that fail, too.
CREATE TABLE story.counters (key text PRIMARY KEY, n int NOT NULL);
CREATE TABLE story.outbox (
    id bigserial PRIMARY KEY, xid xid8 NOT NULL DEFAULT pg_current_xact_id(), key text NOT NULL, n int NOT NULL
);
-- What the follower did. No constraint stands in the way of doing it twice.
CREATE TABLE story.applied (
    serial bigserial, by text NOT NULL, position bigint NOT NULL, key text NOT NULL, sequence bigint, n int
);
"""

COUNT = "UPDATE story.counters SET n = n + 1 WHERE key = $1 RETURNING n"
OUTBOX = "INSERT INTO story.outbox (key, n) VALUES ($1, $2)"


def happened(key: str, n: int) -> Event:
    return Event(type="story.told", subject=key, data={"n": n}, correlation="story")


async def write(dsn: str, directory: Path, name: str) -> None:
    """Write until the file `stop` appears: short transactions of the hub, some undone; two writers hold 2 s ones, too."""
    chance = random.Random(name)
    async with Database(dsn, name) as db:
        while not (directory / "stop").exists():
            if name in LONG_WRITERS and chance.random() < 0.2:
                await write_long(dsn, chance.choice(LONG_KEYS), 2.0)
            try:
                await write_short(db, chance)
            except (TryAgain, ZeroDivisionError):
                continue


async def write_short(db: Database, chance: random.Random) -> None:
    async with db.transaction() as tx:
        await tx.execute("INSERT INTO story.work VALUES (1)")
        if chance.random() < 0.5:
            await tx.execute("SELECT pg_sleep($1)", chance.uniform(0, 0.03))
        events = []
        keys = KEYS if chance.random() < 0.03 else KEYS[:-2]
        for key in sorted(chance.sample(keys, chance.choice((1, 1, 1, 2)))):
            n = await tx.fetchval(COUNT, key)
            tx.stage(Part("outbox", OUTBOX, (key, n)))
            events.append(happened(key, n))
        tx.stage(appending(events))
        await tx.execute("SELECT pg_sleep($1)", chance.uniform(0, 0.02))
        if chance.random() < 0.1:
            raise ZeroDivisionError


async def write_long(dsn: str, key: str, seconds: float) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            await tell(connection, key)
            await connection.execute("SELECT pg_sleep($1)", seconds)
    finally:
        await connection.close()


async def tell(connection: Any, key: str) -> None:
    """What a transaction of the story does, on a bare connection."""
    n = await connection.fetchval(COUNT, key)
    await connection.execute(OUTBOX, key, n)
    part = appending([happened(key, n)])
    await connection.execute(part.sql, *part.args)


async def follow(dsn: str, directory: Path, name: str) -> None:
    """A works process that only follows."""

    async def apply(tx: Tx, events: Sequence[Recorded]) -> None:
        await tx.execute(
            "INSERT INTO story.applied (by, position, key, sequence, n) SELECT $1, * FROM "
            "unnest($2::bigint[], $3::text[], $4::bigint[], $5::int[])",
            name,
            [event.position for event in events],
            [event.partitionkey for event in events],
            [event.sequence for event in events],
            [event.data["n"] for event in events],
        )
        obey(directory, name)

    follower = Follower(
        name="storyteller", types=frozenset({"story.told"}), owner="test", apply=apply, lanes=LANES, starts="oldest"
    )
    async with Database(dsn, name) as db:
        tail = Tail(db)
        await tail.start()
        runner = Runner(db, tail, ids.named(name), [follower], lease_seconds=LEASE_SECONDS)
        await asyncio.gather(tail.run(), runner.run())


async def sequence(dsn: str, directory: Path, name: str) -> None:
    """A works process that only sequences, or stands by."""
    async with Database(dsn, name) as db:
        await Sequencer(db, ids.named(name), lease_seconds=LEASE_SECONDS).run()


def obey(directory: Path, name: str) -> None:
    for number in (signal.SIGKILL, signal.SIGSTOP):
        order = directory / f"{name}.{number.name}"
        if order.exists():
            order.unlink()
            os.kill(os.getpid(), number)


ROLES: dict[str, Callable[[str, Path, str], Awaitable[None]]] = {
    "write": write,
    "follow": follow,
    "sequence": sequence,
}


def main(dsn: str, directory: Path) -> None:
    """Reads commands as JSON lines: {"role", "name"} forks and answers the process id, {"wait": pid} its status."""
    for line in sys.stdin:
        command: dict[str, Any] = json.loads(line)
        if "wait" in command:
            answer = os.waitpid(command["wait"], 0)[1]
        else:
            parent, answer = os.getpid(), os.fork()
            if answer == 0:
                die_with(parent)
                play(command["role"], dsn, directory, command["name"])
        print(answer, flush=True)


def play(role: str, dsn: str, directory: Path, name: str) -> None:
    code = 1
    try:
        asyncio.run(ROLES[role](dsn, directory, name))
        code = 0
    finally:
        sys.stderr.flush()
        os._exit(code)


class Stage:
    """The test's side: starts actors, gives them orders, and knows when they have ended."""

    def __init__(self, dsn: str, directory: Path) -> None:
        self.directory = directory
        self.process: Any = None
        self.running: dict[str, int] = {}
        self._dsn = dsn

    async def __aenter__(self) -> Self:
        root = Path(__file__).parents[3]
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.rooms.journal.actors", self._dsn, str(self.directory)),
            cwd=root,
            env=os.environ | {"PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        for pid in self.running.values():
            os.kill(pid, signal.SIGKILL)
        self.process.stdin.close()
        await self.process.wait()

    async def start(self, role: str, name: str) -> None:
        self.running[name] = await self._ask({"role": role, "name": name})

    async def ended(self, name: str) -> int:
        """Wait for an actor's end: its exit code, or the signal that ended it, negative."""
        return os.waitstatus_to_exitcode(await self._ask({"wait": self.running.pop(name)}))

    def order(self, name: str, number: signal.Signals) -> None:
        """In the middle of its next batch the actor does this to itself."""
        (self.directory / f"{name}.{number.name}").touch()

    def send(self, name: str, number: signal.Signals) -> None:
        os.kill(self.running[name], number)

    def stopped(self, name: str) -> bool:
        status = Path(f"/proc/{self.running[name]}/stat").read_text()
        return status.rpartition(")")[2].split()[0] == "T"

    async def _ask(self, command: dict[str, Any]) -> int:
        self.process.stdin.write(json.dumps(command).encode() + b"\n")
        return int(await self.process.stdout.readline())


async def until(condition: Callable[[], Awaitable[Any]], seconds: float = 15.0) -> Any:
    """The first truthy answer of the condition, or a failure at the deadline."""
    deadline = time.monotonic() + seconds
    while not (found := await condition()):
        assert time.monotonic() < deadline, f"{condition.__qualname__} did not come true in {seconds} s"
        await asyncio.sleep(0.005)
    return found


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
