"""A customer is in Odoo once, found however it was typed there, and followed when people merge."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from typing import Any

import pytest
from tests.rooms.connectors.world import PARALLEL, World

from tillway.errors import Forbidden, NotFound, OutcomeUnknown, TillwayError, TryAgain
from tillway.retail import Address, Call, Customer, CustomerReference, keys_of


def customer(**more: Any) -> Customer:
    tag = secrets.token_hex(4)
    told: dict[str, Any] = {
        "name": f"Ada {tag}",
        "emails": (f"ada.{tag}@example.com",),
        "phones": (f"+3225{secrets.randbelow(10**7):07}",),
        "vat": f"BE0{secrets.randbelow(10**9):09}",
        "references": (CustomerReference(system="main", value=f"C-{tag}"),),
        "address": Address(street="1 Main", city="Brussels", zip="1000", country="BE"),
        **more,
    }
    return Customer(id=str(uuid.uuid4()), connection="main", **told)


def really(world: World, wanted: Customer) -> list[dict[str, Any]]:
    return world.far.rows("res.partner", [["email_normalized", "=", wanted.emails[0]]], ["name", "phone", "vat", "ref"])


async def test_a_customer_arrives_and_is_found_by_our_id_and_by_each_key(world: World, call: Call) -> None:
    ada, far = customer(), world.odoo().customers

    written = await far.write(call, ada, None)

    (row,) = really(world, ada)
    assert (row["name"], row["phone"], row["ref"]) == (ada.name, ada.phones[0], ada.references[0].value)
    assert (written.ours, written.email, written.phone, written.reference, written.address) == (
        ada.id,
        ada.emails[0],
        ada.phones[0],
        ada.references[0].value,
        ada.address,
    )
    assert await far.find(call, ada.id) == written
    for key in keys_of(ada):
        assert await far.look_up(call, [key]) == (written,), key.kind


async def test_nobody_is_made_by_looking_for_our_id(world: World, call: Call) -> None:
    before = await world.odoo().customers.mark(call)
    assert await world.odoo().customers.find(call, str(uuid.uuid4())) is None
    assert (await world.odoo().customers.mark(call)).split(":")[0] == before.split(":")[0] or world.far.name == "odoo"


async def test_two_at_once_make_one(world: World, call: Call) -> None:
    ada = customer()

    async def write() -> None:
        for _ in range(PARALLEL):
            try:
                await world.odoo().customers.write(call, ada, None)
            except (TryAgain, OutcomeUnknown):
                continue
            return

    await asyncio.gather(*(write() for _ in range(PARALLEL)))

    assert len(really(world, ada)) == 1


async def test_an_answer_lost_after_the_commit_makes_no_second(world: World, call: Call) -> None:
    ada, far = customer(), world.odoo().customers
    world.proxy.lose_answer("res.partner/load")

    with pytest.raises(OutcomeUnknown):
        await far.write(call, ada, None)

    again = await far.write(call, ada, None)
    assert [row["id"] for row in really(world, ada)] == [int(again.foreign_id)]


@pytest.mark.parametrize("typed", ["{0} {1} {2}", "00{3} {1}-{2}", "+{3} ({1}) {2}"])
async def test_a_number_is_found_however_it_was_typed(world: World, call: Call, typed: str) -> None:
    area, rest = "470", f"{secrets.randbelow(10**6):06}"
    text = typed.format("+32", area, rest, "32")
    made = world.far.make("res.partner", name="Typed", phone=text, email=f"{secrets.token_hex(4)}@example.com")
    (key,) = keys_of(customer(emails=(), vat=None, references=(), phones=(f"+32{area}{rest}",)))

    found = await world.odoo().customers.look_up(call, [key])

    assert [each.foreign_id for each in found] == [str(made)]
    assert found[0].phone == f"+32{area}{rest}"


async def test_an_address_is_found_however_it_was_typed(world: World, call: Call) -> None:
    tag = secrets.token_hex(4)
    made = world.far.make("res.partner", name="Typed", email=f'"Ada" <Ada.{tag.upper()}@Example.COM>')
    (key,) = keys_of(customer(emails=(f"ada.{tag}@example.com",), vat=None, references=(), phones=()))

    found = await world.odoo().customers.look_up(call, [key])

    assert [(each.foreign_id, each.email) for each in found] == [(str(made), f"ada.{tag}@example.com")]


async def test_a_merge_of_people_over_there_is_followed_by_our_id(world: World, call: Call) -> None:
    ada, bob, far = customer(), customer(), world.odoo().customers
    kept, gone = await far.write(call, ada, None), await far.write(call, bob, None)
    pair = [int(kept.foreign_id), int(gone.foreign_id)]
    values = {"state": "selection", "partner_ids": [[6, 0, pair]], "dst_partner_id": pair[0]}
    wizard = world.far.make("base.partner.merge.automatic.wizard", **values)
    world.far.ask("base.partner.merge.automatic.wizard", "action_merge", ids=[wizard])

    alive = await far.ids(call)
    followed = await far.find(call, bob.id)

    assert (kept.foreign_id in alive, gone.foreign_id in alive) == (True, False)
    assert followed is not None
    assert followed.foreign_id == kept.foreign_id


async def test_we_merge_once_whatever_is_lost(world: World, call: Call) -> None:
    many, far = [customer() for _ in range(4)], world.odoo().customers
    ids = [(await far.write(call, each, None)).foreign_id for each in many]
    world.proxy.lose_answer("base.partner.merge.automatic.wizard/action_merge")

    with pytest.raises(OutcomeUnknown):
        await far.merge(call, ids[1:], ids[0])
    await far.merge(call, ids[1:], ids[0])
    await far.merge(call, ids[1:], ids[0])

    alive = await far.ids(call)
    assert [each in alive for each in ids] == [True, False, False, False]
    assert {(await far.find(call, each.id)).foreign_id for each in many} == {ids[0]}  # type: ignore[union-attr]
    with pytest.raises(NotFound):
        await far.merge(call, [ids[0]], ids[1])


async def test_only_what_differs_is_written(world: World, call: Call) -> None:
    ada, far = customer(), world.odoo().customers
    made = await far.write(call, ada, None)
    before = world.far.rows("res.partner", [["id", "=", int(made.foreign_id)]], ["write_date"])

    assert await far.write(call, ada, made.foreign_id) == made

    assert world.far.rows("res.partner", [["id", "=", int(made.foreign_id)]], ["write_date"]) == before
    with pytest.raises(NotFound):
        await far.write(call, ada, "999999999")


async def test_what_changed_comes_by_cursor_and_own_people_do_not(world: World, call: Call) -> None:
    far = world.odoo().customers
    cursor: str | None = None
    for _ in range(100):
        page = await far.changed(call, cursor=cursor, limit=1000)
        cursor = page.cursor
        if not page.more:
            break
    ada = await far.write(call, customer(), None)

    seen = {each.foreign_id: each for each in (await far.changed(call, cursor=cursor, limit=1000)).items}

    assert seen[ada.foreign_id] == ada
    users = world.far.rows("res.users", [["login", "=", "admin"]], ["partner_id"])
    assert str(users[0]["partner_id"][0]) not in seen


async def test_a_user_without_the_right_is_told_which(world: World, call: Call) -> None:
    if world.far.limited_key is None:
        assert world.far.name == "sandbox"
        return
    with pytest.raises(TillwayError) as refused:
        await world.odoo(key=world.far.limited_key).customers.write(call, customer(), None)
    assert isinstance(refused.value, Forbidden)
    assert "Contact/Creation" in refused.value.remedy
