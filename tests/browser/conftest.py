"""A hub with its rooms and people who sign in, behind the real server, and Debian's Chromium that looks at it."""

from __future__ import annotations

import asyncio
import copy
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from granian.constants import Interfaces
from granian.server.embed import Server
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from tests.contract.people import CLIENT_ID, ROLES, free_port, listening, provider
from tests.contract.small_hub import CONTENT, NODE, Away, end, fill, landscape, signed
from tests.postgres_cluster import run
from tests.pure.gateway.front_door import RING

from tillway import apis
from tillway.app.evidence import audited
from tillway.console import Catalogue
from tillway.contracts import load
from tillway.gateway import Leaving, build
from tillway.identity import Issuers, Overlay, SigningKeys
from tillway.identity.people import Provider
from tillway.journal import Sequencer, Tail
from tillway.landscape import Active
from tillway.landscape import build as build_landscape
from tillway.outbound import Client, reach
from tillway.postgres import Database
from tillway.records import Shelf
from tillway.tokens import Realm

CHROMIUM = "/usr/bin/chromium"
# In a container it runs as root, and it must not look for its maker's hosts.
SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WAIT_MS = 10_000
SECRET = "integrators-secret"


def retailer(issuer: str):
    """The landscape of the contract tests with people, teams, domains, a life and promises."""
    content = landscape().model_dump(mode="json", exclude_defaults=True)
    content = copy.deepcopy({**content, "organisation": CONTENT["organisation"], "roles": ROLES})
    content["sign_in"] = {
        "issuer": issuer,
        "client_id": CLIENT_ID,
        "roles": {"hub-ops": "operator", "hub-readers": "reader"},
    }
    content["teams"] = {"sales-it": {"name": "Sales IT", "contact": "sales-it@example.com", "on_call": "+32 555 0100"}}
    content["domains"] = {
        "sales": {"owner": "sales-it", "flows": {"ordering": {"mode": "synchronous", "reason": "somebody waits"}}}
    }
    orders = content["apis"]["orders"]
    content["apis"]["orders"] = {
        **orders,
        "owner": "sales-it",
        "deputy": "integration",
        "domain": "sales",
        "calls": ["main"],
        "versions": {
            "v1": {
                "lifecycle": "deprecated",
                "deprecated": "2026-11-01",
                "sunset": "2027-06-30",
                "successor": "orders/v2",
            },
            "v2": {"lifecycle": "draft"},
        },
    }
    content["service_levels"] = {
        "orders-answered": {"name": "Orders answered", "api": "orders", "indicator": "availability", "target": 0.999}
    }
    return build_landscape({"landscape.yaml": json.dumps(content)})


async def serve(dsn: str, port: int, started: Callable[[], None], stop: asyncio.Event) -> None:
    base = f"http://127.0.0.1:{port}"
    async with AsyncExitStack() as stack:
        issuer = await stack.enter_async_context(provider())
        db = await stack.enter_async_context(Database(dsn, "door"))
        auditor = await stack.enter_async_context(audited(db))
        client = await stack.enter_async_context(Client(reach(["127.0.0.0/8"])))
        tail, leaving, active, issuers = Tail(db), Leaving(), Active(retailer(issuer)), Issuers(client)
        await tail.start()
        overlay = Overlay(db, tail)
        await overlay.load()
        door = build(
            documents=load(),
            bindings=apis.bindings(
                db=db, tail=tail, shelf=Shelf(db, tail), leaving=leaving, releases=signed(), offices=Away()
            ),
            keys=SigningKeys(db, RING, Realm(issuer=base, audience=base)),
            active=active,
            database=db,
            secrets=lambda: {"integrator": SECRET},
            issuers=issuers,
            provider=Provider(client, issuers),
            provider_secret=lambda _: "the provider asks for one",
            restricted=overlay,
            ready=lambda: asyncio.sleep(0, ()),
            leaving=leaving,
            auditor=auditor,
            shown=Catalogue(active=active, database=db, address=base),
        )
        running = [asyncio.create_task(work) for work in (Sequencer(db, NODE).run(), tail.run(), overlay.run())]
        server = Server(door, address="127.0.0.1", port=port, interface=Interfaces.ASGI, log_enabled=False)
        serving = asyncio.create_task(server.serve())
        await listening(port)
        started()
        await stop.wait()
        server.stop()
        await serving
        await end(running)


@pytest.fixture(scope="module")
def base(dsn: str) -> Iterator[str]:
    """The address of a running hub; it stands on a thread of its own, as Playwright waits on this one."""
    run(fill(dsn))
    port, loop, stop, started = free_port(), asyncio.new_event_loop(), asyncio.Event(), threading.Event()
    failures: list[BaseException] = []

    def work() -> None:
        try:
            loop.run_until_complete(serve(dsn, port, started.set, stop))
        except BaseException as error:  # noqa: BLE001 - told to the tests, on their own thread
            failures.append(error)
            started.set()

    thread = threading.Thread(target=work, name="hub")
    thread.start()
    assert started.wait(90), "the hub does not start"
    try:
        assert not failures, failures
        yield f"http://127.0.0.1:{port}"
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        loop.close()
    assert not failures, failures


@pytest.fixture(scope="module")
def chromium(base: str) -> Iterator[Browser]:
    """Begun after the hub and its database and ended before them: Playwright keeps an event loop on this thread."""
    assert base
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(SWITCHES))
        yield browser
        browser.close()


@dataclass
class Visitor:
    """Somebody at a browser, and what their browser noticed meanwhile."""

    context: BrowserContext
    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def look(self, path: str) -> Page:
        self.page.goto(self.base + path)
        return self.page

    def sign_in(self, name: str, path: str) -> Page:
        """Over the provider, whose own page is left out: it is not ours, and looks at the internet."""
        ask = self.context.request
        turned = ask.get(self.base + path, headers={"accept": "text/html"}, max_redirects=0)
        assert turned.headers["location"].startswith("/console/sign-in")
        begun = ask.get(self.base + turned.headers["location"], max_redirects=0)
        agreed = ask.post(begun.headers["location"], form={"sub": name}, max_redirects=0)
        back = ask.get(agreed.headers["location"], max_redirects=0)
        assert back.status == 303, back.text()
        return self.look(path)


@pytest.fixture
def visitor(chromium: Browser, base: str) -> Iterator[Visitor]:
    """A browser of its own; at the end nothing was complained of, and nobody outside this machine was asked."""
    context = chromium.new_context()
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    somebody = Visitor(context, page, base)
    page.on("console", lambda told: somebody.complaints.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: somebody.complaints.append(str(error)))
    context.on("request", lambda request: somebody.hosts.add(urlsplit(request.url).hostname or ""))
    yield somebody
    context.close()
    assert somebody.complaints == []
    assert somebody.hosts <= {"127.0.0.1"}
