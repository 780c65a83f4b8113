"""What the door does with whoever's review is overdue."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.pure.gateway.front_door import landscape, token
from tests.pure.gateway.test_facts import SALES
from tests.pure.gateway.test_lifecycle import door
from tests.pure.gateway.test_stages import ORDER

from tillway import clock
from tillway.contracts import load
from tillway.gateway.rates import DEFAULT, SLOWED, rate_of
from tillway.gateway.reviewing import judge
from tillway.identity import Overdue

PATH = "/products/v1/products"


def late(days):
    day = str(clock.now().date() - timedelta(days=days))
    return landscape(webshop={"review": day}, till={"review": day}), day


async def test_whoever_is_overdue_is_told_with_every_answer():
    land, day = late(10)
    reply = await door(land).ask("GET", PATH, token=token())
    assert (reply.status, reply.headers["x-review-overdue"]) == (200, f'warn;due="{day}"')


async def test_nobody_else_is():
    assert "x-review-overdue" not in (await door(landscape()).ask("GET", PATH, token=token())).headers


async def test_whoever_is_overdue_for_long_gets_nothing_but_what_sells():
    land, day = late(200)
    reply = await door(land).ask("GET", PATH, token=token())
    assert (reply.status, reply.json["type"]) == (403, "/problems/review-overdue")
    assert day in reply.json["detail"]
    placed = await door(land).ask("POST", "/orders/v1/orders", token=token(), json=ORDER)
    assert (placed.status, placed.headers["x-review-overdue"]) == (200, f'suspend;due="{day}"')


async def test_a_till_sells_on_and_sees_its_prices_however_long_it_is_overdue():
    land, day = late(3000)
    bearer = token("till", kind="device", scopes=["pos:write", "orders:read"])
    sold = await door(land).ask("POST", "/pos/v1/sales", token=bearer, json=SALES)
    assert (sold.status, sold.told["doubt"], sold.headers["x-review-overdue"]) == (202, None, f'warn;due="{day}"')
    assert (await door(land).ask("GET", "/orders/v1/orders/o-1", token=bearer)).status == 200


@pytest.mark.parametrize("operation", [each for _, each in load().operations()], ids=lambda each: each.id)
def test_what_is_critical_and_facts_are_neither_slowed_nor_refused(operation):
    for standing in ("warn", "throttle", "suspend"):
        review = Overdue("webshop", standing, clock.now().date())
        if operation.criticality == "critical" or operation.fact:
            assert judge(review, operation) is False
        elif standing != "suspend":
            assert judge(review, operation) is (standing == "throttle")


def test_slow_is_a_tenth_and_never_nothing():
    land = landscape(webshop={"quotas": {"orders": {"per_second": 50, "burst": 5, "per_day": 1000}}})
    policy = rate_of(land, "webshop", "orders" + SLOWED).policy
    assert (policy.rate, policy.burst, policy.per_day) == (5_000, 1, 100)
    slow = rate_of(land, "webshop", "prices" + SLOWED)
    assert (slow.policy.rate, slow.policy.burst, slow.policy.per_day) == (DEFAULT.rate // 10, DEFAULT.burst // 10, 0)
    assert slow.announced is not None
