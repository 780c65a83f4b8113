"""The lost till drill: two nodes of one hub, each with doors of its own; what is lost or suspended is dead on both."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import pytest
import yaml
from tests import running_demo
from tests.contract.machines import Holder, assertion, new_key
from tests.paths.test_nodes import Nodes
from tests.running_demo import LOOK_SECONDS, TILLWAY, Answer, Demo, environment

# Within this a restriction counts on every node.
SECONDS = 2.0
PRICES = "/prices/v1/prices/"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Till:
    """The software of a till: its own key, its id, and tokens bound to both."""

    def __init__(self, hub: Demo) -> None:
        self.key = new_key()
        self.hub = hub
        self.device = ""
        self._holder = Holder(key=self.key)
        self._token = ""

    async def enrol(self, code: str) -> None:
        public = {name: self.key.as_dict(private=False)[name] for name in ("kty", "crv", "x", "y")}
        answer = await raw(self.hub, "POST", "/devices/v1/devices", json={"code": code, "key": public})
        assert answer.status == 201, answer.body
        self.device = answer.body["id"]

    async def sign_in(self) -> Answer:
        url = f"{self.hub.told['token_url']}"
        for _ in range(2):  # the first answer brings the nonce
            form = {
                "grant_type": "client_credentials",
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": assertion(self.device, self.key, aud=url),
            }
            headers = FORM | {"DPoP": self._holder.proof("POST", url)}
            answer = await raw(self.hub, "POST", "/oauth2/token", data=urlencode(form), headers=headers)
            self._holder.nonce = answer.headers.get("dpop-nonce", self._holder.nonce)
        self._token = answer.body.get("access_token", "")
        return answer

    async def ask(self, node: Demo, method: str, path: str, body: object = None) -> Answer:
        proof = self._holder.proof(method, self.hub.told["token_url"].removesuffix("/oauth2/token") + path, self._token)
        headers = {"Authorization": f"DPoP {self._token}", "DPoP": proof, "Connection": "close"}
        return await raw(node, method, path, headers=headers, json=body)


async def raw(hub: Demo, method: str, path: str, **more) -> Answer:
    """One request on a connection of its own, so that every door gets its share."""
    async with aiohttp.ClientSession() as session, session.request(method, hub.base_url + path, **more) as reply:
        content = await reply.read()
        return Answer(reply.status, reply.headers, json.loads(content) if content else None)


def tillway(hub: Demo, *words: str) -> dict:
    """One command of the hub's operator."""
    words = (TILLWAY, *words, "--state", str(hub.state), "--json")
    done = subprocess.run(words, check=False, capture_output=True, text=True, env=environment())
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def nodes(make_database: Callable[..., str], tmp_path: Path) -> Iterator[Nodes]:
    dsn = make_database(migrated=False)
    first = running_demo.start(tmp_path / "first", TILLWAY_DATABASE_URL=dsn, TILLWAY_DOORS="2")
    try:
        both = Nodes(first, dsn, tmp_path / "second")
        yield both
        both.stop()
    finally:
        first.stop()


async def on_both(nodes: Nodes, status: int, ask: Callable[[Demo], Awaitable[Answer]]) -> None:
    """Every door of both nodes answers so, ten times in a row each, and nothing else after SECONDS."""
    deadline = time.monotonic() + SECONDS
    for node in (nodes.first, nodes.second):
        row = 0
        while row < 10:
            answer = await ask(node)
            row = row + 1 if answer.status == status else 0
            # That answers themselves take their time on a busy machine says nothing.
            assert row or time.monotonic() < deadline, f"{answer.status} {answer.body}"
            if not row:
                await asyncio.sleep(LOOK_SECONDS)


async def test_a_lost_till_and_a_suspended_consumer_are_dead_on_every_node(nodes: Nodes) -> None:
    """The other till sells on, facts of the lost one are kept, and a restart changes nothing."""
    hub = nodes.first
    await hub.ready()
    await nodes.second.ready()
    shop, till = place(hub)
    lost, other = Till(hub), Till(hub)
    for each in (lost, other):
        await each.enrol(tillway(hub, "device", "enrol", shop, till, "--reason", "a drill")["code"])
        answer = await each.sign_in()
        assert (answer.status, answer.body["token_type"]) == (200, "DPoP"), answer.body
    sku = (await hub.ask("GET", "/products/v1/products?limit=1")).body["products"][0]["sku"]
    price = PRICES + sku
    await on_both(nodes, 200, lambda node: lost.ask(node, "GET", price))

    told = tillway(hub, "device", "lost", lost.device, "--reason", "gone from the counter")
    assert told["state"] == "lost"
    await on_both(nodes, 401, lambda node: lost.ask(node, "GET", price))
    await on_both(nodes, 200, lambda node: other.ask(node, "GET", price))
    assert (await lost.sign_in()).status == 400

    integrator = await hub.token("web-shop")
    tillway(hub, "consumer", "suspend", "web-shop", "--reason", "orders twice")
    await on_both(nodes, 403, lambda node: node.ask("GET", price, token=integrator))
    listed = {each["id"] for each in tillway(hub, "consumer", "restricted")["restrictions"]}
    assert listed == {lost.device, "web-shop"}

    for process in running_demo.children(hub, "tillway.app.door"):
        process.kill()
    await hub.ready()
    await on_both(nodes, 403, lambda node: node.ask("GET", price, token=integrator))
    tillway(hub, "consumer", "resume", "web-shop", "--reason", "mended")
    await on_both(nodes, 200, lambda node: node.ask("GET", price, token=integrator))


async def test_what_a_lost_till_still_sends_is_kept_in_quarantine(nodes: Nodes) -> None:
    """It was sold: a fact is not refused, it gets an owner."""
    hub = nodes.first
    await hub.ready()
    shop, till = place(hub)
    lost = Till(hub)
    await lost.enrol(tillway(hub, "device", "enrol", shop, till, "--reason", "a drill")["code"])
    assert (await lost.sign_in()).status == 200
    tillway(hub, "device", "lost", lost.device, "--reason", "gone from the counter")
    sale = {"sales": [{"till": till, "epoch": "e-1", "sequence": 1}]}
    await on_both(nodes, 202, lambda node: lost.ask(node, "POST", "/pos/v1/sales", sale))
    kept = (await lost.ask(hub, "POST", "/pos/v1/sales", sale)).body["sales"][0]
    found = (await hub.ask("GET", f"/pos/v1/sales/{kept['id']}")).body
    assert (found["status"], bool(found["owner"])) == ("quarantined", True)
    assert any("lost" in each["detail"] for each in found["violations"])


def place(hub: Demo) -> tuple[str, str]:
    """A shop of the demo and one of its tills."""
    text = (hub.state / "landscape" / "shops.yaml").read_text()
    shops = yaml.safe_load(text)["shops"]
    return next((shop, till) for shop, entry in shops.items() for till in entry["tills"])
