"""Stock through the connector: what is held where, counts that replace only what was expected, transfers once."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from dataclasses import dataclass
from decimal import Decimal

import msgspec
import pytest
from tests.rooms.connectors.far_side import FarSide, Retailer
from tests.rooms.connectors.world import World

from tillway import clock
from tillway.errors import Conflict
from tillway.retail import Call, StockAdjustment, StockLevel, StockTransfer, TransferLine, TransferPlaces


@dataclass(frozen=True)
class Shelf:
    """A product of this test's own, on the shelves of the first warehouse and of a second one."""

    far: FarSide
    sku: str
    product: int
    warehouse: str
    location: int
    other: str
    other_location: int

    def put(self, quantity: float, *, there: bool = False) -> int:
        """Count so many into a shelf, at the back door."""
        location = self.other_location if there else self.location
        (quant,) = self.far.ask(
            "stock.quant",
            "create",
            vals_list={
                "product_id": self.product,
                "location_id": location,
                "inventory_quantity_auto_apply": quantity,
            },
            context={"inventory_mode": True, "allowed_company_ids": [1]},
        )
        return int(quant)

    def held(self) -> list[tuple[int, Decimal]]:
        rows = self.far.rows(
            "stock.quant",
            [["product_id", "=", self.product], ["location_id.usage", "=", "internal"]],
            ["location_id", "quantity"],
            order="id",
        )
        return [(row["location_id"][0], Decimal(str(row["quantity"]))) for row in rows if row["quantity"]]


@pytest.fixture
def shelf(far: FarSide, shop: Retailer) -> Shelf:
    sku = f"{shop.tag}-{secrets.token_hex(3)}"
    product = far.make("product.product", name=sku, default_code=sku, type="consu", is_storable=True)
    found = far.rows("stock.warehouse", [["company_id", "=", 1]], ["lot_stock_id"], order="id", limit=2)
    first, second = found[0], found[1]
    return Shelf(
        far,
        sku,
        product,
        str(first["id"]),
        first["lot_stock_id"][0],
        str(second["id"]),
        second["lot_stock_id"][0],
    )


def adjustment(sku: str, counted: str, expected: str) -> StockAdjustment:
    return StockAdjustment(
        id=str(uuid.uuid4()),
        sku=sku,
        location="web",
        counted=Decimal(counted),
        expected=Decimal(expected),
        reason="",
        state="recorded",
        counted_at=clock.now(),
    )


def level(shelf: Shelf, quantity: str, reserved: str = "0", *, there: bool = False) -> StockLevel:
    return StockLevel(
        warehouse=shelf.other if there else shelf.warehouse,
        sku=shelf.sku,
        quantity=Decimal(quantity),
        reserved=Decimal(reserved),
    )


async def test_each_warehouse_is_told_for_itself_and_nothing_is_zero(world: World, call: Call, shelf: Shelf) -> None:
    shelf.put(7)
    shelf.put(2.5, there=True)
    stock = world.odoo().stock
    assert await stock.levels(call, warehouses=(shelf.warehouse, shelf.other), skus=(shelf.sku,)) == (
        level(shelf, "7"),
        level(shelf, "2.5", there=True),
    )
    assert await stock.levels(call, warehouses=(shelf.warehouse,), skus=("no such SKU",)) == (
        StockLevel(warehouse=shelf.warehouse, sku="no such SKU", quantity=Decimal(0)),
    )


async def test_what_changes_is_told_from_the_cursor_on(world: World, call: Call, shelf: Shelf) -> None:
    stock = world.odoo().stock
    start = await stock.changed(call, warehouses=(shelf.warehouse,), cursor=None, limit=200)
    assert (start.items, start.more) == ((), False)
    shelf.put(3)
    found, cursor, more = [], start.cursor, True
    while more:
        page = await stock.changed(call, warehouses=(shelf.warehouse,), cursor=cursor, limit=200)
        found += page.items
        cursor, more = page.cursor, page.more
    assert level(shelf, "3") in found


async def test_a_sweep_names_everything_that_is_held(world: World, call: Call, shelf: Shelf) -> None:
    shelf.put(4)
    stock, found, cursor, more = world.odoo().stock, [], None, True
    while more:
        page = await stock.sweep(call, warehouse=shelf.warehouse, cursor=cursor, limit=100)
        found += page.items
        cursor, more = page.cursor, page.more
    assert level(shelf, "4") in found
    assert {each.warehouse for each in found} == {shelf.warehouse}


async def test_a_count_replaces_the_figure_it_expected_once(world: World, call: Call, shelf: Shelf) -> None:
    shelf.put(10)
    stock, counted = world.odoo().stock, adjustment(shelf.sku, "8", "10")
    for _ in range(3):
        made = await stock.count(call, adjustment=counted, warehouse=shelf.warehouse)
        assert (made.done, made.held) == (True, Decimal(10))
    assert shelf.held() == [(shelf.location, Decimal(8))]
    moves = shelf.far.rows("stock.move", [["inventory_name", "ilike", counted.id]], ["quantity", "is_inventory"])
    assert [(float(row["quantity"]), row["is_inventory"]) for row in moves] == [(2.0, True)]


async def test_a_count_of_what_was_never_there(world: World, call: Call, shelf: Shelf) -> None:
    made = await world.odoo().stock.count(call, adjustment=adjustment(shelf.sku, "5", "0"), warehouse=shelf.warehouse)
    assert made.done
    assert shelf.held() == [(shelf.location, Decimal(5))]


async def test_a_count_that_expected_another_figure_changes_nothing(world: World, call: Call, shelf: Shelf) -> None:
    shelf.put(10)
    made = await world.odoo().stock.count(call, adjustment=adjustment(shelf.sku, "8", "9"), warehouse=shelf.warehouse)
    assert (made.done, made.held) == (False, Decimal(10))
    assert shelf.held() == [(shelf.location, Decimal(10))]


async def test_the_same_count_at_once_is_one(world: World, call: Call, shelf: Shelf) -> None:
    shelf.put(10)
    stock, counted = world.odoo().stock, adjustment(shelf.sku, "8", "10")

    async def count() -> bool | None:
        try:
            return (await stock.count(call, adjustment=counted, warehouse=shelf.warehouse)).done
        except Exception:  # noqa: BLE001 - who lost the race may be told to try again
            return None

    await asyncio.gather(*(count() for _ in range(3)))
    assert (await stock.count(call, adjustment=counted, warehouse=shelf.warehouse)).done
    assert shelf.held() == [(shelf.location, Decimal(8))]


async def test_what_somebody_is_counting_there_is_left_to_them(world: World, call: Call, shelf: Shelf) -> None:
    quant = shelf.put(10)
    context = {"inventory_mode": True, "allowed_company_ids": [1]}
    shelf.far.ask("stock.quant", "write", ids=[quant], vals={"inventory_quantity": 4}, context=context)
    with pytest.raises(Conflict, match="counting"):
        await world.odoo().stock.count(call, adjustment=adjustment(shelf.sku, "8", "10"), warehouse=shelf.warehouse)
    assert shelf.held() == [(shelf.location, Decimal(10))]


async def test_odoo_itself_empties_a_shelf_when_a_count_that_nobody_set_is_applied(shelf: Shelf) -> None:
    """Why a count goes through Odoo's wizard, which applies only what is set."""
    quant = shelf.put(10)
    made = shelf.far.make(
        "stock.inventory.adjustment.name", quant_ids=[[6, 0, [quant]]], inventory_adjustment_name="nothing set"
    )
    shelf.far.ask("stock.inventory.adjustment.name", "action_apply", ids=[made])
    assert shelf.held() == [(shelf.location, Decimal(10))]
    shelf.far.ask("stock.quant", "action_apply_inventory", ids=[quant], context={"allowed_company_ids": [1]})
    assert shelf.held() == []


async def test_goods_move_between_warehouses_once(world: World, call: Call, shelf: Shelf) -> None:
    shelf.put(10)
    moved = StockTransfer(
        id=str(uuid.uuid4()),
        origin="web",
        destination="other",
        lines=(TransferLine(sku=shelf.sku, quantity=Decimal(3)),),
        state="recorded",
        noticed_at=clock.now(),
    )
    places = TransferPlaces(origin=shelf.warehouse, destination=shelf.other)
    stock = world.odoo().stock
    first = await stock.transfer(call, transfer=moved, places=places)
    assert await stock.transfer(call, transfer=moved, places=places) == first
    assert sorted(shelf.held()) == sorted([(shelf.location, Decimal(7)), (shelf.other_location, Decimal(3))])


async def test_what_an_order_got_is_what_was_there(world: World, call: Call, shelf: Shelf) -> None:
    shelf.put(1)
    order = world.order(("S-RED", "1", "20"))
    line = msgspec.structs.replace(order.lines[0], sku=shelf.sku, quantity=Decimal(2))
    odoo = world.odoo()
    held = await odoo.order_book.write(call, msgspec.structs.replace(order, lines=(line,)), world.store)
    await odoo.order_book.confirm(call, held.foreign_id)
    assert dict(await odoo.stock.reserved(call, held.foreign_id)) == {shelf.sku: Decimal(1)}
    assert (await odoo.stock.levels(call, warehouses=(shelf.warehouse,), skus=(shelf.sku,))) == (
        level(shelf, "1", "1"),
    )
