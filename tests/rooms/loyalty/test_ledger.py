"""The ledger alone: never below nothing, one effect a reference, and every change a row."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from tests.rooms.journal.world import sequenced
from tests.rooms.loyalty.ledger import amounts, conserved, learn, move, settle, there, try_all, wanted

from tillway import clock
from tillway.errors import Conflict, NotFound
from tillway.journal import read
from tillway.postgres import Database
from tillway.records import loyalty

D = Decimal


async def told(db: Database) -> list[tuple[str, str, str]]:
    await sequenced(db)
    found = (await read(db, 0)).events
    return [(event.type, event.data.get("cause") or event.data["kind"], event.data["balance"]) for event in found]


async def test_of_twenty_at_once_as_many_are_taken_as_there_are_points(db: Database) -> None:
    card = await learn(db, there("7"))
    taken = await try_all(db, [wanted(card, "-1") for _ in range(20)])
    assert (len(taken), await amounts(db, card)) == (7, (0, 7, -7))
    assert await conserved(db, card)
    with pytest.raises(Conflict, match="the card holds 0"):
        await move(db, wanted(card, "-0.01"))


async def test_what_was_earned_can_be_spent_before_the_back_office_has_it(db: Database) -> None:
    card = await learn(db, there("1"))
    await move(db, wanted(card, "4.5"))
    assert (await move(db, wanted(card, "-5"))).balance == D("0.5")
    assert await told(db) == [
        ("loyalty.moved", "earn", "5.5"),
        ("loyalty.changed", "earn", "5.5"),
        ("loyalty.moved", "redeem", "0.5"),
        ("loyalty.changed", "redeem", "0.5"),
    ]


async def test_a_reference_has_one_effect_on_a_card(db: Database) -> None:
    card, other = await learn(db, there("7")), await learn(db, there("7", "2"))
    asked = wanted(card, "-1", reference="receipt-1")
    assert len(await try_all(db, [asked] * 8)) == 1
    again = await loyalty.repeated(db, asked)
    assert again is not None
    assert (again.movement.reference, again.balance) == ("receipt-1", 6)
    with pytest.raises(Conflict, match="something else"):
        await loyalty.repeated(db, wanted(card, "-2", reference="receipt-1"))
    assert await loyalty.repeated(db, wanted(card, "-1", reference="receipt-2")) is None
    await move(db, wanted(other, "-1", reference="receipt-1"))


async def test_a_movement_is_taken_back_once(db: Database) -> None:
    card = await learn(db, there("7"))
    spent = await move(db, wanted(card, "-3"))
    back = wanted(card, "3", kind="reverse", reverses=spent.movement.id)
    assert [each.balance for each in await try_all(db, [back] * 4)] == [7]
    assert await conserved(db, card)


async def test_a_card_that_ended_is_not_spent(db: Database) -> None:
    yesterday = (clock.now() - timedelta(days=1)).date()
    ended = await learn(db, there("7", expires_on=yesterday))
    archived = await learn(db, there("7", "2", active=False))
    with pytest.raises(Conflict, match="good until"):
        await move(db, wanted(ended, "-1"))
    with pytest.raises(Conflict, match="not in force"):
        await move(db, wanted(archived, "-1"))


async def test_what_is_there_is_pending_no_more_and_counts_once(db: Database) -> None:
    card = await learn(db, there("7"))
    spent, earned = await move(db, wanted(card, "-3")), await move(db, wanted(card, "10"))
    for _ in range(2):
        await settle(db, spent, "4")
        assert await amounts(db, card) == (14, 4, 10)
    await settle(db, earned, "14")
    assert (await amounts(db, card), await conserved(db, card)) == ((14, 14, 0), True)


async def test_what_the_back_office_did_by_itself_is_a_row_and_told(db: Database) -> None:
    card = await learn(db, there("7"))
    spent = await move(db, wanted(card, "-3"))
    await learn(db, there("27"))
    assert await amounts(db, card) == (24, 27, -3)
    await settle(db, spent, "29")  # 5 more came while it was brought
    assert (await amounts(db, card), await conserved(db, card)) == ((29, 29, 0), True)
    page, following = await loyalty.movements(db, card, before=None, limit=2)
    assert [(each.kind, each.points, each.status) for each in page] == [
        ("outside", 5, "confirmed"),
        ("outside", 20, "confirmed"),
    ]
    assert [each.kind for each in (await loyalty.movements(db, card, before=following, limit=2))[0]] == ["redeem"]
    assert [each[1:] for each in await told(db) if each[0] == "loyalty.changed"] == [
        ("redeem", "4"),
        ("outside", "24"),
        ("outside", "29"),
    ]


async def test_what_was_read_while_a_movement_was_on_its_way_is_not_believed(db: Database) -> None:
    card = await learn(db, there("7"))
    spent = await move(db, wanted(card, "-3"))
    before = await loyalty.now(db)
    assert await loyalty.take(db, spent.movement.id)
    await learn(db, there("4"))
    assert await amounts(db, card) == (4, 7, -3)
    await settle(db, spent, "4")
    await learn(db, there("7"), before)
    assert await amounts(db, card) == (4, 4, 0)
    await learn(db, there("4"))
    assert await conserved(db, card)


async def test_one_movement_of_a_card_at_a_time_in_their_order(db: Database) -> None:
    card = await learn(db, there("7"))
    first, second = await move(db, wanted(card, "-3")), await move(db, wanted(card, "5"))
    assert not await loyalty.take(db, second.movement.id)
    assert await loyalty.take(db, first.movement.id)
    assert await loyalty.take(db, first.movement.id)
    assert not await loyalty.take(db, second.movement.id, in_order=False)
    await settle(db, first, "4")
    assert await loyalty.take(db, second.movement.id)


async def test_what_was_given_up_counts_no_more(db: Database) -> None:
    card = await learn(db, there("7"))
    spent = await move(db, wanted(card, "-3"))
    await settle(db, spent, "7", "cancelled")
    assert (await amounts(db, card), await conserved(db, card)) == ((7, 7, 0), True)
    assert (await told(db))[-1] == ("loyalty.changed", "cancelled", "7")


async def test_a_code_is_not_kept(db: Database) -> None:
    await learn(db, there("7", code="SECRET-CODE-1"))
    held = await loyalty.by_code(db, "odoo", "SECRET-CODE-1")
    assert held is not None
    assert await loyalty.by_code(db, "odoo", "SECRET-CODE-2") is None
    row = await db.fetchrow("SELECT * FROM records.loyalty_cards")
    assert "SECRET-CODE-1" not in str(dict(row))
    with pytest.raises(NotFound):
        await loyalty.get(db, "x")
