"""An interface of the retailer's own: governed by the door, answered by a service of theirs. Real HTTP, no Postgres."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec
import pytest
from aiohttp import web
from tests.pure.gateway.front_door import CONTENT, Front, front, token

from tillway.gateway import Upstreams
from tillway.gateway.upstream import AT_ONCE
from tillway.landscape import Landscape, build
from tillway.outbound import Breakers, Client, reach

DOCUMENT = """\
openapi: 3.1.0
info: {title: Gift cards, version: 1.0.0, summary: What is left on a card.}
servers: [{url: /gift-cards/v1}]
paths:
  /cards/{number}:
    parameters:
      - {name: number, in: path, required: true, schema: {type: string, maxLength: 20}}
      - {name: X-Channel, in: header, schema: {type: string, maxLength: 20}}
    get:
      operationId: getGiftCard
      summary: One card
      x-tillway-scope: gift-cards:read
      x-tillway-criticality: high
      parameters:
        - {name: history, in: query, schema: {type: boolean}}
      responses:
        '200':
          description: The card.
          headers: {ETag: {schema: {type: string}}}
          content: {application/json: {schema: {$ref: '#/components/schemas/Card'}}}
        '409':
          description: It is locked.
          content: {application/json: {schema: {$ref: '#/components/schemas/Locked'}}}
    post:
      operationId: spendGiftCard
      summary: Spend some of it
      x-tillway-scope: gift-cards:write
      x-tillway-criticality: critical
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Spend'}}}}
      responses:
        '200':
          description: What is left.
          content: {application/json: {schema: {$ref: '#/components/schemas/Card'}}}
components:
  schemas:
    Card:
      type: object
      required: [number, left]
      properties:
        number: {type: string, x-data-class: internal}
        left: {type: string, x-data-class: internal}
        holder: {type: string, x-data-class: personal}
    Locked:
      type: object
      required: [until]
      properties: {until: {type: string, x-data-class: internal}}
    Spend:
      type: object
      required: [amount]
      additionalProperties: false
      properties: {amount: {type: string, x-data-class: internal}}
"""
CARD = {"number": "4711", "left": "12.50"}
READ, WRITE = ("gift-cards:read",), ("gift-cards:read", "gift-cards:write")

Answering = Callable[[web.Request], Any]


def landscape(port: int, document: str = DOCUMENT) -> Landscape:
    content = msgspec.to_builtins(CONTENT)
    content["consumers"]["webshop"]["scopes"] += list(WRITE)
    content["apis"]["gift-cards"] = {
        "layer": "system", "owner": "gifts", "criticality": "high", "data_class": "personal", "upstream": "gifts",
    }  # fmt: skip
    content["upstreams"] = {
        "gifts": {"url": f"http://127.0.0.1:{port}/api", "owner": "gifts", "key": {"env": "K"}, "timeout_seconds": 1}
    }
    return build({"landscape.yaml": json.dumps(content), "contracts/gift-cards.v1.yaml": document})


class Service:
    """The retailer's service: what it was asked, and what it answers next."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.answer: Answering = lambda _: web.json_response(CARD)
        self.port = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.asked.append((request.method, request.raw_path, headers, await request.read()))
        found = self.answer(request)
        return await found if asyncio.iscoroutine(found) else found


@contextlib.asynccontextmanager
async def served(networks: tuple[str, ...] = ("127.0.0.0/8",)) -> AsyncIterator[tuple[Service, Front]]:
    service = Service()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", service.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    service.port = runner.addresses[0][1]
    try:
        async with Client(reach(networks), breakers=Breakers()) as client:
            yield service, front(land=landscape(service.port), own=Upstreams(client, lambda _: "hub-key").bind)
    finally:
        await runner.cleanup()


@pytest.fixture
async def both() -> AsyncIterator[tuple[Service, Front]]:
    async with served() as found:
        yield found


async def get(door: Front, path: str = "/gift-cards/v1/cards/4711", **more: Any) -> Any:
    return await door.ask("GET", path, token=token(scopes=WRITE), **more)


async def spend(door: Front) -> Any:
    return await door.ask("POST", "/gift-cards/v1/cards/4711", json={"amount": "5"}, token=token(scopes=WRITE))


async def test_what_keeps_the_contract_is_handed_on_and_nothing_else(both: tuple[Service, Front]) -> None:
    service, door = both
    sent = {
        "X-Channel": "web",
        "X-Other": "no",
        "Cookie": "a=b",
        "X-Correlation-Id": "c-1",
        "X-Tillway-Consumer": "boss",
    }
    answer = await get(door, "/gift-cards/v1/cards/a%2Fb%20c?history=true", headers=sent)
    assert (answer.status, answer.json) == (200, CARD)
    ((method, path, headers, body),) = service.asked
    assert (method, path, body) == ("GET", "/api/cards/a%2Fb%20c?history=true", b"")
    assert {name: headers.get(name) for name in ("authorization", "x-channel", "x-correlation-id", "x-tillway-consumer")} == {
        "authorization": "Bearer hub-key", "x-channel": "web", "x-correlation-id": "c-1", "x-tillway-consumer": "webshop",
    }  # fmt: skip
    assert headers["x-tillway-shops"] == "*"
    assert len(headers["traceparent"]) == 55
    assert headers.keys().isdisjoint({"x-other", "cookie"})


async def test_the_stages_stand_before_it(both: tuple[Service, Front]) -> None:
    service, door = both
    path = "/gift-cards/v1/cards/4711"
    assert (await door.ask("GET", path)).status == 401
    assert (await door.ask("GET", path, token=token(scopes=("orders:read",)))).status == 403
    assert (await get(door, f"{path}?unknown=1")).status == 422
    assert (await get(door, f"/gift-cards/v1/cards/{'4' * 21}")).status == 422
    assert (await door.ask("POST", path, json={"amount": 5}, token=token(scopes=WRITE))).status == 422
    assert (await door.ask("DELETE", path, token=token(scopes=WRITE))).status == 405
    assert (await get(door, "/gift-cards/v1/cards/%2e%2e")).status == 404
    assert (await get(door, "/gift-cards/v2/cards/4711")).status == 404
    assert service.asked == []
    assert (await spend(door)).json == CARD
    assert service.asked[0][3] == b'{"amount":"5"}'


async def test_its_answer_is_cut_to_who_asks_and_brings_declared_headers_only(both: tuple[Service, Front]) -> None:
    service, door = both
    more = {"ETag": '"7"', "Set-Cookie": "a=b", "X-Inside": "rack 4"}
    service.answer = lambda _: web.json_response(CARD | {"holder": "Ada", "note": "?"}, headers=more)
    answer = await get(door)
    assert (answer.status, answer.json) == (200, CARD)
    assert answer.headers["etag"] == '"7"'
    assert answer.headers.keys().isdisjoint({"set-cookie", "x-inside"})


async def test_an_answer_that_the_contract_promises_is_business(both: tuple[Service, Front]) -> None:
    service, door = both
    service.answer = lambda _: web.json_response({"until": "noon"}, status=409)
    answer = await get(door)
    assert (answer.status, answer.json) == (409, {"until": "noon"})


FAULTS: list[tuple[Answering, int, int]] = [
    (lambda _: web.json_response({"number": 4711, "left": "1"}), 502, 502),
    (lambda _: web.Response(text="<html>"), 502, 502),
    (lambda _: web.Response(status=204), 502, 502),
    (lambda _: web.Response(status=302, headers={"Location": "http://169.254.169.254/"}), 502, 502),
    (lambda _: web.Response(status=401), 502, 502),
    (lambda _: web.Response(status=404, text="no card of Ada"), 404, 404),
    (lambda _: web.Response(status=418), 400, 400),
    (lambda _: web.Response(status=429, headers={"Retry-After": "7"}), 503, 503),
    (lambda _: web.Response(status=500, text="stack"), 503, 503),
    (lambda request: request.transport.abort(), 503, 503),
    (lambda _: asyncio.sleep(30), 503, 503),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "reading", "changing"), FAULTS, ids=[str(number) for number in range(len(FAULTS))])
async def test_faults_become_problems_of_ours(
    both: tuple[Service, Front], answer: Answering, reading: int, changing: int
) -> None:
    service, door = both
    service.answer = answer
    for told, status in ((await get(door), reading), (await spend(door), changing)):
        assert told.status == status
        assert told.headers["content-type"] == "application/problem+json"
        assert "Ada" not in told.content.decode()
        assert str(service.port) not in told.content.decode()


async def test_a_change_without_an_answer_is_unknown_and_reading_is_merely_unavailable(
    both: tuple[Service, Front],
) -> None:
    service, door = both
    service.answer = lambda _: web.Response(status=500)
    assert (await spend(door)).json["type"] == "/problems/outcome-unknown"
    assert (await get(door)).json["type"] == "/problems/unavailable"


async def test_a_service_that_is_down_is_left_alone(both: tuple[Service, Front]) -> None:
    service, door = both
    service.answer = lambda _: web.Response(status=503)
    answers = [await get(door) for _ in range(8)]
    assert {answer.status for answer in answers} == {503}
    assert len(service.asked) == 5


async def test_a_slow_service_holds_its_bulkhead_and_no_more(both: tuple[Service, Front]) -> None:
    service, door = both
    full, go = asyncio.Event(), asyncio.Event()

    async def slowly(_request: web.Request) -> web.Response:
        if len(service.asked) == AT_ONCE:
            full.set()
        await go.wait()
        return web.json_response(CARD)

    service.answer = slowly
    waiting = [asyncio.create_task(get(door)) for _ in range(AT_ONCE)]
    await asyncio.wait_for(full.wait(), 5)
    assert (await get(door)).status == 503
    go.set()
    assert {answer.status for answer in await asyncio.gather(*waiting)} == {200}


async def test_an_address_that_is_not_allowed_is_not_called() -> None:
    async with served(networks=()) as (service, door):
        assert (await get(door)).status == 500
        assert service.asked == []


async def test_another_landscape_serves_another_document(both: tuple[Service, Front]) -> None:
    service, door = both
    assert (await get(door)).status == 200
    assert "getGiftCard" in (await door.ask("GET", "/catalog/apis/gift-cards/v1/openapi.json")).content.decode()
    fresh = landscape(service.port, DOCUMENT.replace("/cards/{number}:", "/vouchers/{number}:"))
    door.door.prepare(fresh)
    door.active.swap(fresh)
    assert (await get(door)).status == 404
    assert (await get(door, "/gift-cards/v1/vouchers/4711")).status == 200
    assert service.asked[-1][1] == "/api/vouchers/4711"
