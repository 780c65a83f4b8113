"""Two hubs on one database: a publication under load drops nothing, both run it at once, and a rollback restores it all."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
from tests import running_demo
from tests.contract.small_hub import SCOPES, fill
from tests.contract.test_changes import files, person
from tests.postgres_cluster import run
from tests.pure.gateway.front_door import REALM, RING, token
from tests.running_demo import TILLWAY, environment, until

from tillway import clock, sealing
from tillway.postgres import Database
from tillway.tokens import key_text

# Within this both hubs run what was published.
SECONDS = 2.0
# The loop of each client ends after so many requests, whatever happens.
REQUESTS_MAX = 2_000

PRICE = "/prices/v1/prices/TEE-CREW-S"
HEALTH = "/operations/v1/health"
KEY = "INSERT INTO identity.signing_keys (kid, private_jwk, created_at) VALUES ($1, $2, $3)"


@dataclass
class Hubs:
    """Two running hubs by their addresses, and the directory that both read."""

    urls: list[str]
    directory: Path
    answered: list[tuple[int, float]] = field(default_factory=list)

    async def ask(self, node: int, method: str, path: str, body=None, *, bearer: str):
        headers = {"Authorization": f"Bearer {bearer}"}
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, self.urls[node] + path, json=body, headers=headers) as reply,
        ):
            return reply.status, await reply.json()

    async def ready(self) -> None:
        """Both answer, and each knows the processes of both."""

        async def four() -> bool:
            try:
                answers = [await self.ask(node, "GET", "/operations/v1/nodes", bearer=person("ann")) for node in (0, 1)]
            except aiohttp.ClientError:
                return False
            return [status for status, _ in answers] == [200, 200] and len(answers[0][1]["nodes"]) == 4

        await until(four, "the processes of both hubs")

    async def operate(self, method: str, path: str, body=None, *, by: str = "ann"):
        status, answer = await self.ask(0, method, f"/operations/v1{path}", body, bearer=person(by))
        assert status in {200, 201}, answer
        return answer

    async def proposed(self, given: dict[str, str]) -> dict:
        """A change of these files, by the command line on the machine of the first hub."""
        wanted = self.directory.parent / "wanted"
        written(wanted, given)
        process = await asyncio.create_subprocess_exec(
            *(TILLWAY, "propose", str(wanted), "--reason", "prices for the web shop", "--json"),
            *("--state", str(self.directory.parent / "first")),
            env=environment(XDG_STATE_HOME=str(wanted)),
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate()
        assert process.returncode == 0, out
        return json.loads(out)

    async def approve(self, change: dict, by: str) -> None:
        vote = {"hash": change["hash"], "reason": "looked at it"}
        await self.operate("POST", f"/changes/{change['id']}/approval", vote, by=by)

    async def published(self, change: dict) -> dict:
        await self.approve(change, "bob")
        return await self.operate("POST", f"/changes/{change['id']}/publication", {"reason": "agreed"})

    async def told(self, consumer: str) -> list[tuple[int, object]]:
        """What each hub answers a consumer that asks for a price; of the answer, what no request has of its own."""
        answers = [await self.ask(node, "GET", PRICE, bearer=token(consumer, scopes=SCOPES)) for node in (0, 1)]
        return [(status, {**body, "correlation": ""}) for status, body in answers]

    async def run(self, landscape: str, began: float) -> None:
        """Both hubs enforce this landscape within the time."""
        for node in (0, 1):
            while True:
                _, health = await self.ask(node, "GET", HEALTH, bearer=token("integrator", scopes=SCOPES))
                if health["landscape"] == landscape:
                    break
                assert time.monotonic() - began < SECONDS
                await asyncio.sleep(0.01)

    @asynccontextmanager
    async def busy(self):
        """Clients that ask both hubs all the while; every answer is noted."""
        over = asyncio.Event()

        async def client(url: str) -> None:
            headers = {"Authorization": f"Bearer {token('integrator', scopes=SCOPES)}"}
            async with aiohttp.ClientSession(headers=headers) as session:
                for _ in range(REQUESTS_MAX):
                    began = time.monotonic()
                    async with session.get(url + PRICE) as reply:
                        await reply.read()
                        self.answered.append((reply.status, time.monotonic() - began))
                    if over.is_set():
                        return
                    await asyncio.sleep(0.003)

        clients = [asyncio.create_task(client(url)) for url in (*self.urls, *self.urls)]
        try:
            yield
        finally:
            over.set()
            await asyncio.gather(*clients)


@pytest.fixture
def hubs(make_database: Callable[..., str], tmp_path: Path) -> Iterator[Hubs]:
    dsn, directory = make_database(), tmp_path / "landscape"
    written(directory, files())
    run(prepared(dsn))
    key = tmp_path / "sealing.key"
    key.touch(0o600)
    key.write_text(sealing.master_text(sealing.master(sealing.new_secret())))
    states = (tmp_path / "first", tmp_path / "second")
    running = [started(dsn, state, directory, key) for state in states]
    try:
        yield Hubs([address(state, process) for state, process in zip(states, running, strict=True)], directory)
    finally:
        for process in running:
            process.terminate()
        assert [process.wait(30) for process in running] == [0] * len(running)


def written(directory: Path, given: dict[str, str]) -> None:
    for name, text in given.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)


async def prepared(dsn: str) -> None:
    """A key that these tests sign with, and prices to ask for."""
    async with Database(dsn, "test") as db:
        await db.fetch(KEY, RING.signing.kid, key_text(RING.signing), clock.now())
    await fill(dsn)


def started(dsn: str, state: Path, directory: Path, key: Path) -> subprocess.Popen[bytes]:
    state.mkdir(exist_ok=True)
    with (state / "log").open("wb") as log:
        return subprocess.Popen(
            [TILLWAY, "up", "--state", str(state), "--port", "0"],
            stdout=log,
            stderr=log,
            env=environment(
                TILLWAY_DATABASE_URL=dsn,
                TILLWAY_LANDSCAPE=str(directory),
                TILLWAY_PUBLIC_URL=REALM.issuer,
                TILLWAY_SEALING_KEY_FILE=str(key),
            ),
        )


def address(state: Path, process: subprocess.Popen[bytes]) -> str:
    deadline = time.monotonic() + running_demo.START_SECONDS
    while not (state / "hub.json").exists():
        assert process.poll() is None, (state / "log").read_text()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return json.loads((state / "hub.json").read_text())["node_url"]


async def test_a_publication_under_load_drops_nothing_and_a_rollback_restores_everything(hubs: Hubs) -> None:
    """The web shop may ask for prices, and then may not again, on both hubs; everybody else notices nothing."""
    await hubs.ready()
    before = await hubs.told("web-shop")
    health = await hubs.ask(0, "GET", HEALTH, bearer=token("integrator", scopes=SCOPES))
    given = files("Fresh")
    content = json.loads(given["landscape.yaml"])
    content["consumers"]["web-shop"]["scopes"] = ["miles:read", "prices:read"]
    given["landscape.yaml"] = json.dumps(content)
    change = await hubs.proposed(given)
    await hubs.approve(change, "cid")  # what a machine proposed needs two people
    async with hubs.busy():
        began = time.monotonic()
        done = await hubs.published(change)
        await hubs.run(done["hash"], began)
        took = time.monotonic() - began
        assert [status for status, _ in await hubs.told("web-shop")] == [200, 200]
        back = await hubs.operate("POST", "/releases/1/rollback", {"reason": "it was too early"})
        restored = await hubs.published(back)
        await hubs.run(restored["hash"], time.monotonic())
    assert took < SECONDS
    assert done["nodes"] == 4  # a door and a works process of each hub
    assert {status for status, _ in hubs.answered} == {200}
    assert len(hubs.answered) > 4
    assert [status for status, _ in before] == [403, 403]
    assert await hubs.told("web-shop") == before
    assert (await hubs.ask(0, "GET", HEALTH, bearer=token("integrator", scopes=SCOPES)))[1]["landscape"] == health[1][
        "landscape"
    ]
    nodes = (await hubs.operate("GET", "/nodes"))["nodes"]
    assert {(each["release"], each["hash"]) for each in nodes} == {(3, health[1]["landscape"])}
