"""The sample retailer: what everybody who uses it may count on."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tests.pure.sandbox.server_world import call, sandbox

from tillway.retail import parse_gtin, parse_sku
from tillway.sandbox import retailer, serve


@pytest.fixture
async def variants() -> list[dict[str, Any]]:
    fields = ["default_code", "barcode", "lst_price", "taxes_id", "categ_id", "product_tmpl_id", "standard_price"]
    found: list[dict[str, Any]] = await call(sandbox(), "product.product/search_read", domain=[], fields=fields)
    return found


def test_there_are_about_two_hundred_variants_of_eighty_products(variants: list[dict[str, Any]]) -> None:
    assert len(variants) == 200
    assert len({each["product_tmpl_id"][0] for each in variants}) == 84


def test_every_gtin_and_sku_is_valid_and_occurs_once(variants: list[dict[str, Any]]) -> None:
    assert [parse_gtin(each["barcode"]) for each in variants] == [each["barcode"] for each in variants]
    assert [parse_sku(each["default_code"]) for each in variants] == [each["default_code"] for each in variants]
    assert len({each["barcode"] for each in variants}) == len({each["default_code"] for each in variants}) == 200


def test_every_product_has_a_price_a_cost_below_it_and_one_tax(variants: list[dict[str, Any]]) -> None:
    assert all(each["lst_price"] > each["standard_price"] > 0 for each in variants)
    included = {each["categ_id"][1].split(" / ")[1] for each in variants if each["taxes_id"] == [retailer.INCLUDED_TAX]}
    assert included == {"Food"}
    assert {tuple(each["taxes_id"]) for each in variants} == {(retailer.STANDARD_TAX,), (retailer.INCLUDED_TAX,)}


async def test_each_shop_has_a_warehouse_a_till_and_stock_under_one_number() -> None:
    server = sandbox()
    warehouses = await call(server, "stock.warehouse/search_read", domain=[], fields=["name", "code"], order="id")
    tills = await call(server, "pos.config/search_read", domain=[], fields=["name", "warehouse_id", "cash_control"])
    assert warehouses == [{"id": shop.id, "name": shop.name, "code": shop.code} for shop in retailer.SHOPS]
    assert tills == [
        {"id": shop.id, "name": f"{shop.name} Till", "warehouse_id": [shop.id, shop.name], "cash_control": True}
        for shop in retailer.SHOPS
    ]
    for shop in retailer.SHOPS:
        there = [["free_qty", ">", 0]]
        context = {"warehouse_id": shop.id}
        assert 170 < await call(server, "product.product/search_count", domain=there, context=context) < 190


async def test_each_till_takes_cash_of_its_own_and_cards() -> None:
    server = sandbox()
    tills = await call(server, "pos.config/search_read", domain=[], fields=["payment_method_ids"])
    assert len(tills) == len(retailer.SHOPS)
    cash: set[int] = set()
    for till in tills:
        found = await call(server, "pos.payment.method/read", ids=till["payment_method_ids"], fields=["type"])
        assert [each["type"] for each in found] == ["cash", "bank"]
        cash.add(found[0]["id"])
    assert len(cash) == len(tills)


@pytest.mark.parametrize(
    ("sku", "pricelist", "quantity", "price"),
    [
        ("TEE-CREW-S", retailer.GENERAL_LIST, 1, 19.95),
        ("TEE-CREW-XL", retailer.GENERAL_LIST, 1, 21.95),
        ("PEN-ROLL", retailer.GENERAL_LIST, 1, 3.555),
        ("CHOC-70", retailer.GENERAL_LIST, 9, 3.49),
        ("CHOC-70", retailer.GENERAL_LIST, 10, 2.9665),
        ("MUG-STON", retailer.GENERAL_LIST, 1, 9.405),
        ("MUG-STON", retailer.GENERAL_LIST, 4, 8.5),
        ("MUG-STON", retailer.GENERAL_LIST, 12, 7.5),
        ("COF-ESPR-1KG", retailer.GENERAL_LIST, 1, 21.6),
        ("TEE-CREW-S", retailer.CLUB_LIST, 1, 15.96),
        ("KNIT-CREW-L-SAND", retailer.CLUB_LIST, 1, 69.0),
        ("COAT-RAIN-S-NAVY", retailer.CLUB_LIST, 1, 113.99),
        ("SHOE-BOOT-42", retailer.CLUB_LIST, 1, 129.0),
        ("SHOE-BOOT-43", retailer.CLUB_LIST, 1, 141.55),
    ],
)
async def test_a_price_list_prices_as_it_is_told(sku: str, pricelist: int, quantity: int, price: float) -> None:
    server = sandbox()
    found = await call(server, "product.product/search", domain=[["default_code", "=", sku]])
    context = {"pricelist": pricelist, "quantity": quantity, "date": "2026-11-23 10:00:00"}
    assert await call(server, "product.product/get_contextual_price", ids=found, context=context) == price


@pytest.mark.parametrize(("day", "price"), [("2026-11-19", 18.9525), ("2026-11-20", 15.96), ("2026-11-28", 18.9525)])
async def test_the_promotion_runs_around_the_day_it_is_told(day: str, price: float) -> None:
    context = {"pricelist": retailer.CLUB_LIST, "date": f"{day} 12:00:00"}
    assert await call(sandbox(), "product.product/get_contextual_price", ids=[1], context=context) == price


def test_two_runs_have_the_same_retailer() -> None:
    one, other = (serve.build(key="key", today=date(2026, 11, 23)).store for _ in range(2))
    unlike = {"create_date", "write_date", "uuid", "access_token"}
    unlike |= {"in_date", "date"}
    assert one.tables.keys() == other.tables.keys()
    assert len(one.tables["product.product"].rows) == 200
    for model, table in one.tables.items():
        rows = [
            {key: value for key, value in row.items() if key not in unlike}
            for row in (*table.rows.values(), *other.tables[model].rows.values())
        ]
        assert rows[: len(table.rows)] == rows[len(table.rows) :]
