"""A vendor comes and goes: let in with a key at the command line, told of orders, and out on both nodes in seconds."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlencode

from joserfc.jwk import ECKey
from tests.contract.machines import assertion
from tests.paths.test_lost_till import FORM, nodes, raw, tillway
from tests.paths.test_nodes import Nodes
from tests.running_demo import Demo, until

__all__ = ["nodes"]

# Within this an off-boarding counts everywhere.
SECONDS = 5.0


@contextmanager
def receiver() -> Iterator[tuple[str, list[str]]]:
    """Somebody who is told of events, at an address on loopback."""
    came: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            came.append(json.loads(body)["subject"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing is printed."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", came
        server.shutdown()


async def signed_in(hub: Demo, key: ECKey) -> str | None:
    """A token of the vendor's; None while it gets none."""
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion("vendor", key, aud=hub.told["token_url"]),
    }
    answer = await raw(hub, "POST", "/oauth2/token", data=urlencode(form), headers=FORM)
    return answer.body.get("access_token")


async def ordered(hub: Demo, sku: str) -> str:
    answer = await hub.ask("POST", "/orders/v1/orders", body={"lines": [{"sku": sku, "quantity": "1"}]})
    assert answer.status == 201, answer.body
    return answer.body["id"]


async def test_a_vendor_that_leaves_is_out_on_both_nodes_and_told_nothing_more(nodes: Nodes) -> None:
    hub = nodes.first
    await hub.ready()
    await nodes.second.ready()
    key_file = hub.state / "vendor.jwk"
    given = ("--owner", "ecommerce", "--contact", "it@vendor.example", "--purpose", "prints what was ordered")
    may = ("--scope", "subscriptions:write", "--scope", "events:read", "--scope", "products:read", "--shops", "*")
    tillway(hub, "consumer", "add", "vendor", *given, *may, "--event-type", "order.placed", "--key", str(key_file))
    assert key_file.stat().st_mode & 0o077 == 0
    key = ECKey.import_key(json.loads(key_file.read_text()))

    async def let_in() -> str | None:
        return await signed_in(nodes.second, key) if await signed_in(hub, key) else None

    token = await until(let_in, "the vendor is let in on both nodes")
    sku = (await hub.ask("GET", "/products/v1/products?limit=1", token=token)).body["products"][0]["sku"]
    with receiver() as (url, came):
        hook = {"types": ["order.placed"], "delivery": {"kind": "webhook", "url": url}}
        made = await hub.ask("POST", "/subscriptions/v1/subscriptions", body=hook, token=token)
        assert made.status == 201, made.body
        told = await ordered(hub, sku)

        async def heard() -> bool:
            return told in came

        await until(heard, "the vendor is told of an order")

        left = tillway(hub, "consumer", "offboard", "vendor", "--reason", "the contract ended")
        began = time.monotonic()
        assert left["subscriptions"] == [made.body["id"]]
        for node in (hub, nodes.second):
            row = 0
            while row < 10:  # every door of it, on connections of their own
                answer = await raw(
                    node,
                    "GET",
                    "/products/v1/products?limit=1",
                    headers={"Authorization": f"Bearer {token}", "Connection": "close"},
                )
                row = row + 1 if answer.status == 403 else 0
                assert time.monotonic() - began < SECONDS
            assert await signed_in(node, key) is None

        async def proven() -> dict | None:
            found = await asyncio.to_thread(tillway, hub, "consumer", "show", "vendor")
            return found["offboarding"] if found["offboarding"]["in_force"] else None

        proof = await until(proven, "every process says that it refuses the vendor")
        assert {each["kind"] for each in proof["nodes"]} >= {"door", "works"}
        after = await ordered(hub, sku)
        # Told to followers later than it would have been to the vendor.
        await hub.event(after, "order.accepted")
        assert after not in came
