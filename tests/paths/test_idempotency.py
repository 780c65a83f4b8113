"""One effect and one answer for however many repetitions of a request."""

from __future__ import annotations

import asyncio
from collections import Counter

from tests.running_demo import Demo


async def skus(demo: Demo) -> tuple[str, str]:
    page = (await demo.ask("GET", "/products/v1/products?limit=2")).body["products"]
    return page[0]["sku"], page[1]["sku"]


async def test_twenty_parallel_posts_with_one_key_make_one_order(demo: Demo) -> None:
    """All twenty get the same answer; an odd body sent afterwards gets 422."""
    sku, other = await skus(demo)
    body = {"lines": [{"sku": sku, "quantity": "1"}], "reference": "IDEM-1"}
    headers = {"Idempotency-Key": "twenty"}
    answers = await asyncio.gather(
        *(demo.ask("POST", "/orders/v1/orders", body=body, headers=headers) for _ in range(20))
    )
    assert {answer.status for answer in answers} == {201}
    assert len({answer.body["id"] for answer in answers}) == 1
    odd = await demo.ask(
        "POST", "/orders/v1/orders", body={"lines": [{"sku": other, "quantity": "1"}]}, headers=headers
    )
    assert (odd.status, odd.body["type"]) == (422, "/problems/idempotency-key-reused")
    order = answers[0].body["id"]
    await demo.event(order, "order.accepted")
    assert await demo.odoo("sale.order", "search_count", domain=[["client_order_ref", "=", order]]) == 1
    assert await demo.odoo("sale.order", "search_count", domain=[["origin", "=", "IDEM-1"]]) == 1


async def test_of_two_bodies_in_a_race_exactly_one_wins(demo: Demo) -> None:
    """Senders of the winning body share one answer, all others get 422."""
    sku, other = await skus(demo)
    bodies = [{"lines": [{"sku": each, "quantity": "1"}], "reference": "RACE-1"} for each in (sku, other)]
    headers = {"Idempotency-Key": "race"}
    answers = await asyncio.gather(
        *(demo.ask("POST", "/orders/v1/orders", body=bodies[number % 2], headers=headers) for number in range(20))
    )
    by_body = [Counter(answer.status for answer in answers[start::2]) for start in (0, 1)]
    assert sorted(by_body, key=str) == [Counter({201: 10}), Counter({422: 10})]
    assert len({answer.body["id"] for answer in answers if answer.status == 201}) == 1


async def test_a_key_belongs_to_its_consumer(demo: Demo) -> None:
    """The same key of another consumer is another key."""
    sku, _ = await skus(demo)
    body = {"lines": [{"sku": sku, "quantity": "1"}]}
    headers = {"Idempotency-Key": "shared"}
    first = await demo.ask("POST", "/orders/v1/orders", body=body, headers=headers)
    second = await demo.ask("POST", "/orders/v1/orders", body=body, headers=headers, consumer="web-shop")
    assert first.body["id"] != second.body["id"]
