"""Points, gift cards and coupons at the door, with the back office away: what was seen within the hour counts."""

from __future__ import annotations

import asyncio

import pytest
from tests.contract.small_hub import card, learn

MOVES = {"earn": "/loyalty/v1/earnings", "redeem": "/loyalty/v1/redemptions"}


@pytest.fixture
async def points(hub, request):
    """A card of this test's own with 7 points; its code."""
    number = abs(hash(request.node.name)) % 10**9 + 100
    await learn(hub.db, (card(number, "loyalty", f"C-{number}", "7"),))
    return f"C-{number}"


async def balance(hub, code):
    return (await hub.post("/loyalty/v1/balances", {"code": code})).json["cards"][0]["balance"]


async def test_of_twenty_who_spend_at_once_seven_are_served(hub, points):
    replies = await asyncio.gather(*(hub.post(MOVES["redeem"], {"code": points, "points": "1"}) for _ in range(20)))
    assert sorted(reply.status for reply in replies) == [201] * 7 + [409] * 13
    assert await balance(hub, points) == "0"


async def test_the_same_reference_is_answered_as_before(hub, points):
    body = {"code": points, "points": "2", "reference": "receipt-1"}
    first, second = [await hub.post(MOVES["redeem"], body) for _ in range(2)]
    assert (first.status, second.status) == (201, 201)
    assert first.json["movement"]["id"] == second.json["movement"]["id"]
    assert await balance(hub, points) == "5"
    assert (await hub.post(MOVES["redeem"], {**body, "points": "3"})).status == 409


async def test_what_was_spent_is_taken_back_once(hub, points):
    spent = await hub.post(MOVES["redeem"], {"code": points, "points": "2.5"})
    path = f"{spent.headers['location']}/reversals"
    back = await hub.post(path, {"reason": "voided"})
    assert (back.status, back.json["balance"], back.json["movement"]["points"]) == (201, "7.0", "2.5")
    assert (await hub.post(path, {})).status == 409
    listed = await hub.get(f"/loyalty/v1/cards/{spent.json['movement']['card']}/movements?limit=1")
    assert [each["kind"] for each in listed.json["movements"]] == ["reverse"]
    rest = await hub.get(f"/loyalty/v1/cards/{spent.json['movement']['card']}/movements?after={listed.json['next']}")
    assert [each["kind"] for each in rest.json["movements"]] == ["redeem"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"points": "1"}, 422),
        ({"code": "GIFT-1001", "card": "x", "points": "1"}, 422),
        ({"code": "GIFT-1001", "points": "1"}, 409),
        ({"code": "CLUB-1001", "points": "0"}, 422),
        ({"code": "CLUB-1001", "points": "1.005"}, 422),
        ({"customer": "nobody", "points": "1"}, 422),
        ({"card": "nothing", "points": "1"}, 404),
    ],
)
async def test_what_cannot_be_spent_is_refused(hub, body, status):
    assert (await hub.post(MOVES["redeem"], body)).status == status


async def test_a_card_is_found_by_its_customer(hub):
    reply = await hub.post("/loyalty/v1/balances", {"customer": "walk-in"})
    assert [each["programme"] for each in reply.json["cards"]] == ["main-1"]


async def test_a_card_nobody_has_seen_is_not_known_while_the_back_office_is_away(hub):
    assert (await hub.post("/loyalty/v1/balances", {"code": "NEVER-SHOWN"})).status == 503


async def test_a_gift_card_pays_what_it_holds(hub):
    await learn(hub.db, (card(50, "gift-card", "GIFT-50", "50"),))
    paid = await hub.post("/loyalty/v1/gift-cards/redemptions", {"code": "GIFT-50", "amount": "49.99"})
    assert (paid.status, paid.json["balance"]) == (201, "0.01")
    again = await hub.post("/loyalty/v1/gift-cards/redemptions", {"code": "GIFT-50", "amount": "0.02"})
    assert (again.status, "0.01" in again.json["detail"]) == (409, True)
    assert (await hub.post("/loyalty/v1/gift-cards/balances", {"code": "CLUB-1001"})).status == 404


async def test_a_coupon_is_used_once(hub):
    await learn(hub.db, (card(60, "coupon", "COUPON-60", "1"),))
    used = [await hub.post("/loyalty/v1/coupons/uses", {"code": "COUPON-60"}) for _ in range(2)]
    assert [reply.status for reply in used] == [201, 409]
    check = (await hub.post("/loyalty/v1/coupons/validations", {"code": "COUPON-60"})).json
    assert (check["valid"], check["reason"], check["promotion"]) == (False, "used", "main-3")
    assert (await hub.post("/loyalty/v1/coupons/validations", {"code": "CLUB-1001"})).json["reason"] == "unknown"


async def test_codes_are_not_in_the_journal(hub, points):
    before = hub.tail.head
    await hub.post(MOVES["earn"], {"code": points, "points": "1"})
    await hub.settled(before + 2)
    rows = await hub.db.fetch("SELECT data::text FROM journal.events")
    assert not any(points in row[0] for row in rows)
