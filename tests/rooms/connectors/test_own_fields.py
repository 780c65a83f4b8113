"""What a retailer added to its Odoo comes with the products; what is wrong with it is said and stops nothing."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from tests.rooms.connectors.far_side import FarSide
from tests.rooms.connectors.test_catalogue import new, of, sweep
from tests.rooms.connectors.world import World

from tillway.connectors.odoo import OwnFieldInOdoo
from tillway.retail import Call, Customer, CustomerKey, DataClass, OwnField, OwnKind

NUMBERS = ", and number is read from integer or float or monetary"
KINDS = {"days": "float", "origin": "char", "fragile": "boolean", "launch": "date", "tasted": "datetime"}


@dataclass(frozen=True)
class Added:
    """Columns of products by the end of their names, and a model with its column and its pointer."""

    tag: str
    model: str

    def column(self, end: str) -> str:
        return f"{self.tag}_{end}"

    def on_product(self, end: str, kind: OwnKind, **more: Any) -> OwnFieldInOdoo:
        return OwnFieldInOdoo(field=declared(end, kind, **more), column=self.column(end))

    def hazard(self, **more: Any) -> OwnFieldInOdoo:
        field = declared("hazard", "choice", choices=("A", "B"))
        given = {"column": "x_class", "model": self.model, "product": "x_product_id", **more}
        return OwnFieldInOdoo(field=field, **given)


def declared(name: str, kind: OwnKind, **more: Any) -> OwnField:
    return OwnField(name=name, kind=kind, data_class=DataClass.PUBLIC, about="Of these tests.", **more)


@pytest.fixture(scope="module")
def of_partners(far: FarSide) -> Iterator[str]:
    """A column of partners. Removed in the end."""
    name = f"x_t{secrets.token_hex(3)}_club"
    model = far.rows("ir.model", [["model", "=", "res.partner"]], ["id"])[0]["id"]
    field = {"name": name, "model_id": model, "ttype": "char", "field_description": "Club", "state": "manual"}
    made = far.ask("ir.model.fields", "create", vals_list=[field])
    yield name
    far.ask("ir.model.fields", "unlink", ids=made)


@pytest.fixture(scope="module")
def added(far: FarSide) -> Iterator[Added]:
    """Made once: a real server builds its registry anew for each. Removed in the end."""
    tag = f"x_t{secrets.token_hex(3)}"
    template = far.rows("ir.model", [["model", "=", "product.template"]], ["id"])[0]["id"]
    fields = [
        {"name": f"{tag}_{end}", "model_id": template, "ttype": kind, "field_description": end, "state": "manual"}
        for end, kind in KINDS.items()
    ]
    pointer = {"name": "x_product_id", "ttype": "many2one", "relation": "product.template"}
    lines = [
        [0, 0, {"state": "manual", "field_description": "Of a product", **each}]
        for each in ({"name": "x_class", "ttype": "char"}, pointer)
    ]
    hazards = {"name": f"{tag} hazards", "model": f"{tag}_hazard", "state": "manual", "field_id": lines}
    with ExitStack() as removed:
        made = far.ask("ir.model.fields", "create", vals_list=fields)
        removed.callback(far.ask, "ir.model.fields", "unlink", ids=made)
        model = far.ask("ir.model", "create", vals_list=hazards)[0]
        removed.callback(far.ask, "ir.model", "unlink", ids=[model])
        if far.name != "sandbox":  # there everybody may read everything
            group = far.rows("ir.model.data", [["module", "=", "base"], ["name", "=", "group_user"]], ["res_id"])[0]
            rights = dict.fromkeys(("perm_read", "perm_write", "perm_create", "perm_unlink"), True)
            granted = {"name": tag, "model_id": model, "group_id": group["res_id"], **rights}
            far.ask("ir.model.access", "create", vals_list=granted)
        yield Added(tag=tag, model=f"{tag}_hazard")


async def test_own_fields_come_with_their_product_each_as_it_was_declared(
    world: World, call: Call, added: Added
) -> None:
    own = (
        added.on_product("days", "number"),
        added.on_product("origin", "text"),
        added.on_product("fragile", "boolean"),
        added.on_product("launch", "date"),
        added.on_product("tasted", "moment"),
        added.hazard(),
    )
    odoo = world.odoo(own=own)
    cursor, _, _ = await sweep(odoo, call)
    held = {"days": 12.5, "origin": "Ghent", "launch": "2026-11-23", "tasted": "2026-11-23 09:00:00"}
    _, full = new(world, **{added.column(end): value for end, value in held.items()})
    variant, _ = new(world)
    template = world.far.rows("product.product", [["id", "=", variant]], ["product_tmpl_id"])[0]["product_tmpl_id"][0]
    world.far.make(added.model, x_class="B", x_product_id=template)

    _, items, findings = await sweep(odoo, call, cursor)

    (found,) = of(items, full)
    assert found.extensions == {
        "days": "12.5",
        "origin": "Ghent",
        "fragile": False,
        "launch": "2026-11-23",
        "tasted": "2026-11-23T09:00:00Z",
    }
    (pointed,) = [item for item in items if item.variant == str(variant)]
    assert pointed.extensions == {"days": "0", "fragile": False, "hazard": "B"}
    assert [each for each in findings if each.kind.startswith("own-field")] == []


async def test_an_own_field_that_this_odoo_lacks_is_said_and_the_products_come(
    world: World, call: Call, added: Added
) -> None:
    own = (
        added.on_product("nowhere", "text"),
        added.on_product("origin", "number"),
        added.hazard(model="x_no_such_model"),
        added.on_product("fragile", "boolean"),
    )
    odoo = world.odoo(own=own)
    cursor, _, _ = await sweep(odoo, call)
    _, sku = new(world)

    _, items, findings = await sweep(odoo, call, cursor)

    assert [item.extensions for item in of(items, sku)] == [{"fragile": False}]
    (said,) = {each.detail for each in findings if each.kind == "own-field-missing"}  # on each page
    assert said.split("; ") == [
        f"nowhere: product.product has no field {added.column('nowhere')} that our user may read",
        f"origin: product.product.{added.column('origin')} is char{NUMBERS}",
        "hazard: there is no model x_no_such_model",
    ]


async def test_the_look_at_an_odoo_says_which_declared_fields_it_lacks_or_has_otherwise(
    world: World, call: Call, added: Added
) -> None:
    own = (
        added.on_product("nowhere", "text"),
        added.on_product("origin", "number"),
        added.hazard(product="x_class"),
        added.on_product("fragile", "boolean"),
    )
    assert (await world.odoo(own=own[3:]).probe(call)).own_fields == ()

    found = await world.odoo(own=own).probe(call)

    assert [each for each in found.lacks if "own field" in each] == [
        f"the own field nowhere: product.product has no field {added.column('nowhere')} that our user may read",
        f"the own field origin: product.product.{added.column('origin')} is char{NUMBERS}",
        f"the own field hazard: {added.model} has no field x_class that points to products",
    ]
    assert not found.ready


async def test_a_wrong_value_is_a_finding_and_the_product_goes_on_without_it(
    world: World, call: Call, added: Added
) -> None:
    origin = OwnFieldInOdoo(
        field=declared("origin", "choice", choices=("Ghent",)), column=added.column("origin"), optional=False
    )
    odoo = world.odoo(own=(origin, added.hazard()))
    cursor, _, _ = await sweep(odoo, call)
    _, wrong = new(world, **{added.column("origin"): "Mars"})
    variant, empty = new(world)
    template = world.far.rows("product.product", [["id", "=", variant]], ["product_tmpl_id"])[0]["product_tmpl_id"][0]
    for each in ("A", "B"):
        world.far.make(added.model, x_class=each, x_product_id=template)

    _, items, findings = await sweep(odoo, call, cursor)

    assert [item.extensions for item in (*of(items, wrong), *of(items, empty))] == [{}, {}]
    said = {each.sku: each.detail for each in findings if each.kind == "own-field-wrong"}
    assert said[wrong] == "origin: is none of the declared choices"
    assert said[empty] == (
        f"origin: is empty, and must not be; hazard: records of {added.model} say different things of it"
    )


async def test_what_changes_in_the_retailers_own_model_is_worth_a_sweep(world: World, call: Call, added: Added) -> None:
    variant, _ = new(world)
    template = world.far.rows("product.product", [["id", "=", variant]], ["product_tmpl_id"])[0]["product_tmpl_id"][0]
    odoo = world.odoo(own=(added.hazard(),))
    seen = [await odoo.catalogue.related_versions(call)]

    record = world.far.make(added.model, x_class="A", x_product_id=template)
    seen.append(await odoo.catalogue.related_versions(call))
    world.far.ask(added.model, "write", ids=[record], vals={"x_class": "B"})
    seen.append(await odoo.catalogue.related_versions(call))
    world.far.ask(added.model, "unlink", ids=[record])
    seen.append(await odoo.catalogue.related_versions(call))

    assert len(set(seen[:3])) == 3
    assert seen[3] != seen[2]


async def test_a_customers_own_fields_come_however_the_customer_is_reached(
    world: World, call: Call, of_partners: str
) -> None:
    tag = secrets.token_hex(4)
    club = OwnFieldInOdoo(field=declared("club", "text"), column=of_partners, model="res.partner", entity="customer")
    gone = OwnFieldInOdoo(
        field=declared("gone", "text"), column=f"{of_partners}x", model="res.partner", entity="customer"
    )
    far = world.odoo(own=(club, gone)).customers
    email = f"{tag}@example.com"
    partner = world.far.make("res.partner", name=f"Ada {tag}", email=email, **{of_partners: "Gold"})

    (found,) = await far.look_up(call, [CustomerKey("email", email)])
    assert (found.foreign_id, found.extensions) == (str(partner), {"club": "Gold"})
    (listed,) = (await far.listed(call, cursor=None, limit=10, among=[str(partner)])).items
    assert listed.customer.extensions == {"club": "Gold"}
    written = await far.write(
        call, Customer(id="-", connection="main", name=f"Eve {tag}", emails=(email,)), str(partner)
    )
    assert (written.name, written.extensions) == (f"Eve {tag}", {"club": "Gold"})
    (without,) = await world.odoo().customers.look_up(call, [CustomerKey("email", email)])
    assert without.extensions == {}

    versions = [await each.customers.own_versions(call) for each in (world.odoo(), world.odoo(own=(club,)))]
    assert versions[0] == ""
    assert len({*versions, await far.own_versions(call), await far.own_versions(call)}) == 3
    lacks = (await world.odoo(own=(club, gone)).probe(call)).own_fields
    assert lacks == (f"gone: res.partner has no field {of_partners}x that our user may read",)
