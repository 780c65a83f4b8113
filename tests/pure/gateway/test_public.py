"""What anybody may ask: health, metrics, the catalogue, keys, metadata, tokens."""

from __future__ import annotations

import base64
from urllib.parse import urlencode

import pytest
from tests.pure.gateway.front_door import REALM, RING, SCOPES, front

from tillway import clock
from tillway.contracts import load
from tillway.errors import Unavailable
from tillway.tokens import verify

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def basic(consumer, secret):
    return {"Authorization": "Basic " + base64.b64encode(f"{consumer}:{secret}".encode()).decode(), **FORM}


async def ask_token(door, headers, **form):
    return await door.ask("POST", "/oauth2/token", body=urlencode(form).encode(), headers=headers)


async def test_a_machine_gets_a_token_for_the_scopes_it_asks_for():
    reply = await ask_token(
        front(), basic("webshop", "webshop-secret"), grant_type="client_credentials", scope="orders:read orders:write"
    )
    assert reply.status == 200
    assert (reply.headers["cache-control"], reply.headers["pragma"]) == ("no-store", "no-cache")
    claims = verify(reply.json["access_token"], RING.keys, REALM, clock.now())
    assert (claims.subject, claims.scopes) == ("webshop", ("orders:read", "orders:write"))


async def test_the_token_opens_the_door():
    door = front()
    got = await ask_token(
        door, FORM, grant_type="client_credentials", client_id="webshop", client_secret="webshop-secret"
    )
    assert (await door.ask("GET", "/orders/v1/orders/1", token=got.json["access_token"])).status == 200


@pytest.mark.parametrize(
    ("headers", "form", "status", "error"),
    [
        (basic("webshop", "wrong"), {"grant_type": "client_credentials"}, 401, "invalid_client"),
        (basic("webshop", "webshop-secret"), {"grant_type": "password"}, 400, "unsupported_grant_type"),
        (
            basic("webshop", "webshop-secret"),
            {"grant_type": "client_credentials", "scope": "moon:write"},
            400,
            "invalid_scope",
        ),
        (basic("webshop", "webshop-secret"), {}, 400, "invalid_request"),
    ],
)
async def test_a_token_that_is_not_given_is_refused_as_oauth_says(headers, form, status, error):
    reply = await ask_token(front(), headers, **form)
    assert (reply.status, reply.json["error"]) == (status, error)
    assert ("www-authenticate" in reply.headers) == (status == 401)


async def test_a_token_request_of_another_media_type_or_size_is_refused():
    door = front()
    as_json = basic("webshop", "webshop-secret") | {"Content-Type": "application/json"}
    assert (
        await door.ask("POST", "/oauth2/token", json={"grant_type": "client_credentials"}, headers=as_json)
    ).status == 400
    assert (await door.ask("POST", "/oauth2/token", body=b"x" * 40_000, headers=FORM)).status == 413


async def test_clients_discover_where_and_how():
    door = front()
    described = (await door.ask("GET", "/.well-known/oauth-authorization-server")).json
    assert (described["issuer"], described["scopes_supported"]) == (REALM.issuer, SCOPES)
    keys = (await door.ask("GET", "/.well-known/jwks.json")).json["keys"]
    assert [key["kid"] for key in keys] == list(RING.keys)
    assert "d" not in keys[0]


async def test_the_catalogue_is_open():
    door = front()
    index = (await door.ask("GET", "/catalog")).json
    assert len(index["apis"]) == len(load().apis)
    for entry in index["apis"]:
        assert (await door.ask("GET", entry["document"])).json["info"]["title"] == entry["title"]


async def test_a_door_lives_and_is_ready():
    door = front()
    assert (await door.ask("GET", "/health/live")).json == {"status": "live"}
    reply = await door.ask("GET", "/health/ready")
    assert (reply.status, reply.json) == (200, {"status": "ready", "reasons": []})


async def still_loading():
    return ("first load of products from erp is not complete",)


async def no_postgres():
    raise Unavailable("the connection to Postgres was lost")


@pytest.mark.parametrize(
    ("ready", "reason"),
    [
        (still_loading, "first load of products from erp is not complete"),
        (no_postgres, "the connection to Postgres was lost"),
    ],
)
async def test_a_door_that_is_not_ready_says_why(ready, reason):
    reply = await front(ready=ready).ask("GET", "/health/ready")
    assert (reply.status, reply.json) == (503, {"status": "not-ready", "reasons": [reason]})


async def test_a_draining_door_is_not_ready_and_serves_on():
    door = front()
    door.door.drain()
    assert (await door.ask("GET", "/health/ready")).json["reasons"] == ["this node is being stopped"]
    assert (await door.ask("GET", "/health/live")).status == 200
    assert (await door.ask("GET", "/catalog")).status == 200


async def test_requests_are_counted_by_operation_and_status():
    door = front()
    await door.ask("GET", "/orders/v1/orders/1")
    page = (await door.ask("GET", "/metrics")).content.decode()
    assert 'tillway_requests_total{operation="getOrder",status="401"} 1.0' in page
    assert 'tillway_request_seconds_count{operation="getOrder"} 1.0' in page


async def test_the_servers_life_is_answered_and_its_end_drains():
    door = front().door
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent = []

    async def receive():
        return messages.pop(0)

    async def send(message):
        sent.append(message["type"])

    await door({"type": "lifespan"}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert (await no_reasons(door)) == ("this node is being stopped",)


async def no_reasons(door):
    return await door._public.reasons()
