"""The catalogue is read whole, then what changed; nothing is missed, and what is no product is said."""

from __future__ import annotations

import secrets
from decimal import Decimal

import pytest
from tests.rooms.connectors.world import World

from tillway.connectors.odoo import Odoo
from tillway.errors import Invalid
from tillway.retail import Call, DataFinding, Product, Tax

PAGE = 20


async def sweep(
    odoo: Odoo, call: Call, cursor: str | None = None, limit: int = 500
) -> tuple[str, list[Product], list[DataFinding]]:
    """Everything from the cursor on."""
    items: list[Product] = []
    skipped: list[DataFinding] = []
    while True:
        page = await odoo.catalogue.products(call, cursor=cursor, limit=limit)
        assert page.cursor is not None
        cursor = page.cursor
        items += page.items
        skipped += page.findings
        if not page.more:
            return cursor, items, skipped


def of(items: list[Product], sku: str) -> list[Product]:
    return [item for item in items if item.sku == sku]


def new(world: World, **values: object) -> tuple[int, str]:
    """A product of this test's own: variant id and SKU."""
    sku = str(values.pop("default_code", f"{world.shop.tag}-{secrets.token_hex(3)}"))
    template = world.far.make(
        "product.template",
        **{"name": "One", "list_price": 10.0, "taxes_id": [[6, 0, [world.shop.tax]]], "default_code": sku, **values},
    )
    rows = world.far.rows("product.product", [["product_tmpl_id", "=", template]], ["default_code"])
    return rows[0]["id"], sku


async def test_the_variants_of_a_family_are_products(world: World, call: Call) -> None:
    _, items, _ = await sweep(world.odoo(), call)

    tag = world.shop.tag
    family = {item.sku: item for item in items if item.template == str(world.shop.template)}
    assert {sku: item.list_price for sku, item in family.items()} == {
        f"{tag}-S-RED": Decimal(20),
        f"{tag}-S-BLUE": Decimal(25),
        f"{tag}-M-RED": Decimal(20),
        f"{tag}-M-BLUE": Decimal(25),
    }
    assert family[f"{tag}-S-BLUE"] == Product(
        sku=f"{tag}-S-BLUE",
        name=f"{tag} Tee",
        list_price=Decimal("25.00"),
        currency=world.shop.currency,
        taxes=(Tax(id=str(world.shop.tax), name=f"{tag} 15%", rate=Decimal(15), included=False),),
        template=str(world.shop.template),
        variant=str(world.shop.variants[f"{tag}-S-BLUE"]),
        category="/".join(str(each) for each in world.shop.categories) + "/",
        attributes={f"{tag} Size": "S", f"{tag} Colour": "Blue"},
    )


async def test_small_pages_hold_what_a_large_one_holds(world: World, call: Call) -> None:
    _, large, _ = await sweep(world.odoo(), call)
    _, small, _ = await sweep(world.odoo(), call, limit=PAGE)

    assert {item.variant for item in large} <= {item.variant for item in small}
    assert len({item.sku for item in small}) == len({item.variant for item in small})


async def test_a_change_comes_with_the_next_sweep(world: World, call: Call) -> None:
    variant, sku = new(world)
    cursor, first, _ = await sweep(world.odoo(), call)
    world.far.ask("product.product", "write", ids=[variant], vals={"lst_price": 12.5})

    cursor, second, _ = await sweep(world.odoo(), call, cursor)

    assert [item.list_price for item in of(first, sku) + of(second, sku)] == [Decimal("10.00"), Decimal("12.50")]


async def test_a_change_of_the_family_comes_with_all_its_variants(world: World, call: Call) -> None:
    cursor, _, _ = await sweep(world.odoo(), call)
    world.far.ask("product.template", "write", ids=[world.shop.template], vals={"name": f"{world.shop.tag} Tee"})

    _, items, _ = await sweep(world.odoo(), call, cursor)

    family = {item.sku for item in items if item.template == str(world.shop.template)}
    assert family == set(world.shop.variants)


async def test_an_archived_product_is_inactive(world: World, call: Call) -> None:
    variant, sku = new(world)
    cursor, _, _ = await sweep(world.odoo(), call)
    world.far.ask("product.product", "write", ids=[variant], vals={"active": False})

    _, items, _ = await sweep(world.odoo(), call, cursor)

    assert [item.active for item in of(items, sku)] == [False]


async def test_a_deleted_product_is_known_by_its_absence(world: World, call: Call) -> None:
    variant, _ = new(world)
    bare, _ = new(world, default_code="")
    asked = [str(variant), str(bare)]
    before = await world.odoo().catalogue.coded(call, asked)
    world.far.ask("product.product", "unlink", ids=[variant])

    after = await world.odoo().catalogue.coded(call, asked)

    assert (before, after) == ({str(variant)}, frozenset())


async def test_without_a_code_it_is_no_product(world: World, call: Call) -> None:
    variant, _ = new(world, default_code="")

    _, items, skipped = await sweep(world.odoo(), call)

    assert str(variant) not in {item.variant for item in items}
    assert [each.detail for each in skipped if each.foreign_id == str(variant)] == [
        "no internal reference: it can't be sold by SKU"
    ]


async def test_one_code_is_one_product_until_its_owner_steps_back(world: World, call: Call) -> None:
    first, sku = new(world)
    second, _ = new(world, default_code=sku)
    cursor, items, skipped = await sweep(world.odoo(), call)
    assert [item.variant for item in of(items, sku)] == [str(first)]
    assert [each.sku for each in skipped if each.foreign_id == str(second)] == [sku]
    world.far.ask("product.product", "write", ids=[first], vals={"active": False})

    _, items, skipped = await sweep(world.odoo(), call, cursor)

    assert {item.variant for item in of(items, sku)} == {str(second)}
    assert [each.sku for each in skipped if each.foreign_id == str(first)] == [sku]


async def test_a_right_gtin_is_kept_and_a_shelf_code_is_not(world: World, call: Call) -> None:
    body = f"20{secrets.randbelow(10**10):010d}"
    digit = -sum(int(each) * (3 if place % 2 else 1) for place, each in enumerate(body)) % 10
    _, scanned = new(world, barcode=f"{body}{digit}")
    _, shelf = new(world, barcode=f"SHELF-{secrets.token_hex(4)}")

    _, items, found = await sweep(world.odoo(), call)

    assert [(each.kind, each.left_out) for each in found if each.sku == shelf] == [("gtin-wrong", False)]
    assert [each for each in found if each.sku == scanned] == []
    assert [item.gtin for item in of(items, scanned) + of(items, shelf)] == [f"{body}{digit}", None]


async def test_a_tax_that_is_no_percentage_keeps_a_product_out(world: World, call: Call) -> None:
    deposit = world.far.make(
        "account.tax",
        name=f"{world.shop.tag} {secrets.token_hex(3)}",
        amount=0.25,
        amount_type="fixed",
        type_tax_use="sale",
        company_id=1,
    )
    variant, sku = new(world, taxes_id=[[6, 0, [deposit]]])

    _, items, skipped = await sweep(world.odoo(), call)

    assert of(items, sku) == []
    assert [each.detail for each in skipped if each.foreign_id == str(variant)] == [
        f"tax {deposit} is of kind fixed, not a percentage"
    ]


async def test_what_is_sold_without_a_price_a_tax_or_a_bar_code_is_told(world: World, call: Call) -> None:
    variant, sku = new(world, list_price=0.0, taxes_id=[[6, 0, []]])
    copied, _ = new(world, default_code=sku)
    odoo = world.odoo()

    cursor, _, found = await sweep(odoo, call)

    assert [(each.kind, each.left_out) for each in found if each.foreign_id == str(variant)] == [
        ("gtin-missing", False),
        ("no-price", False),
        ("tax-missing", False),
    ]
    assert [(each.kind, each.left_out) for each in found if each.foreign_id == str(copied)] == [("duplicate-sku", True)]
    assert await odoo.catalogue.alive(call, [str(variant), str(copied), "999999999"]) == {str(variant), str(copied)}
    world.far.ask("product.product", "write", ids=[copied], vals={"active": False})
    _, _, found = await sweep(odoo, call, cursor)
    assert [each.kind for each in found if each.foreign_id == str(copied)] == ["archived-duplicate"]


async def test_a_foreign_cursor_is_refused(world: World, call: Call) -> None:
    with pytest.raises(Invalid):
        await world.odoo().catalogue.products(call, cursor="nonsense", limit=10)


async def test_a_group_of_taxes_is_taken_apart(world: World, call: Call) -> None:
    parts = [
        world.far.make(
            "account.tax",
            name=f"{world.shop.tag} {name} {secrets.token_hex(2)}",
            amount=amount,
            type_tax_use="none",
            company_id=1,
        )
        for name, amount in (("state", 5), ("city", 2.5))
    ]
    group = world.far.make(
        "account.tax",
        name=f"{world.shop.tag} both {secrets.token_hex(2)}",
        amount_type="group",
        amount=0,
        type_tax_use="sale",
        children_tax_ids=[[6, 0, parts]],
        company_id=1,
    )
    _, sku = new(world, taxes_id=[[6, 0, [group]]])

    _, items, _ = await sweep(world.odoo(), call)

    assert [[(tax.id, tax.rate) for tax in item.taxes] for item in of(items, sku)] == [
        [(str(parts[0]), Decimal(5)), (str(parts[1]), Decimal("2.5"))]
    ]


async def test_what_belongs_to_products_and_marks_none_shows_in_a_fingerprint(world, call):
    catalogue, far = world.odoo().catalogue, world.far
    seen = [await catalogue.related_versions(call)]
    assert await catalogue.related_versions(call) == seen[0]
    (surcharge,) = far.rows(
        "product.template.attribute.value",
        [["product_tmpl_id", "=", world.shop.template], ["price_extra", ">", 0]],
        ["price_extra"],
    )
    marks = far.rows("product.product", [["product_tmpl_id", "=", world.shop.template]], ["write_date"])
    for model, record, values in (
        ("product.template.attribute.value", surcharge["id"], {"price_extra": 6}),
        ("product.category", world.shop.categories[1], {"parent_id": False}),
        ("account.tax", world.shop.tax, {"amount": 16}),
    ):
        far.ask(model, "write", ids=[record], vals=values)
        seen.append(await catalogue.related_versions(call))
    assert len(set(seen)) == len(seen)
    assert far.rows("product.product", [["product_tmpl_id", "=", world.shop.template]], ["write_date"]) == marks
    for model, record, values in (
        ("product.template.attribute.value", surcharge["id"], {"price_extra": float(surcharge["price_extra"])}),
        ("product.category", world.shop.categories[1], {"parent_id": world.shop.categories[0]}),
        ("account.tax", world.shop.tax, {"amount": 15}),
    ):
        far.ask(model, "write", ids=[record], vals=values)


async def test_a_page_after_the_fingerprint_is_made_with_what_the_fingerprint_saw(world, call):
    """Taxes are remembered from page to page: not beyond the question whether any of them changed."""
    catalogue, far = world.odoo().catalogue, world.far

    async def rates():
        page = await catalogue.products(call, cursor=None, limit=500)
        while page.more:
            page = await catalogue.products(call, cursor=page.cursor, limit=500)
        family = [item for item in page.items if item.template == str(world.shop.template)]
        return {tax.rate for item in family for tax in item.taxes if tax.id == str(world.shop.tax)}

    assert await rates() == {Decimal(15)}
    far.ask("account.tax", "write", ids=[world.shop.tax], vals={"amount": 16})
    await catalogue.related_versions(call)
    assert await rates() == {Decimal(16)}
    far.ask("account.tax", "write", ids=[world.shop.tax], vals={"amount": 15})
