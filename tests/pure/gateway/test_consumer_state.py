"""The overlay only takes away: suspended consumers, revoked tokens, lost devices."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.pure.gateway.front_door import front, token
from tests.pure.gateway.test_facts import SALES, doubted

from tillway import clock
from tillway.identity.restrictions import restrictions

PATH = "/products/v1/products"


def overlay(kind, name, until=None):
    value = restrictions([(kind, name, until)])
    return lambda: value


async def test_a_suspended_consumer_is_told_so():
    reply = await front(restricted=overlay("consumer", "webshop")).ask("GET", PATH, token=token())
    assert (reply.status, reply.json["type"]) == (403, "/problems/suspended")
    assert "webshop" in reply.json["detail"]


async def test_others_go_on():
    assert (await front(restricted=overlay("consumer", "till")).ask("GET", PATH, token=token())).status == 200


async def test_a_suspension_that_has_ended_counts_no_more():
    ended = overlay("consumer", "webshop", clock.now() - timedelta(seconds=1))
    assert (await front(restricted=ended).ask("GET", PATH, token=token())).status == 200


@pytest.mark.parametrize(("kind", "name"), [("token", "t-1"), ("device", "webshop")])
async def test_a_token_that_was_revoked_or_whose_device_is_lost_is_none(kind, name):
    reply = await front(restricted=overlay(kind, name)).ask("GET", PATH, token=token())
    assert reply.status == 401
    assert 'error="invalid_token"' in reply.headers["www-authenticate"]


@pytest.mark.parametrize(("kind", "name"), [("consumer", "till"), ("token", "t-1"), ("device", "till")])
async def test_a_fact_of_a_restricted_sender_is_kept_in_doubt(kind, name):
    bearer = token("till", kind="device", scopes=["pos:write"])
    reply = await front(recordSales=doubted, restricted=overlay(kind, name)).ask(
        "POST", "/pos/v1/sales", token=bearer, json=SALES
    )
    assert (reply.status, reply.told["consumer"], reply.told["shops"]) == (202, "till", [])
    assert reply.told["doubt"].startswith("the sender till may not send now: ")


async def test_a_restricted_sender_whose_token_was_never_for_sales_is_refused():
    bearer = token(scopes=["orders:write"])
    reply = await front(restricted=overlay("consumer", "webshop")).ask(
        "POST", "/pos/v1/sales", token=bearer, json=SALES
    )
    assert (reply.status, reply.json["type"]) == (403, "/problems/suspended")


async def test_the_token_endpoint_issues_nothing_to_a_suspended_consumer():
    form = b"grant_type=client_credentials&client_id=webshop&client_secret=webshop-secret"
    headers = {"content-type": "application/x-www-form-urlencoded"}
    door = front(restricted=overlay("consumer", "webshop"))
    reply = await door.ask("POST", "/oauth2/token", body=form, headers=headers)
    assert (reply.status, reply.json["error"]) == (400, "unauthorized_client")
