"""Points move once, whatever gets lost, repeated or done by others at the same time; programmes are what they are."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from tests.rooms.connectors.far_side import FarSide
from tests.rooms.connectors.world import World

from tillway.errors import Conflict, NotFound, OutcomeUnknown, TryAgain
from tillway.retail import Bringing, Brought, Call, Products

WIZARD = "loyalty.card.update.balance"
RUN = f"{WIZARD}/action_update_card_point"
CREATE = f"{WIZARD}/create"


@dataclass(frozen=True)
class CardThere:
    far: FarSide
    id: int
    code: str

    @property
    def points(self) -> Decimal:
        return self.far.rows("loyalty.card", [["id", "=", self.id]], ["points"])[0]["points"]

    def history(self) -> list[Decimal]:
        """What happened to it, newest first, rounded to what counts."""
        rows = self.far.rows("loyalty.history", [["card_id", "=", self.id]], ["issued", "used"], order="id desc")
        return [Decimal(row["issued"] - row["used"]).quantize(Decimal("0.01")) for row in rows]

    def put(self, points: float) -> None:
        """What a person does in Odoo's own form."""
        wizard = self.far.make(WIZARD, card_id=self.id, new_balance=points, description="By hand")
        self.far.ask(WIZARD, "action_update_card_point", ids=[wizard])


@pytest.fixture(scope="module")
def club(far: FarSide) -> int:
    return programme(far, f"L{secrets.token_hex(3)} club", "loyalty", applies_on="both", trigger="auto")


def programme(far: FarSide, name: str, kind: str, **more: Any) -> int:
    rules = more.pop("rules", [{"reward_point_amount": 1, "reward_point_mode": "money"}])
    rewards = more.pop("rewards", [{"discount": 5, "discount_mode": "per_order", "required_points": 20}])
    return far.make(
        "loyalty.program",
        name=name,
        program_type=kind,
        rule_ids=[[5, 0, 0], *([0, 0, each] for each in rules)],
        reward_ids=[[5, 0, 0], *([0, 0, each] for each in rewards)],
        **more,
    )


def card(far: FarSide, club: int, points: float = 50, **more: Any) -> CardThere:
    code = f"L-{secrets.token_hex(5)}"
    return CardThere(far, far.make("loyalty.card", program_id=club, points=points, code=code, **more), code)


def moving(on: CardThere, points: str) -> Bringing:
    return Bringing(card=str(on.id), reference=str(uuid.uuid4()), points=Decimal(points), text="Checkout")


def brought(moved: str, balance: str) -> Brought:
    return Brought(moved=Decimal(moved), balance=Decimal(balance))


async def test_a_card_is_found_by_what_is_printed_on_it_and_by_its_customer(
    world: World, call: Call, far: FarSide, club: int
) -> None:
    partner = far.make("res.partner", name=f"L{secrets.token_hex(3)}")
    made = card(far, club, 102.729999999, partner_id=partner)
    odoo = world.odoo().loyalty
    found = await odoo.card_by_code(call, made.code)
    assert found is not None
    assert (found.foreign_id, found.kind, found.points) == (str(made.id), "loyalty", Decimal("102.73"))
    assert found.customer == str(partner)
    assert await odoo.cards_of(call, str(partner)) == (found,)
    assert await odoo.cards(call, [str(made.id)]) == (found,)
    assert await odoo.card_by_code(call, "no such code") is None


async def test_points_come_and_go(world: World, call: Call, far: FarSide, club: int) -> None:
    made, odoo = card(far, club), world.odoo().loyalty
    assert await odoo.bring(call, moving(made, "12.3"), again=False) == brought("12.3", "62.3")
    assert await odoo.bring(call, moving(made, "-60"), again=False) == brought("-60", "2.3")
    assert made.history() == [Decimal(-60), Decimal("12.30")]


async def test_what_is_asked_again_is_done_once(world: World, call: Call, far: FarSide, club: int) -> None:
    made, odoo = card(far, club), world.odoo().loyalty
    movement = moving(made, "-7")
    for again in (False, True, True):
        assert await odoo.bring(call, movement, again=again) == brought("-7", "43")
    assert made.history() == [Decimal(-7)]


async def test_an_answer_that_got_lost_after_the_work_was_done_is_looked_up(
    world: World, call: Call, far: FarSide, club: int
) -> None:
    made, odoo = card(far, club), world.odoo().loyalty
    movement = moving(made, "-7")
    world.proxy.lose_answer(RUN)
    with pytest.raises(OutcomeUnknown):
        await odoo.bring(call, movement, again=False)
    assert await odoo.bring(call, movement, again=True) == brought("-7", "43")
    assert (made.points, made.history()) == (43, [Decimal(-7)])


async def test_a_call_still_at_work_when_it_is_asked_again_counts_once(
    world: World, call: Call, far: FarSide, club: int
) -> None:
    made, odoo = card(far, club), world.odoo().loyalty
    movement = moving(made, "-7")
    world.proxy.cut_off(RUN)
    asked = odoo.bring(call, movement, again=False)
    with pytest.raises(OutcomeUnknown):
        await asked
    assert await until_known(odoo, call, movement) == brought("-7", "43")
    await world.proxy.idle()
    assert (made.points, made.history()) == (43, [Decimal(-7)])


async def test_a_call_that_arrives_after_it_was_given_up_has_no_effect(
    world: World, call: Call, far: FarSide, club: int
) -> None:
    made, odoo = card(far, club), world.odoo().loyalty
    movement, next_one = moving(made, "-7"), moving(made, "20")
    late = far.make(
        WIZARD, card_id=made.id, new_balance=43.0, description=f"{movement.text} (tillway {movement.reference})"
    )
    assert await odoo.bring(call, movement, again=True) == brought("-7", "43")
    assert await odoo.bring(call, next_one, again=False) == brought("20", "63")
    with pytest.raises(Exception, match="New Balance should be positive"):
        far.ask(WIZARD, "action_update_card_point", ids=[late])
    assert (made.points, made.history()) == (63, [Decimal(20), Decimal(-7)])


async def test_the_same_movement_at_once_from_many_sides_counts_once(
    world: World, call: Call, far: FarSide, club: int
) -> None:
    made, odoo = card(far, club), world.odoo().loyalty
    movement = moving(made, "-7")
    await asyncio.gather(*(odoo.bring(call, movement, again=True) for _ in range(4)), return_exceptions=True)
    assert await until_known(odoo, call, movement) == brought("-7", "43")
    assert (made.points, made.history()) == (43, [Decimal(-7)])


async def test_what_somebody_else_did_and_we_overwrote_is_seen_and_given_back(
    world: World, call: Call, far: FarSide, club: int
) -> None:
    made, odoo = card(far, club), world.odoo().loyalty
    movement = moving(made, "-7")
    world.proxy.before(RUN, lambda: made.put(80))
    # 30 were given by hand in between: the balance fell by 37, not by 7.
    assert await odoo.bring(call, movement, again=False) == brought("-37", "43")
    assert await odoo.bring(call, movement, again=True) == brought("-37", "43")
    assert await odoo.restore(call, movement) == brought("-7", "73")
    assert await odoo.restore(call, movement) == brought("-7", "73")
    assert (made.points, made.history()) == (73, [Decimal(30), Decimal(-37), Decimal(30)])


async def test_somebody_else_who_did_the_same_is_not_taken_for_us(
    world: World, call: Call, far: FarSide, club: int
) -> None:
    made, odoo = card(far, club), world.odoo().loyalty
    movement = moving(made, "-7")
    world.proxy.before(RUN, lambda: made.put(43))
    with pytest.raises(OutcomeUnknown):
        await odoo.bring(call, movement, again=False)
    assert await odoo.bring(call, movement, again=True) == brought("-7", "36")
    assert made.history() == [Decimal(-7), Decimal(-7)]


async def test_a_wizard_of_which_nobody_knows_does_nothing(world: World, call: Call, far: FarSide, club: int) -> None:
    made, odoo = card(far, club), world.odoo().loyalty
    movement = moving(made, "5")
    world.proxy.lose_answer(CREATE)
    with pytest.raises(TryAgain):
        await odoo.bring(call, movement, again=False)
    assert (made.points, made.history()) == (50, [])
    assert await odoo.bring(call, movement, again=False) == brought("5", "55")


async def test_more_than_there_is_cannot_be_spent(world: World, call: Call, far: FarSide, club: int) -> None:
    made, odoo = card(far, club), world.odoo().loyalty
    with pytest.raises(Conflict, match="holds 50"):
        await odoo.bring(call, moving(made, "-50.01"), again=False)
    assert await odoo.bring(call, moving(made, "-50"), again=False) == brought("-50", "0")
    with pytest.raises(NotFound):
        await odoo.bring(call, moving(CardThere(far, 99999999, ""), "1"), again=False)


async def test_noise_of_floats_is_no_dispute(world: World, call: Call, far: FarSide, club: int) -> None:
    made, odoo = card(far, club, 0.1 + 0.2), world.odoo().loyalty
    assert await odoo.bring(call, moving(made, "102.43"), again=False) == brought("102.43", "102.73")
    finer = card(far, club, 10.005)
    assert await odoo.bring(call, moving(finer, "5"), again=False) == brought("5", "15.01")


async def test_changed_cards_are_read_by_cursor(world: World, call: Call, far: FarSide, club: int) -> None:
    made, odoo = card(far, club), world.odoo().loyalty
    page = await odoo.changed_cards(call, cursor=None, limit=1000)
    while page.more:
        page = await odoo.changed_cards(call, cursor=page.cursor, limit=1000)
    made.put(77)
    page = await odoo.changed_cards(call, cursor=page.cursor, limit=1000)
    assert {each.foreign_id: each.points for each in page.items}[str(made.id)] == 77


async def test_programmes_are_told_with_rules_and_rewards(world: World, call: Call, far: FarSide) -> None:
    tag, red = f"L{secrets.token_hex(3)}", world.shop.sku("S-RED")
    variant = world.shop.variants[red]
    child = world.shop.categories[1]
    keys = [
        programme(
            far,
            f"{tag} free",
            "buy_x_get_y",
            rules=[{"product_ids": [[6, 0, [variant]]], "minimum_qty": 2, "reward_point_mode": "unit"}],
            rewards=[{"reward_type": "product", "reward_product_id": variant, "required_points": 2}],
            pos_ok=True,
            sale_ok=False,
        ),
        programme(
            far,
            f"{tag} off",
            "promotion",
            date_from="2026-11-01",
            date_to="2026-11-30",
            limit_usage=True,
            max_usage=100,
            rules=[{"minimum_amount": 80, "minimum_qty": 0, "product_category_id": child}],
            rewards=[{"discount": 12.5, "discount_applicability": "cheapest", "discount_max_amount": 30}],
        ),
        programme(far, f"{tag} odd", "promotion", rules=[{"product_domain": "[('sale_ok', '=', True)]"}]),
    ]
    told = {each.id: each for each in await world.odoo().loyalty.programmes(call)}
    free, off, odd = (told[str(key)] for key in keys)
    assert (free.kind, free.channels, free.understood) == ("buy-x-get-y", ("pos",), True)
    assert (free.rules[0].products, free.rules[0].per) == (Products(skus=(red,)), "unit")
    assert (free.rules[0].minimum_quantity, free.rewards[0].points) == (2, 2)
    assert (free.rewards[0].kind, free.rewards[0].products.skus, free.rewards[0].quantity) == ("product", (red,), 1)
    assert (off.starts_on, off.ends_on, off.uses_at_most) == (date(2026, 11, 1), date(2026, 11, 30), 100)
    assert (off.channels, off.rules[0].minimum_amount) == (("pos", "web"), 80)
    assert off.rules[0].products.category is not None
    assert off.rules[0].products.category.endswith(f"/{child}/")
    assert (off.rewards[0].percent, off.rewards[0].on, off.rewards[0].maximum) == (Decimal("12.5"), "cheapest", 30)
    assert (odd.understood, odd.reasons[0].endswith("chosen by a search of Odoo's")) == (False, True)


async def until_known(odoo: Any, call: Call, movement: Bringing) -> Brought:
    async with asyncio.timeout(30):
        while True:
            try:
                found: Brought = await odoo.bring(call, movement, again=True)
            except OutcomeUnknown:
                continue
            return found
