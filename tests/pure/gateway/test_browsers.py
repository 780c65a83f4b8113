"""What browsers are told: headers that every answer carries, and which pages may read one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.pure.gateway.front_door import REALM, RING, always_ready, front, landscape, nothing, token
from tests.pure.landscape.test_machines import told as refused_landscape

from tillway.contracts import load
from tillway.gateway import build
from tillway.gateway.app import unrestricted
from tillway.identity import Restrictions, SigningKeys
from tillway.landscape import Active
from tillway.postgres import Database
from tillway.tokens import Realm

SHOP, OTHER = "https://shop.example.com", "https://other.example.com"
ORDERS = "/orders/v1/orders"
PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
}


def fronted(restricted=unrestricted, **webshop):
    land = landscape(webshop={"origins": [SHOP], **webshop}, till={"origins": [OTHER]})
    return front(land=land, restricted=restricted)


async def test_every_answer_tells_browsers_to_do_nothing_with_it():
    door = front()
    for path, status in (("/health/live", 200), ("/nowhere", 404), (ORDERS, 401)):
        reply = await door.ask("POST" if path == ORDERS else "GET", path)
        assert reply.status == status
        assert reply.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["referrer-policy"] == "no-referrer"
        assert reply.headers["cache-control"] == "no-store"
        assert reply.headers["server"] == "tillway"
        assert "strict-transport-security" not in reply.headers


async def test_a_hub_known_by_https_is_asked_by_https_only():
    database = Database("postgresql://nowhere/nothing", "test")
    realm = Realm(issuer="https://hub.example.com", audience="https://hub.example.com")
    door = build(
        documents=load(),
        bindings={operation.id: nothing for _, operation in load().operations()},
        keys=SigningKeys(database, RING, realm),
        active=Active(landscape()),
        database=database,
        secrets=dict,
        ready=always_ready,
    )
    reply = await type(front())(door, Active(landscape())).ask("GET", "/health/live")
    assert reply.headers["strict-transport-security"] == "max-age=31536000"
    assert REALM.issuer.startswith("http:")


async def test_a_preflight_is_answered_for_an_origin_that_a_consumer_has():
    reply = await fronted().ask("OPTIONS", ORDERS, headers={"Origin": SHOP, **PREFLIGHT})
    assert (reply.status, reply.content) == (204, b"")
    assert reply.headers["access-control-allow-origin"] == SHOP
    assert "POST" in reply.headers["access-control-allow-methods"].split(", ")
    allowed = reply.headers["access-control-allow-headers"].lower().split(", ")
    assert {"authorization", "content-type", "idempotency-key"} <= set(allowed)
    assert reply.headers["vary"].startswith("origin")
    assert "access-control-allow-credentials" not in reply.headers


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (ORDERS, {"Origin": "https://evil.example", **PREFLIGHT}, 405),
        (ORDERS, {"Origin": "null", **PREFLIGHT}, 405),
        (ORDERS, {"Origin": SHOP + ".evil.example", **PREFLIGHT}, 405),
        (ORDERS, {"Origin": SHOP.upper(), **PREFLIGHT}, 405),
        (ORDERS, PREFLIGHT, 405),
        (ORDERS, {"Origin": SHOP}, 405),
        (ORDERS, {"Origin": SHOP, **PREFLIGHT, "Access-Control-Request-Method": "DELETE"}, 405),
        ("/nowhere", {"Origin": SHOP, **PREFLIGHT}, 404),
        ("/oauth2/token", {"Origin": SHOP, **PREFLIGHT}, 405),
    ],
)
async def test_a_preflight_of_anybody_else_or_for_anything_else_allows_nothing(path, headers, status):
    reply = await fronted().ask("OPTIONS", path, headers=headers)
    assert reply.status == status
    assert not any(name.startswith("access-control") for name in reply.headers)


@pytest.mark.parametrize(
    ("restricted", "entry"),
    [
        (lambda: Restrictions({("consumer", "webshop"): datetime.max.replace(tzinfo=UTC)}), {}),
        (unrestricted, {"valid_until": "2020-01-01"}),
        (unrestricted, {"valid_from": "2999-01-01"}),
    ],
)
async def test_a_consumer_that_may_not_ask_now_allows_no_origin(restricted, entry):
    reply = await fronted(restricted, **entry).ask("OPTIONS", ORDERS, headers={"Origin": SHOP, **PREFLIGHT})
    assert reply.status == 405


async def test_an_answer_is_readable_by_pages_of_the_very_consumer_that_asks():
    door = fronted()
    for consumer, origin, allowed in (
        ("webshop", SHOP, SHOP),
        ("till", OTHER, OTHER),
        ("webshop", OTHER, None),
        ("till", SHOP, None),
        ("webshop", "null", None),
    ):
        bearer = token(consumer, kind="device" if consumer == "till" else "machine", scopes=["orders:read"])
        reply = await door.ask("GET", ORDERS + "/1", token=bearer, headers={"Origin": origin})
        assert reply.status < 500
        assert reply.headers.get("access-control-allow-origin") == allowed
        assert reply.headers["vary"] == "origin"
        assert "access-control-allow-credentials" not in reply.headers
        if allowed:
            assert {"Location", "Retry-After", "RateLimit", "X-Correlation-Id", "Deprecation", "Sunset"} <= set(
                reply.headers["access-control-expose-headers"].split(", ")
            )


async def test_a_refusal_is_readable_as_well_but_not_by_those_who_did_not_prove_who_they_are():
    door = fronted()
    wrong = await door.ask("POST", ORDERS, token=token(), json={}, headers={"Origin": SHOP})
    assert (wrong.status, wrong.headers["access-control-allow-origin"]) == (422, SHOP)
    unknown = await door.ask("POST", ORDERS, token="nonsense", json={}, headers={"Origin": SHOP})
    assert unknown.status == 401
    assert "access-control-allow-origin" not in unknown.headers


async def test_a_consumer_without_origins_is_told_nothing_of_them():
    reply = await front().ask("GET", ORDERS + "/1", token=token(), headers={"Origin": SHOP})
    assert not {name for name in reply.headers if name.startswith("access-control") or name == "vary"}


@pytest.mark.parametrize(
    "origin",
    ["*", "null", "https://a.example/", "https://a.example/x", "https://a.example:443", "HTTPS://a.example",
     "https://A.example", "http://a.example", "https://u@a.example", "https://a.example?x", "a.example", "https://",
     "https://a.example:99999"],
)  # fmt: skip
def test_an_origin_is_written_as_browsers_send_it(origin):
    assert "origins" in refused_landscape({"robot": {"secret": {"env": "A"}, "origins": [origin]}})


@pytest.mark.parametrize("path", ["/.well-known/oauth-authorization-server", "/catalog", "/nowhere", ORDERS])
async def test_no_address_is_built_from_what_a_request_says_of_the_host(path):
    sent = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example;proto=https"}
    reply = await front().ask("GET", path, headers=sent)
    assert b"evil.example" not in reply.content
    assert "evil.example" not in str(reply.headers)
